"""Tests of rules: each played through the engine, what it expects beside what it gets."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ingest.document import Document
from ingest.document.composer import Path
from ingest.finding import Finding, words, words_of
from ingest.kinds import Kinds
from ingest.registry import Registry
from rules.rulebook import Ladder
from rules.rulebook.selection import selected
from rules.rulebook.silence import SUFFIX
from rules.rulebook.trial_file import SceneEntry
from rules.rulebook.walk import parameters_used
from rules.transition import Transition
from rules.trial.cast import Cast, UnplayableError
from rules.trial.claims import Claim, Difference, Wanted, claims_of, differences
from rules.trial.play import play
from rules.trial.scene import Scene, first_report, scene_of
from rules.trial.written import written_at


@dataclass(frozen=True, slots=True)
class Trial:
    """One test; without a `finding` it passed, else E234 (cannot be run), E235 (failed) or E237 (asserts
    nothing).

    `account` tells what was expected and what happened, line by line.
    """

    rule: str
    test: str
    finding: Finding | None = None
    account: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a scene up to `end` (ms since the epoch)."""

    scene: Scene
    transitions: list[Transition]
    end: int


def _nothing(_: Played) -> list[Difference]:
    return []


@dataclass(frozen=True, slots=True)
class Script:
    """A test as it is played, from `path` of its document.

    `further` looks at what else the test expects, of what follows from the transitions; `times` are those
    (ms after the start) at which it does, each with whether anything is to have followed.
    """

    rule: str
    document: Document
    path: Path
    test: SceneEntry
    cast: Cast
    wanted: tuple[Wanted, ...]
    further: Callable[[Played], list[Difference]] = _nothing
    times: Mapping[int, bool] = field(default_factory=dict)


def try_out(ladder: Ladder, kinds: Kinds) -> list[Trial]:
    """Every test of the rule, in the order of the file."""
    return [perform(_script(ladder, index), kinds) for index in range(len(ladder.tests))]


def _script(ladder: Ladder, index: int) -> Script:
    rule, test = ladder.rule.id, ladder.tests[index]
    keys = (("expect", rule, test.expect), ("expect_missing", f"{rule}{SUFFIX}", test.expect_missing))
    wanted = tuple(Wanted((key,), of, expect) for key, of, expect in keys if expect is not None)
    path: Path = (*ladder.path, "tests", index)
    return Script(rule, ladder.document, path, test, Cast.of(ladder), wanted)


def perform(script: Script, kinds: Kinds, registry: Registry | None = None) -> Trial:
    """Play it, with the sensors of the registry if there is one, and hold it against what it expects."""
    document, path, name = script.document, script.path, script.test.name
    try:
        scene = scene_of(script.cast, script.test, kinds, registry)
        claims = [*claims_of(script.wanted, script.cast.rules, scene.registry)]
        if _is_empty(script, claims):
            return Trial(script.rule, name, _empty(script))
        end = scene.start + max([*script.times, *(time for claim in claims for time in claim.expected)])
        played = Played(scene, play(scene, script.cast.rules, kinds, end), end)
        found = [*differences(claims, played.transitions, scene.start, end), *script.further(played)]
    except UnplayableError as error:
        finding = document.finding((*path, *error.path), "E234", words_of(error), error.suggestion)
        return Trial(script.rule, name, finding)
    if not found:
        return Trial(script.rule, name)
    place = written_at(document, (*path, *found[0].path), found[0].time)
    message = words("`{test}`: {message}", test=name, message=found[0].message)
    finding = document.finding(place, "E235", message)
    account = [line for each in found for line in each.account]
    return Trial(script.rule, name, finding, (*account, *([] if registry else _lacking(claims, scene))))


def _is_empty(script: Script, claims: list[Claim]) -> bool:
    """Whether it can only pass: it expects no warning, at times before anything is known."""
    first = first_report(script.test)
    times = {time for claim in claims for time in claim.expected} | script.times.keys()
    raised = any(expected.grade for claim in claims for expected in claim.expected.values())
    early = first is None or max(times) < first
    return early and not raised and not any(script.times.values())


def _empty(script: Script) -> Finding:
    message = words(
        "`{test}`: nothing can be raised before the first reading, and nothing else is expected",
        test=script.test.name,
    )
    return script.document.finding(script.path, "E237", message, words("expect something at a later time"))


def _lacking(claims: Iterable[Claim], scene: Scene) -> Iterator[str]:
    """Site parameters that a sensor of the scene does not have: grades that ask for them stay off."""
    for rule in {claim.rule.id: claim.rule for claim in claims}.values():
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
