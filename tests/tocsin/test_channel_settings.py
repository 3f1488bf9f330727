"""The ways out: kinds, realms, secrets that stand in no bundle, and what is put in their place in a demo."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.clock import MINUTE, SystemClock
from notifiers.routes import Reach
from rules.realm import Realm
from tests.tocsin.test_settings import SHORTEST
from tests.tocsin.village import bundle
from tocsin.channel_settings import Apprise, Cap, Channel, Kannel, Loudspeaker, TemplateSms, Webhook
from tocsin.channels import Surroundings, channels_of
from tocsin.configuration import configure
from tocsin.settings import Settings, read_settings
from tocsin.wiring import verify

ACTS = ("alert", "update", "clear", "cancel", "digest", "request")
TEMPLATES = ", ".join(f"{act}: {{id: SMS_1, wording: '{{grade}}'}}" for act in ACTS)
WRITTEN = {
    "sms": 'via: apprise, realm: live, reach: phone, url: "json://127.0.0.1:9/?:to={recipient}"',
    "mail": "via: apprise, realm: live, reach: email, url_env: TOCSIN_TEST_MAIL",
    "kannel": (
        'via: kannel, realm: live, url: "http://127.0.0.1:13013/cgi-bin/sendsms", username: tocsin,'
        " password_file: /p, token_env: TOKEN"
    ),
    "cloud": (
        "via: template, realm: live, provider: aliyun, signature: 应急, key_file: /k, secret_file: /s,"
        f" templates: {{{TEMPLATES}}}"
    ),
    "horns": "via: loudspeaker, realm: live, key_file: /k",
    "webhook": 'via: webhook, realm: live, url: "https://dispatch.example/", secret_env: SECRET',
    "cap": (
        'via: cap, realm: live, directory: /srv/cap, url: "https://warnings.example/cap/",'
        ' largest_area: 5000, sender: warnings.example, name: {zh: 应急局}, office: "36119941500000"'
    ),
}
KINDS = {
    "sms": Apprise,
    "mail": Apprise,
    "kannel": Kannel,
    "cloud": TemplateSms,
    "horns": Loudspeaker,
    "webhook": Webhook,
    "cap": Cap,
}


def settings(channels: Mapping[str, str], realm: str = "live") -> Settings:
    read, found = read_settings("tocsin.yaml", text_of(channels, realm))
    assert found == []
    assert read is not None
    return read


def text_of(channels: Mapping[str, str], realm: str = "live") -> str:
    lines = "".join(f"  {name}: {{{written}}}\n" for name, written in channels.items())
    return SHORTEST.replace("realm: live", f"realm: {realm}").replace("channels: {}\n", f"channels:\n{lines}")


def refused(name: str, old: str, new: str) -> str:
    """The one finding of a channel in which `old` has become `new`."""
    assert old in WRITTEN[name]
    read, found = read_settings("tocsin.yaml", text_of({name: WRITTEN[name].replace(old, new)}))
    assert read is None
    [finding] = found
    assert finding.line == 10
    return f"{finding.code} {finding.message}; {finding.suggestion}"


def channel(name: str) -> Channel:
    return settings({name: WRITTEN[name]}).channels[name]


def test_each_kind_is_told_by_via_and_says_whom_it_reaches() -> None:
    read = settings(WRITTEN)

    assert {name: type(of) for name, of in read.channels.items()} == KINDS
    assert read.reach == {
        "sms": Reach.PHONE,
        "mail": Reach.EMAIL,
        "kannel": Reach.PHONE,
        "cloud": Reach.PHONE,
        "horns": Reach.HORN,
        "webhook": Reach.PUBLIC,
        "cap": Reach.PUBLIC,
    }


def test_what_is_left_out_has_a_default() -> None:
    horns = channel("horns")
    assert isinstance(horns, Loudspeaker)
    assert (horns.receipt_within, horns.repeat, horns.silent_after) == (MINUTE, 3, MINUTE)
    kannel = channel("kannel")
    assert isinstance(kannel, Kannel)
    assert (kannel.callbacks_at, kannel.country, kannel.rate) == (None, "86", 10)


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("sms", "via: apprise, ", "", "E111 channels.sms.via is missing; one of apprise, "),
        ("sms", "apprise", "aprise", "E112 channels.sms.via: no via aprise; did you mean apprise?"),
        ("sms", "realm: live, ", "", "E111 channels.sms.realm is missing"),
        ("sms", "reach: phone", "reach: pigeon", "E112 channels.sms.reach"),
        ("sms", "reach: phone", "reach: horn", "E112 channels.sms: Apprise reaches phone, email or public"),
        ("sms", "url:", "ulr:", "E110"),
        ("sms", "{recipient}", "nobody", "{recipient} is missing"),
        ("sms", "json://", "json://user:hidden@", "write it into a file, and url_file"),
        ("sms", "url:", "url_env: X, url:", "give one of url, url_file, url_env"),
        ("mail", ", url_env: TOCSIN_TEST_MAIL", "", "give one of url, url_file, url_env"),
        ("mail", "TOCSIN_TEST_MAIL", '"$(rm)"', "E112 channels.mail.url_env"),
        ("kannel", "password_file: /p, ", "", "give one of password_file, password_env"),
        ("kannel", "password_file: /p", "password_file: /p, password_env: P", "give one of password_file"),
        ("kannel", "token_env: TOKEN", "token: abc, token_env: TOKEN", "E110"),
        ("kannel", '"http:', '"ftp:', "E112 channels.kannel.url"),
        ("cloud", "aliyun", "tencent", "tencent needs app_id"),
        ("cloud", "provider: aliyun", "provider: aliyun, app_id: '1'", "aliyun knows no app_id"),
        ("cloud", "provider: aliyun", "provider: aliyun, region: x", "aliyun knows no region"),
        ("cloud", "provider: aliyun", "provider: huawei, sender: '8', region: x", "huawei knows no region"),
        ("cloud", "provider: aliyun", "provider: huawei", "huawei needs sender"),
        ("cloud", ", request: {id: SMS_1, wording: '{grade}'}", "", "there is no template for request"),
        ("cloud", "'{grade}'}", "'{colour}'}", "there is no parameter colour"),
        ("cloud", "'{grade}'}", "'{grade}{grade}'}", "a parameter stands twice"),
        ("horns", ", key_file: /k", "", "give one of key_file, key_env"),
        ("horns", "key_file: /k", "key_file: /k, silent_after: 30s", "longer than poll_every"),
        ("horns", "key_file: /k", "key_file: /k, repeat: 0", "E112 channels.horns.repeat"),
        ("webhook", "secret_env", "secret", "E110"),
        ("kannel", "sendsms", "sendsms?x=1", "E112 channels.kannel.url"),
        ("webhook", "https://", "http://", "https address, or http on loopback"),
        ("webhook", "https://", "https://user@", "https address, or http on loopback"),
        ("cap", '"36119941500000"', '"3611"', "E112 channels.cap.office"),
        ("cap", "cap/", "cap", "E112 channels.cap.url"),
    ],
)
def test_a_mistake_is_found_in_its_line_with_the_way_out(name: str, old: str, new: str, said: str) -> None:
    if "E110" in said:
        read, found = read_settings("tocsin.yaml", text_of({name: WRITTEN[name].replace(old, new)}))
        assert read is None
        assert "E110" in {finding.code for finding in found}
        return
    assert said in refused(name, old, new)
    assert "hidden" not in refused(name, old, new)


def test_a_name_that_could_stand_in_no_address_is_found() -> None:
    _, [finding] = read_settings("tocsin.yaml", text_of({"a/b": WRITTEN["sms"]}))

    assert finding.code == "E112"


def test_the_feed_of_a_drill_needs_the_exercise() -> None:
    drill = WRITTEN["cap"].replace("realm: live", "realm: drill")

    _, [finding] = read_settings("tocsin.yaml", text_of({"cap": drill}, "drill"))
    named = settings({"cap": f"{drill}, exercise: autumn-2026"}, "drill")

    assert "the id of the exercise" in finding.message
    assert isinstance(named.channels["cap"], Cap)


def test_a_secret_is_read_from_its_file_and_never_shown(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("geheim\n")
    read = settings({"kannel": WRITTEN["kannel"].replace("/p", str(path))})
    kannel = read.channels["kannel"]

    password = kannel.secret("password", "kannel")

    assert password.get_secret_value() == "geheim"
    assert "geheim" not in repr(password) + repr(read)


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read"), (b" \n", "is empty"), (b"\xff", "UTF-8")]
)
def test_a_secret_that_cannot_be_read_names_file_and_setting(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "password"
    if content is not None:
        path.write_bytes(content)
    kannel = settings({"kannel": WRITTEN["kannel"].replace("/p", str(path))}).channels["kannel"]

    with pytest.raises(OSError, match=f"channels.kannel.password_file.*{said}") as error:
        kannel.verify("kannel")
    assert str(path) in str(error.value)


def test_a_variable_that_is_not_there_is_named_with_its_setting() -> None:
    with pytest.raises(OSError, match=r"channels.mail.url_env: the environment has no TOCSIN_TEST_MAIL"):
        channel("mail").verify("mail")


def test_a_url_in_a_file_is_tried_before_it_is_applied(tmp_path: Path) -> None:
    path = tmp_path / "url"
    written = f"via: apprise, realm: live, reach: phone, url_file: {path}"
    sms = settings({"sms": written}).channels["sms"]

    path.write_text("json://user:geheim@127.0.0.1/?:to=nobody\n")
    with pytest.raises(ValueError, match="recipient") as error:
        sms.verify("sms")
    path.write_text("json://user:geheim@127.0.0.1/?:to={recipient}\n")
    sms.verify("sms")

    assert "geheim" not in str(error.value)


@pytest.mark.parametrize("written", ["0f" * 31, "g" * 64, "short"])
def test_what_is_no_key_is_refused_without_being_shown(tmp_path: Path, written: str) -> None:
    path = tmp_path / "key"
    horns = settings({"horns": WRITTEN["horns"].replace("/k", str(path))}).channels["horns"]
    assert isinstance(horns, Loudspeaker)

    path.write_text("0F" * 32 + "\n")
    key = horns.key("horns")
    path.write_text(written)
    with pytest.raises(ValueError, match=r"channels.horns: the key is not 64 hex") as error:
        horns.verify("horns")

    assert key == b"\x0f" * 32
    assert written not in str(error.value)


@pytest.mark.parametrize(
    ("name", "says"),
    [("webhook", "whsec_"), ("kannel", "16 characters or more"), ("cloud", "a space, a line break")],
)
def test_a_secret_of_another_form_is_found_before_the_bundle_is_applied(
    name: str, says: str, tmp_path: Path
) -> None:
    """A reload would leave a configuration that no start can use."""
    (tmp_path / "secret").write_text("canary secret\n")
    paths = {f"{of}_file": tmp_path / "secret" for of in KINDS[name].secrets}
    lacking = {f"{of}_env": None for of in KINDS[name].secrets}
    written = channel(name).model_copy(update={**lacking, **paths})

    with pytest.raises(ValueError, match=says) as error:
        written.verify(name)
    assert "canary" not in str(error.value)


def test_a_configuration_that_lacks_a_secret_is_not_verified(tmp_path: Path) -> None:
    configuration = configure(bundle())
    lacking = configuration.settings.model_copy(update={"channels": {"horns": channel("horns")}})

    verify(configuration, tmp_path)
    with pytest.raises(OSError, match=r"channels.horns.key_file"):
        verify(replace(configuration, settings=lacking), tmp_path)


def test_a_channel_has_the_name_that_the_settings_give_it(tmp_path: Path) -> None:
    configuration = configure(bundle())
    key = tmp_path / "horns.key"
    key.write_text("0f" * 32)
    two = {"one": channel("sms"), "horns": channel("horns").model_copy(update={"key_file": key})}
    named = replace(configuration, settings=configuration.settings.model_copy(update={"channels": two}))

    around = Surroundings(
        named.settings,
        named.basis.registry,
        tmp_path,
        SystemClock(),
        lambda receipt: None,
        lambda reply: None,
    )
    made = channels_of(around)

    assert [(of.name, of.realm) for of in made] == [("one", Realm.LIVE), ("horns", Realm.LIVE)]
