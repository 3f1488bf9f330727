"""A test file: what happens to several rules at once, and who is told of it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, model_validator

from ingest.document import Document, Strict, parse_yaml, validate
from ingest.document.composer import Path
from ingest.document.source_text import did_you_mean
from ingest.duration import Duration
from ingest.finding import Finding, words
from notifiers.bulletin import Act
from notifiers.contacts_file import OneOrMore, at_least_one
from rules.language.vocabulary import TIME_ZONE
from rules.rulebook.phrases import UnreadableError
from rules.rulebook.rule_file import GradeName
from rules.rulebook.silence import SUFFIX
from rules.rulebook.trial_file import Expect, SceneEntry, nothing_asserted

_ADVICE = words('write expect: {{rule: {{"3h": orange}}}}, or deliveries: {{"3h": []}} for nobody')
_TESTS = re.compile(r"^(\{\s*)?[\"']?tests[\"']?\s*:", re.MULTILINE)
_Names = Annotated[tuple[str, ...], AfterValidator(at_least_one), OneOrMore]


def _time_zone(name: str) -> str:
    if name not in available_timezones():
        advice = did_you_mean(name, available_timezones()) or words("write it as in {zone}", zone=TIME_ZONE)
        raise UnreadableError("E226", words("unknown time zone `{name}`", name=name), advice)
    return name


class DeliveryEntry(Strict):
    """One message to each of `to` over each of `channels`; of a zone and a grade.

    Without `grade` it has none: an all-clear, or a cancel. Without `zone` it may be of any.
    """

    to: _Names
    channels: _Names
    act: Act
    grade: GradeName | None = None
    zone: str | None = None


class Scenario(SceneEntry):
    """One test. `rules` are those that play, all if none is named; `expect` has what is expected of each.

    `deliveries` has all that is told after the time before it (or the start) and up to its own, in ms.
    """

    registry: Literal["configured"] | None = None
    rules: tuple[str, ...] = ()
    expect: dict[str, Expect] = Field(default_factory=dict)
    deliveries: dict[Duration, tuple[DeliveryEntry, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _asserts(self) -> Self:
        if not self.expect and not self.deliveries:
            raise nothing_asserted(_ADVICE)
        return self

    @property
    def is_configured(self) -> bool:
        """Whether its sensors and zones are those of the configuration."""
        return self.registry is not None


class ScenarioFile(Strict):
    """The whole file; `time_zone` is what the local times in it mean."""

    time_zone: Annotated[str, AfterValidator(_time_zone)] = TIME_ZONE
    tests: Annotated[tuple[Scenario, ...], AfterValidator(at_least_one)]


@dataclass(frozen=True, slots=True)
class Scenarios:
    """A test file that could be read."""

    document: Document
    time_zone: str
    tests: tuple[Scenario, ...]

    def placed(self) -> Iterator[tuple[Path, Scenario]]:
        """Each test with its place in the document."""
        for index, test in enumerate(self.tests):
            yield ("tests", index), test


def is_test_file(text: str) -> bool:
    """Whether it holds tests of its own, and no rules; what cannot be read at all is no test file."""
    # Reading YAML takes its time, and most files hold rules.
    if not _TESTS.search(text):
        return False
    document, _ = parse_yaml("", text)
    keys = document.data.keys() if document is not None and isinstance(document.data, dict) else set[str]()
    return "tests" in keys and not {"rules", "templates"} & keys


def read_scenarios(name: str, text: str) -> tuple[Scenarios | None, list[Finding]]:
    """The tests of a file, or None and all that is wrong. Findings: E101 to E112, E150, E226, E234, E237."""
    document, findings = parse_yaml(name, text)
    if document is None:
        return None, findings
    file, invalid = validate(document, ScenarioFile)
    findings += invalid
    if file is not None:
        findings += [found for each in enumerate(file.tests) for found in _misfits(document, *each)]
    if file is None or findings:
        return None, findings
    return Scenarios(document, file.time_zone, file.tests), []


def strangers(scenarios: Scenarios, rules: Iterable[str]) -> Iterator[Finding]:
    """E234 for each name that is no rule's."""
    known = [*rules]
    for path, test in scenarios.placed():
        played = [*test.rules, *(name + SUFFIX for name in test.rules)]
        # Where a name is wrong already, what else is expected may be right.
        among = played if played and set(test.rules) <= {*known} else known
        named = [((*path, "rules", index), name, known) for index, name in enumerate(test.rules)]
        named += [((*path, "expect", name), name, among) for name in test.expect]
        for place, name, names in named:
            if name not in names:
                message = words("`{name}` is no rule of the test", name=name)
                yield scenarios.document.finding(place, "E234", message, did_you_mean(name, names))


def _misfits(document: Document, index: int, test: Scenario) -> Iterator[Finding]:
    """Keys that do not go together."""
    path: Path = ("tests", index)
    if test.deliveries and not test.is_configured:
        message = words("who is told follows from the zones of the configuration")
        yield document.finding((*path, "deliveries"), "E234", message, words("write registry: configured"))
    for key in ("zones", "sensors", "site") if test.is_configured else ():
        if getattr(test, key):
            message = words("{key} has no part in a test of the configured sensors", key=key)
            advice = words("leave out registry: configured, or {key}", key=key)
            yield document.finding((*path, key), "E234", message, advice)
