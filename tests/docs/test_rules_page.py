"""docs/rules.md against the language: everything has its heading, and every example does as it says."""

import re
import unicodedata
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from ingest.finding_codes import CODES as FILE_CODES
from rules.finding_codes import CODES
from rules.language.functions import FUNCTIONS, KEYWORDS
from rules.rulebook.rule_file import (
    ConfirmEntry,
    MissingEntry,
    ReleaseEntry,
    RuleEntry,
    RuleFile,
    SourceEntry,
    TemplateEntry,
)
from rules.rulebook.trial_file import RuleTest, SensorEntry
from rules.trial import Trial, try_out
from tests.docs.rules_page import (
    PAGE,
    ROOT,
    Section,
    basis,
    findings,
    read,
    scenario_trials,
    section,
    sections,
)
from tocsin.trials.scenario_file import DeliveryEntry, Scenario, ScenarioFile

SECTIONS = [*sections()]
HEADINGS = [heading for each in SECTIONS for heading in each.heading.split(", ")]
EXAMPLES = [*dict.fromkeys(example for each in SECTIONS for example in each.examples)]
CODE = re.compile(r"(E\d{3}) (.+)")
# What stands below a key, by the section that tells of it.
NESTED: dict[str, type[BaseModel]] = {
    "release": ReleaseEntry,
    "missing": MissingEntry,
    "confirm": ConfirmEntry,
    "source": SourceEntry,
    "templates": TemplateEntry,
    "Keys of a test": RuleTest,
    "Sensors of a test": SensorEntry,
    "Keys of a test file": ScenarioFile,
    "Deliveries": DeliveryEntry,
}
# The quality checks come before the engine: a test, which feeds the engine, cannot make a reading fail them.
UNTESTED = {"flagged"}
# Only where they are asked for: most examples have no test.
DEMANDED = {"E233", "E238"}


def keys(model: type[BaseModel]) -> set[str]:
    """As they are written in the file."""
    return {field.alias or name for name, field in model.model_fields.items()}


def of_codes() -> Iterator[tuple[str, str, Section]]:
    for each in SECTIONS:
        if match := CODE.fullmatch(each.heading):
            yield match[1], match[2], each


FOUND = [(code, each) for code, _, each in of_codes()]


def test_every_function_has_its_heading():
    assert set(FUNCTIONS) - set(HEADINGS) == set()


def test_every_key_of_a_rule_file_has_its_heading():
    assert (keys(RuleFile) | keys(RuleEntry) | {"use", "with"}) - set(HEADINGS) == set()


@pytest.mark.parametrize("heading", NESTED)
def test_every_key_below_has_its_row(heading: str):
    rows = set(re.findall(r"^\| `(\w+)` \|", section(heading).text, re.MULTILINE))

    assert rows == keys(NESTED[heading])


def test_every_finding_code_has_its_heading_with_its_meaning():
    assert {code: meaning for code, meaning, _ in of_codes()} == CODES


def test_every_code_of_other_files_stands_in_the_table_with_its_meaning():
    rows = re.findall(r"^\| (E1\d\d) \| (.+) \|$", PAGE, re.MULTILINE)

    assert dict(rows) == FILE_CODES


def test_no_heading_stands_twice():
    assert len(HEADINGS) == len(set(HEADINGS))


def test_the_contents_list_every_chapter():
    chapters = set(re.findall(r"^## (.+)$", PAGE, re.MULTILINE))

    assert chapters - set(re.findall(r"^- \[([^]]+)\]", PAGE, re.MULTILINE)) == set()


@pytest.mark.parametrize("function", sorted(set(FUNCTIONS) - UNTESTED))
def test_every_function_is_shown_in_an_example_that_is_tested(function: str):
    shown = [text for text in section(function).examples if f"{function}(" in text]

    assert any(ladder.tests for text in shown for ladder in read(text)[0])


def test_every_keyword_is_shown_in_an_example():
    shown = unicodedata.normalize("NFKC", "\n".join(EXAMPLES))

    assert {word for word in KEYWORDS if f"{word}=" not in shown} == set()


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_is_read_and_its_tests_pass(example: str):
    ladders, _ = read(example)

    assert findings(example) == []
    assert ladders


def test_every_key_is_used_in_an_example():
    used = {word for example in EXAMPLES for word in re.findall(r"\b(\w+):", example)}

    assert keys(RuleFile) | keys(RuleEntry) | {"use", "with"} <= used


@pytest.mark.parametrize(("code", "of_code"), FOUND, ids=[code for code, _ in FOUND])
def test_every_finding_is_made_by_its_wrong_example_and_not_by_the_correction(code: str, of_code: Section):
    assert of_code.corrections
    for wrong, right in of_code.corrections:
        assert {finding.code for finding in findings(wrong, demand_tests=code in DEMANDED)} == {code}
        assert findings(right, demand_tests=code in DEMANDED) == []


def test_a_failed_test_is_shown_like_this():
    """What `tocsin test` prints of the wrong example of E235."""
    [(wrong, _)] = section("E235 " + CODES["E235"]).corrections
    [ladder], _ = read(wrong)
    [trial] = try_out(ladder, basis().kinds)
    [shown] = re.findall(r"^```text failed\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

    assert shown.splitlines() == printed(trial)


def printed(trial: Trial) -> list[str]:
    """As `tocsin test` shows a failed test below its table."""
    return [*str(trial.finding).splitlines(), *(f"    {line}" for line in trial.account)]


[TEST_FILE] = re.findall(r"^```yaml tests\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_test_file_is_read_and_its_tests_pass():
    trials, found = scenario_trials(TEST_FILE)

    assert found == []
    assert [(trial.test, trial.finding) for trial in trials if trial.finding] == []
    assert len(trials) == 2


def test_every_key_of_a_test_file_is_used_in_it_or_in_one_that_ships():
    shipped = [path.read_text("utf-8") for path in (ROOT / "configs" / "tests").iterdir()]
    used = set(re.findall(r"\b(\w+):", "\n".join([TEST_FILE, *shipped])))

    assert keys(Scenario) | keys(DeliveryEntry) <= used | {"site"}


def test_a_failed_delivery_is_shown_like_this():
    trials, _ = scenario_trials(
        TEST_FILE.replace("[duty, fire], channels: sms", "[duty, sun-river], channels: sms")
    )
    [shown] = re.findall(r"^```text failed deliveries\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

    assert shown.splitlines() == printed(trials[1])
