"""What goes into the templates of a cloud, and that what does not fit is found and never cut."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from ingest.clock import LockstepClock
from notifiers.bulletin import Act
from notifiers.outcome import Rejected, Sent
from notifiers.template_sms import Limits, Template, TemplateSmsChannel, Terms, check_lengths
from notifiers.template_sms.aliyun import Aliyun
from notifiers.template_sms.huawei import Huawei
from notifiers.template_sms.template import values
from rules.grade import Grade
from rules.realm import Realm
from simulators.gateway import Reply, ScriptedGateway
from tests.notifiers.announced import AT, bulletin, delivery

BEIJING = timezone(timedelta(hours=8))
WORDING = "{grade}预警：{title}，{place}，{time}。{advice}编号{id}"
ROOM = Limits(parameter=35, message=500)


def terms(realm: Realm = Realm.LIVE, language: str = "zh", limits: Limits = ROOM) -> Terms:
    return Terms(realm, language, BEIJING, limits, "青溪应急")


def test_the_parameters_are_those_of_the_bulletin_in_the_order_of_the_wording() -> None:
    chosen = values(Template("T1", WORDING), bulletin(), terms())

    assert list(chosen.items()) == [
        ("grade", "红色"),
        ("title", "河道水位"),
        ("place", "清溪区滨河村"),
        ("time", "6月4日05:10"),
        ("advice", "请立即转移。"),
        ("id", "5f2a9c0e11d4b7a3"),
    ]


def test_the_parameters_are_in_the_language_of_the_channel() -> None:
    chosen = values(Template("T1", "{time} {grade} {place}"), bulletin(), terms(language="en"))

    assert chosen == {"time": "2018-06-04 05:10", "grade": "RED", "place": "Riverside, Qingxi District"}


def test_the_first_parameter_says_that_it_is_a_drill() -> None:
    chosen = values(Template("T1", "{title}：{grade}"), bulletin(), terms(Realm.DRILL))

    assert chosen == {"title": "演练：河道水位", "grade": "红色"}


def test_the_first_parameter_says_it_in_the_language_of_the_channel() -> None:
    chosen = values(Template("T1", "{grade} warning"), bulletin(), terms(Realm.DRILL, "en"))

    assert chosen == {"grade": "EXERCISE RED"}


@pytest.mark.parametrize("act", [Act.CLEAR, Act.CANCEL])
def test_what_has_ended_is_named_by_the_grade_it_had(act: Act) -> None:
    over = bulletin(act=act, grade=None, before=Grade.ORANGE)

    assert values(Template("T1", "{grade}预警解除"), over, terms()) == {"grade": "橙色"}


def test_what_ends_without_a_grade_before_is_named_by_its_own() -> None:
    over = bulletin(act=Act.CANCEL, before=None)

    assert values(Template("T1", "{grade}预警取消"), over, terms()) == {"grade": "红色"}


@pytest.mark.parametrize("realm", Realm)
def test_a_first_parameter_that_is_empty_is_not_hidden_by_the_mark(realm: Realm) -> None:
    template, digest = Template("T1", "{grade}预警"), bulletin(act=Act.DIGEST, grade=None)

    assert check_lengths(template, [digest], terms(realm)) == [
        "template T1: grade of river-stage ('') is empty"
    ]


def test_a_parameter_is_one_line() -> None:
    sly = bulletin(place={"zh": "滨河村\r\n【银行】\x07"})

    assert values(Template("T1", "{place}"), sly, terms()) == {"place": "滨河村 【银行】"}


def place(name: str) -> dict[str, Any]:
    return {"place": {"zh": name}}


@pytest.mark.parametrize(
    ("changes", "limits", "problems"),
    [
        ({}, ROOM, []),
        (place("村" * 35), ROOM, []),
        (
            place("村" * 36),
            ROOM,
            [f"template T1: place of river-stage ({'村' * 36!r}) has 36 characters, and the cloud takes 35"],
        ),
        (place(""), ROOM, ["template T1: place of river-stage ('') is empty"]),
        (
            {"advice": {"en": "Move now."}},
            ROOM,
            ["template T1: advice of river-stage ('') is empty"],
        ),
        (
            {},
            Huawei.limits,
            [
                "template T1: advice of river-stage ('请立即转移。') has 。,"
                " which the cloud refuses in a parameter"
            ],
        ),
        (
            {},
            Limits(35, 56),
            ["template T1: the SMS of river-stage has 57 characters, and the cloud takes 56"],
        ),
        ({}, Limits(35, 57), []),
    ],
    ids=["fits", "just fits", "too long", "empty", "other language", "refused", "whole too long", "just"],
)
def test_what_the_cloud_would_refuse_is_found(
    changes: dict[str, Any], limits: Limits, problems: list[str]
) -> None:
    found = check_lengths(Template("T1", WORDING), [bulletin(**changes)], terms(limits=limits))

    assert found == problems


def test_a_problem_is_said_once_for_each_text_that_causes_it() -> None:
    told = [bulletin(**place(name), grade=grade) for name in ("村" * 36, "镇" * 40) for grade in Grade]

    found = check_lengths(Template("T1", WORDING), told, terms())

    assert len(found) == 2


def test_the_mark_of_a_drill_counts() -> None:
    longest = bulletin(title={"zh": "河" * 35})
    template = Template("T1", "{title}")

    assert check_lengths(template, [longest], terms()) == []
    [problem] = check_lengths(template, [longest], terms(Realm.DRILL))
    assert "has 38 characters" in problem


def test_a_cloud_may_grant_a_parameter_more() -> None:
    template = Template("T1", "{grade}{id}", {"id": 16})

    assert check_lengths(template, [bulletin()], terms(limits=Limits(12, 500))) == []
    assert check_lengths(Template("T1", "{grade}{id}"), [bulletin()], terms(limits=Limits(12, 500)))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Template("T1", "{colour}预警"), "no parameter colour"),
        (lambda: Template("T1", "{grade}", {"colour": 9}), "no parameter colour"),
        (lambda: Template("T1", "{grade}{grade}"), "stands twice"),
        (lambda: Template("T1", "{grade}预警}"), "belongs to no parameter"),
        (lambda: Template("T1", "{grade!r}"), "belongs to no parameter"),
        (lambda: Template("T1", "{}"), "no parameter"),
    ],
)
def test_a_wording_that_names_no_parameter_is_refused(make: Callable[[], Template], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        make()


@pytest.fixture
async def gateway() -> AsyncIterator[ScriptedGateway]:
    started = ScriptedGateway(Reply(200, b'{"Code":"OK","BizId":"9006^0"}'))
    yield started
    await started.stop()


def channel(templates: dict[Act, Template], port: int = 1, realm: Realm = Realm.DRILL) -> TemplateSmsChannel:
    provider = Aliyun("key", "secret", "青溪应急", f"http://127.0.0.1:{port}")
    return TemplateSmsChannel("sms", realm, provider, templates, LockstepClock(AT), zone_of_time=BEIJING)


async def test_each_act_has_its_template_and_each_attempt_another_nonce(gateway: ScriptedGateway) -> None:
    sending = channel({act: Template(f"T-{act}", "{title}") for act in Act}, await gateway.start())
    for act in Act:
        assert await sending.send(delivery(told=bulletin(act=act))) == Sent("9006^0")
    await sending.close()

    asked = [dict(parse_qsl(urlsplit(request.target).query)) for request in gateway.requests]
    assert [said["TemplateCode"] for said in asked] == [f"T-{act}" for act in Act]
    assert len({request.headers["x-acs-signature-nonce"] for request in gateway.requests}) == len(Act)


async def test_what_does_not_fit_is_rejected_whole_and_without_its_text(gateway: ScriptedGateway) -> None:
    sending = channel(dict.fromkeys(Act, Template("T1", "{title}在{place}")), await gateway.start())
    outcome = await sending.send(delivery(told=bulletin(**place("村" * 36))))
    await sending.close()

    assert outcome == Rejected("template T1: place has 36 characters, and the cloud takes 35")
    assert gateway.connections == 0


def test_an_act_without_template_is_refused() -> None:
    with pytest.raises(ValueError, match="no template for cancel, request"):
        channel({act: Template("T1", "{title}") for act in Act if act not in (Act.CANCEL, Act.REQUEST)})


@pytest.mark.parametrize("realm", [realm for realm in Realm if realm is not Realm.LIVE])
def test_fixed_words_first_are_for_what_is_live_alone(realm: Realm) -> None:
    templates = dict.fromkeys(Act, Template("T1", "预警：{title}"))

    channel(templates, realm=Realm.LIVE)
    with pytest.raises(ValueError, match="could not begin with its mark"):
        channel(templates, realm=realm)
