"""No shipped threshold can be moved by 30 %, or by the least there is, unless a test of its rule fails."""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rules.language.printed import printed
from rules.rulebook import Ladder, read_ladders
from rules.trial import try_out
from tests.configs.moved import moved
from tocsin.configuration import Configuration, configure, read_bundle

CONFIGS = Path(__file__).parents[2] / "configs"
FILES = {path.name: path.read_text("utf-8") for path in sorted((CONFIGS / "rules").iterdir())}
SHIPPED: Configuration = configure(read_bundle(CONFIGS / "tocsin.yaml"))
KINDS = SHIPPED.basis.kinds
LADDERS = {ladder.rule.id: ladder for ladder in read_ladders(FILES, KINDS, SHIPPED.basis.registry)[0]}


def survivors(ladder: Ladder) -> Iterator[str]:
    """What can be changed in the rule without that its tests or the check find it."""
    order = [*range(len(ladder.tests))]
    for mutant in moved(ladder, KINDS):
        noticing = next((index for index in order if fails(mutant.ladder, index)), None)
        if noticing is not None:
            # Likely it notices the next change too.
            order.insert(0, order.pop(order.index(noticing)))
        elif not refused(mutant.ladder):
            yield mutant.change


def fails(ladder: Ladder, index: int) -> bool:
    """Whether the rule fails that test; a test that could not be run would prove nothing."""
    [trial] = try_out(replace(ladder, tests=(ladder.tests[index],)), KINDS)
    assert trial.finding is None or trial.finding.code == "E235", trial.finding
    return trial.finding is not None


def refused(ladder: Ladder) -> list[str]:
    """The codes of what the check finds in the rule, written out with its conditions as they are now."""
    written: Any = deepcopy(ladder.document.data)
    entry = written["rules"][ladder.path[1]]
    entry["grades"] = {str(grade): printed(condition) for grade, condition in ladder.rule.grades.items()}
    if ladder.rule.only_if is not None:
        entry["only_if"] = printed(ladder.rule.only_if)
    text = json.dumps({"rules": [entry]}, ensure_ascii=False)
    tables = {name: table for name, table in FILES.items() if name.endswith(".csv")}
    _, findings = read_ladders({"rules.yaml": text, **tables}, KINDS, SHIPPED.basis.registry)
    return [finding.code for finding in findings if finding.file == "rules.yaml"]


@pytest.mark.parametrize("name", LADDERS)
def test_a_rule_s_tests_notice_when_one_of_its_thresholds_is_moved(name: str) -> None:
    assert [*survivors(LADDERS[name])] == []


@pytest.mark.parametrize("name", LADDERS)
def test_the_check_refuses_no_rule_as_it_ships(name: str) -> None:
    assert refused(LADDERS[name]) == []


def changes(name: str) -> list[str]:
    return [mutant.change.removeprefix(f"{name}, ") for mutant in moved(LADDERS[name], KINDS)]


def test_a_number_is_moved_by_30_percent_and_a_count_by_one() -> None:
    assert changes("headcount") == [
        "yellow: headcount - site.quota >= 1 -> headcount - site.quota >= 2",
        "yellow: headcount - site.quota >= 1 -> headcount - site.quota >= 0",
        "orange: headcount - site.quota >= 2 -> headcount - site.quota >= 3",
        "orange: headcount - site.quota >= 2 -> headcount - site.quota >= 1",
        "red: headcount >= 2 * site.quota -> headcount >= 2.6 * site.quota",
        "red: headcount >= 2 * site.quota -> headcount >= 1.4 * site.quota",
        "tests: site.quota up",
        "tests: site.quota down",
    ]


def test_what_stands_inside_a_function_is_moved_too_and_no_duration() -> None:
    assert changes("zone-dark") == [
        "orange: share(age() >= 3 reports) >= 90 % -> share(age() >= 3 reports) >= 117 %",
        "orange: share(age() >= 3 reports) >= 90 % -> share(age() >= 3 reports) >= 63 %",
        "orange: age() >= 3 reports -> age() >= 4 reports",
        "orange: age() >= 3 reports -> age() >= 2 reports",
    ]
    assert changes("stage-stuck") == []


def test_defaults_and_rows_of_a_table_are_moved_each_by_itself() -> None:
    of_places = [change for change in changes("torrent") if "site." in change]
    assert len(of_places) == len({*of_places}) == 2 * 2 * 16
    assert {change.partition(":")[0] for change in of_places} == {"default", "qingxi"}


def test_a_zero_is_moved_by_what_its_metric_knows() -> None:
    up, down = (mutant.ladder for mutant in moved(LADDERS["rainstorm"], KINDS) if "only_if" in mutant.change)
    assert up.rule.only_if is not None
    assert printed(up.rule.only_if) == "sum(rain, 30min) > 0.01 mm"
    # Never false, which no test of a rule could tell from the rule as it ships.
    assert refused(down) == ["E207"]


def test_a_change_that_no_test_notices_is_told() -> None:
    ladder = LADDERS["tank-drop"]
    lacking = replace(ladder, tests=tuple(test for test in ladder.tests if test.name != "less than that"))
    assert [*survivors(lacking)] == [
        "tank-drop, orange: fall(level, 10min) >= 1 % -> fall(level, 10min) >= 0.7 %"
    ]
