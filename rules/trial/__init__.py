"""The rules' own tests: each played through the engine, what it expects beside what it gets."""

from collections.abc import Iterator
from dataclasses import dataclass

from ingest.document.composer import Path
from ingest.finding import Finding, words, words_of
from ingest.kinds import Kinds
from rules.rule import Rule
from rules.rulebook import Ladder
from rules.rulebook.selection import selected
from rules.rulebook.trial_file import RuleTest
from rules.rulebook.walk import parameters_used
from rules.trial.claims import Difference, claims_of, difference
from rules.trial.play import play
from rules.trial.scene import Scene, UnplayableError, scene_of


@dataclass(frozen=True, slots=True)
class Trial:
    """One test of a rule; without a `finding` it passed, else E234 (cannot be run) or E235 (failed).

    `account` tells what was expected and what happened, line by line.
    """

    rule: str
    test: str
    finding: Finding | None = None
    account: tuple[str, ...] = ()


def untested(ladder: Ladder) -> Finding:
    """E233 for a rule without a test: nobody has seen what it does."""
    advice = words(
        'write tests: [{{name: ..., given: {{metric: "every 5min: 1 x6"}}, expect: {{"30min": yellow}}}}]'
    )
    return ladder.document.finding(
        ladder.path, "E233", words("rule `{id}` has no test", id=ladder.rule.id), advice
    )


def try_out(ladder: Ladder, kinds: Kinds) -> list[Trial]:
    """Every test of the rule, in the order of the file."""
    return [_trial(ladder, index, kinds) for index in range(len(ladder.tests))]


def _trial(ladder: Ladder, index: int, kinds: Kinds) -> Trial:
    test = ladder.tests[index]
    path: Path = (*ladder.path, "tests", index)
    try:
        found, account = _differences(ladder, test, kinds)
    except UnplayableError as error:
        finding = ladder.document.finding((*path, *error.path), "E234", words_of(error), error.suggestion)
        return Trial(ladder.rule.id, test.name, finding)
    if not found:
        return Trial(ladder.rule.id, test.name)
    first = found[0]
    finding = ladder.document.finding(
        (*path, *first.path), "E235", words("`{test}`: {message}", test=test.name, message=first.message)
    )
    return Trial(ladder.rule.id, test.name, finding, account)


def _differences(ladder: Ladder, test: RuleTest, kinds: Kinds) -> tuple[list[Difference], tuple[str, ...]]:
    scene = scene_of(ladder, test, kinds)
    claims = [*claims_of(ladder, test, scene)]
    end = scene.start + max(time for claim in claims for time in claim.expected)
    transitions = play(scene, ladder.rules, kinds, end)
    found = [each for claim in claims if (each := difference(claim, scene, transitions))]
    account = [line for each in found for line in each.account]
    return found, (*account, *_lacking(ladder.rule, scene))


def _lacking(rule: Rule, scene: Scene) -> Iterator[str]:
    """Site parameters that a sensor of the scene does not have: grades that ask for them stay off."""
    used = sorted(parameters_used(rule))
    for sensor in selected(rule, scene.registry):
        site = rule.parameters.of(sensor, scene.registry)
        for name in used:
            if name not in site:
                yield words(
                    "{id} has no site.{name}; write site: {{{name}: ...}} in the test",
                    id=sensor.id,
                    name=name,
                )
