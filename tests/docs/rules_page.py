"""docs/rules.md taken apart: its sections, the examples in them, and what the program finds in such text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ingest.finding import Finding
from rules.rulebook import Ladder, read_ladders
from rules.trial import Trial, try_out
from rules.trial.boundaries import lacking
from tocsin.configuration import Configuration, configure, read_bundle
from tocsin.judge import Basis
from tocsin.trials.scenario_file import read_scenarios
from tocsin.trials.scenarios import Ensemble

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# A line behind a fence may start with `#` too, but not with two.
HEADING = re.compile(r"^(##+) (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it, up to the next heading of its level or above."""

    heading: str
    text: str

    @property
    def examples(self) -> list[str]:
        """The rule files it shows."""
        return [body for info, body in FENCE.findall(self.text) if info == "yaml"]

    @property
    def corrections(self) -> list[tuple[str, str]]:
        """The wrong text and the right one of each difference it shows."""
        found = [body.splitlines() for info, body in FENCE.findall(self.text) if info == "diff"]
        return [(_side(lines, "-"), _side(lines, "+")) for lines in found]


def sections() -> Iterator[Section]:
    """Every section of the page."""
    headings = [*HEADING.finditer(PAGE)]
    for index, heading in enumerate(headings):
        behind = (h.start() for h in headings[index + 1 :] if len(h[1]) <= len(heading[1]))
        yield Section(heading[2], PAGE[heading.end() : next(behind, len(PAGE))])


def section(heading: str) -> Section:
    """The section with that heading, or with it among several: `use, with`."""
    return next(each for each in sections() if heading in each.heading.split(", "))


@cache
def shipped() -> Configuration:
    return configure(read_bundle(ROOT / "configs" / "tocsin.yaml"))


def basis() -> Basis:
    """The kinds, sensors and zones that the configuration ships."""
    return shipped().basis


def tables() -> dict[str, str]:
    """The CSV files of the page, by name: each block says it behind the opening marks."""
    return {info.split()[1]: body for info, body in FENCE.findall(PAGE) if info.startswith("csv ")}


def read(text: str) -> tuple[tuple[Ladder, ...], list[Finding]]:
    """The rules of an example that lies beside the tables of the page, and the findings."""
    return read_ladders({**tables(), "rules.yaml": text}, basis().kinds, basis().registry)


def findings(text: str, *, demand_tests: bool = False) -> list[Finding]:
    """All that `tocsin check` and `tocsin test` find in an example."""
    ladders, found = read(text)
    trials = [trial for ladder in ladders for trial in try_out(ladder, basis().kinds)]
    found += [trial.finding for trial in trials if trial.finding]
    return found + [each for ladder in ladders if demand_tests for each in lacking(ladder)]


def scenario_trials(text: str) -> tuple[list[Trial], list[Finding]]:
    """What comes of a test file, with the rules and everything else that ships."""
    directory = ROOT / "configs" / "rules"
    files = {path.name: path.read_text("utf-8") for path in sorted(directory.iterdir())}
    ensemble = Ensemble(basis().kinds, read_ladders(files, basis().kinds, None)[0], shipped())
    scenarios, found = read_scenarios("tests.yaml", text)
    if scenarios is None:
        return [], found
    return ensemble.play(scenarios), [*ensemble.findings(scenarios)]


def _side(lines: list[str], sign: str) -> str:
    return "".join(f"{line[1:]}\n" for line in lines if line[:1] in (" ", sign))
