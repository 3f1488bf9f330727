"""What a test expects, of which rule and subject, and how that differs from what happened."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ingest.document.composer import Path
from ingest.document.source_text import did_you_mean
from ingest.finding import words
from rules.rule import Rule
from rules.rulebook import Ladder
from rules.rulebook.selection import NOUNS, subjects
from rules.rulebook.trial_file import Expected, RuleTest
from rules.transition import Transition
from rules.trial.scene import Scene, UnplayableError
from rules.trial.timeline import Timeline, aligned, fulfils, spelled


@dataclass(frozen=True, slots=True)
class Claim:
    """What is expected of one rule on one subject, by ms after the start; `path` is its place in the test."""

    path: Path
    rule: Rule
    subject: str
    expected: Mapping[int, Expected]


@dataclass(frozen=True, slots=True)
class Difference:
    """The first time at which it came otherwise, and the whole account of it."""

    path: Path
    message: str
    account: tuple[str, ...]


def claims_of(ladder: Ladder, test: RuleTest, scene: Scene) -> Iterator[Claim]:
    """Everything the test expects; UnplayableError where it names no subject of the rule."""
    wanted = (("expect", ladder.rule, test.expect), ("expect_missing", ladder.missing, test.expect_missing))
    for key, rule, expect in wanted:
        if expect is None:
            continue
        if rule is None:
            advice = words("write missing: {{raise: yellow}} in the rule")
            raise UnplayableError((key,), words("the rule does not warn of missing data"), advice)
        known = subjects(rule, scene.registry)
        alone: dict[int, Expected] = {}
        for name, part in expect.items():
            if isinstance(part, Expected):
                alone[int(name)] = part
            else:
                yield Claim((key, name), rule, _known(str(name), (key, rule, known)), part)
        if alone:
            yield Claim((key,), rule, _only((key, rule, known)), alone)


def difference(claim: Claim, scene: Scene, transitions: list[Transition]) -> Difference | None:
    """None if everything came as claimed."""
    own = [t for t in transitions if (t.rule, t.subject) == (claim.rule.id, claim.subject)]
    timeline = Timeline.of(own)
    got = {time: timeline.at(scene.start + time) for time in claim.expected}
    wrong = [time for time in sorted(got) if not fulfils(got[time], claim.expected[time])]
    if not wrong:
        return None
    first = wrong[0]
    message = words(
        "{expected} expected at {first}, got {got}",
        expected=claim.expected[first],
        first=spelled(first),
        got=got[first],
    )
    lines = [_told(line, scene.start) for line in own] or [words("nothing was raised")]
    return Difference(claim.path, message, (*aligned(claim.expected, got), *lines))


def _told(line: Transition, start: int) -> str:
    review = " review" if line.disposition == "review" and line.after else ""
    change = f"{line.before or 'none'}>{line.after or 'none'}{review}"
    return f"{spelled(line.at - start)} {change}, {line.reason}: {line.evidence.get('text', '')}"


def _known(name: str, of: tuple[str, Rule, list[str]]) -> str:
    key, rule, known = of
    if name not in known:
        message = words(
            "`{name}` is no {noun} of the test that the rule is for", name=name, noun=NOUNS[rule.subjects]
        )
        raise UnplayableError((key, name), message, did_you_mean(name, known))
    return name


def _only(of: tuple[str, Rule, list[str]]) -> str:
    key, rule, known = of
    if len(known) != 1:
        message = words(
            "the rule is for {count} {noun}s of the test", count=len(known), noun=NOUNS[rule.subjects]
        )
        advice = (
            words("write {key}: {{{subject}: {{...}}}}", key=key, subject=known[0])
            if known
            else words("check for_each and the test's sensors")
        )
        raise UnplayableError((key,), message, advice)
    return known[0]
