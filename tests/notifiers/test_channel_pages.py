"""The pages of the channels against the code: what they show can be used, and what they state is so."""

import re
from datetime import timedelta, timezone
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from notifiers.apprise import AppriseChannel
from notifiers.bulletin import Act
from notifiers.template_sms import Limits, Template, Terms
from notifiers.template_sms.aliyun import Aliyun
from notifiers.template_sms.huawei import Huawei
from notifiers.template_sms.template import PARAMETERS, values
from notifiers.template_sms.tencent import Tencent
from rules.realm import Realm
from tests.notifiers.announced import bulletin

PAGES = Path(__file__).parents[2] / "docs" / "channels"
SMS = (PAGES / "sms.md").read_text(encoding="utf-8")
CHAT = (PAGES / "chat.md").read_text(encoding="utf-8")
ADDRESSES = re.findall(r"^\| [^|]*\| `\w+` \| `(\w+://[^`]*)` \|$", CHAT, re.MULTILINE)


def shown() -> dict[str, Template]:
    """The templates of the page, by act."""
    blocks = re.findall(r"^```yaml\n(.*?)^```$", SMS, re.MULTILINE | re.DOTALL)
    [block] = [block for block in blocks if not block.startswith("channels:")]
    return {act: Template(**said) for act, said in YAML(typ="safe").load(block).items()}


def row(first: str) -> list[str]:
    """The cells of the row that begins with `first`, in the last table that has one."""
    *_, found = re.findall(rf"^\| {re.escape(first)} \| (.*) \|$", SMS, re.MULTILINE)
    return found.split(" | ")


def test_the_template_of_the_page_is_one_of_an_act() -> None:
    [(act, template)] = shown().items()

    assert Act(act)
    assert template.parameters == PARAMETERS


def test_the_acts_of_the_page_are_all_there_are() -> None:
    [listed] = re.findall(r"Each act has a template: (.*)\.", SMS)

    assert re.findall(r"`(\w+)`", listed) == [str(act) for act in Act]


def test_the_parameters_of_the_page_are_as_they_come() -> None:
    beijing = timezone(timedelta(hours=8))
    terms = Terms(Realm.LIVE, "zh", beijing, Limits(35, 500), "青溪应急")
    found = values(shown()["alert"], bulletin(), terms)

    assert {name: row(f"`{{{name}}}`")[1] for name in PARAMETERS} == found


def test_the_limits_of_the_page_are_those_of_the_clouds() -> None:
    clouds = (Aliyun.limits, Tencent.limits, Huawei.limits)

    assert [int(re.split(r"\D", cell)[0]) for cell in row("characters of a parameter")] == [
        limits.parameter for limits in clouds
    ]
    assert row("characters of an SMS") == [str(limits.message) for limits in clouds]
    [refused] = re.findall(r"none of `(.*?)`", SMS)
    assert set(refused.split()) == Huawei.limits.refused


def test_the_endpoints_of_the_page_are_those_that_are_asked() -> None:
    aliyun, tencent, _ = row("`endpoint`")

    assert aliyun == f"`{Aliyun('k', 's', 'x').endpoint}`"
    assert tencent.startswith(f"`{Tencent('k', 's', '1', 'x').endpoint}`")


@pytest.mark.parametrize("url", ADDRESSES)
def test_the_urls_of_the_page_are_ones_that_apprise_can_use(url: str) -> None:
    AppriseChannel("chat", Realm.DRILL, url, room="{recipient}" not in url, titled=True).close()


def test_there_are_urls_on_the_page() -> None:
    assert len(ADDRESSES) == 4
