"""What the tests leave out: what `tocsin check` warns of."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ingest.finding import Finding
from rules.rulebook import read_ladders
from rules.trial.boundaries import Asserted, lacking
from tocsin.configuration import Configuration, read_text
from tocsin.trials.scenario_file import Scenarios, is_test_file, read_scenarios


def omissions(configuration: Configuration, texts: Mapping[str, str], tests: Path) -> Iterator[Finding]:
    """E233 and E238 of the rules among the `texts` of a bundle.

    What the test files in the directory `tests` expect counts; what is wrong with one is told when it is run.
    """
    prefix = configuration.settings.rules_prefix
    files = {name: text for name, text in texts.items() if name.startswith(prefix)}
    ladders, _ = read_ladders(files, configuration.basis.kinds, None)
    elsewhere = asserted(_readable(tests))
    for ladder in ladders:
        yield from lacking(ladder, elsewhere.get(ladder.rule.id, ()))


def asserted(scenarios: Iterable[Scenarios]) -> dict[str, list[Asserted]]:
    """What test files expect of each rule, by its id."""
    found: dict[str, list[Asserted]] = defaultdict(list)
    for each in scenarios:
        for test in each.tests:
            for rule, expect in test.expect.items():
                found[rule].append((test, expect))
    return found


def _readable(directory: Path) -> Iterator[Scenarios]:
    for path in sorted(directory.rglob("*.yaml")):
        if is_test_file(text := read_text(path, [])):
            scenarios, _ = read_scenarios(str(path), text)
            if scenarios is not None:
                yield scenarios
