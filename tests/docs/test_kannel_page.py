"""docs/channels/kannel.md shows the configuration that the simulator, and with it the system test, starts."""

import re
from pathlib import Path

from notifiers.kannel.answers import outcome_of
from notifiers.outcome import Rejected, Retry, Sent
from simulators.kannel import CONF, PASSWORD, TOKEN, USERNAME

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "channels" / "kannel.md").read_text(encoding="utf-8")
OUTCOMES = {"accepted": Sent, "failed": Rejected, "tried again": Retry}


def test_the_configuration_of_the_page_is_that_of_the_simulator() -> None:
    [shown, carrier] = re.findall(r"^```ini\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

    assert shown == CONF
    assert f"username = {USERNAME}\npassword = {PASSWORD}\n" in shown
    assert f"token={TOKEN}&" in shown
    assert carrier.startswith("group = smsc\nsmsc = smpp\nsmsc-id = carrier\n")


def test_the_answers_of_the_page_have_the_outcomes_it_says() -> None:
    tried = 0
    for codes, result in re.findall(r"^\| (\d{3}.*?) \| (\w[\w ]*)", PAGE, re.MULTILINE):
        for status, words in re.findall(r"(\d{3})(?: `(.*?)`)?", codes):
            tried += 1
            assert isinstance(outcome_of(int(status), {}, words.encode(), "k", 0), OUTCOMES[result]), codes

    assert tried == 10
