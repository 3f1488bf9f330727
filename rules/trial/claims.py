"""What a test expects, of which rule and subject, and how that differs from what happened."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ingest.document.composer import Path
from ingest.document.source_text import did_you_mean
from ingest.finding import words
from ingest.registry import Registry
from rules.rule import Rule
from rules.rulebook.selection import NOUNS, subjects
from rules.rulebook.silence import SUFFIX
from rules.rulebook.trial_file import Expect, Expected
from rules.transition import Transition
from rules.trial.cast import UnplayableError
from rules.trial.timeline import Timeline, aligned, fulfils, spelled


@dataclass(frozen=True, slots=True)
class Wanted:
    """What stands at `path` of the test: what it expects of the subjects of the rule of that id."""

    path: Path
    rule: str
    expect: Expect


@dataclass(frozen=True, slots=True)
class Claim:
    """What is expected of one rule on one subject, by ms after the start; `path` is its place in the test."""

    path: Path
    rule: Rule
    subject: str
    expected: Mapping[int, Expected]


@dataclass(frozen=True, slots=True)
class Difference:
    """The first time (ms after the start) at which it came otherwise, and the whole account of it."""

    path: Path
    time: int
    message: str
    account: tuple[str, ...]


def claims_of(wanted: Iterable[Wanted], rules: Iterable[Rule], registry: Registry) -> Iterator[Claim]:
    """One for each subject; UnplayableError where no rule, or no subject of it, has the name."""
    by_id = {rule.id: rule for rule in rules}
    for part in wanted:
        rule = _rule(part, by_id)
        known = subjects(rule, registry)
        alone: dict[int, Expected] = {}
        for name, expected in part.expect.items():
            if isinstance(expected, Expected):
                alone[int(name)] = expected
            else:
                yield Claim((*part.path, name), rule, _known(str(name), (part, rule, known)), expected)
        if alone:
            yield Claim(part.path, rule, _only(part, rule, known), alone)


def differences(
    claims: list[Claim], transitions: list[Transition], start: int, end: int
) -> Iterator[Difference]:
    """Of each claim that came otherwise, in a scene from `start` to `end` (ms since the epoch)."""
    for claim in claims:
        own = [t for t in transitions if (t.rule, t.subject) == (claim.rule.id, claim.subject)]
        got = Timeline.of(own, start)
        wrong = [time for time in sorted(claim.expected) if not fulfils(got.at(time), claim.expected[time])]
        if not wrong:
            continue
        first = wrong[0]
        message = words(
            "{expected} expected at {first}, got {got}",
            expected=claim.expected[first],
            first=spelled(first),
            got=got.at(first),
        )
        account = [*aligned(claim.expected, got, end - start)]
        account += [_told(line, start) for line in own] or [words("nothing was raised")]
        if len(claims) > 1:
            whose = words("{rule} of {subject}", rule=claim.rule.id, subject=claim.subject)
            message, account = words("{whose}: {message}", whose=whose, message=message), [whose, *account]
        yield Difference(claim.path, first, message, tuple(account))


def _told(line: Transition, start: int) -> str:
    review = " review" if line.disposition == "review" and line.after else ""
    change = f"{line.before or 'none'}>{line.after or 'none'}{review}"
    return f"{spelled(line.at - start)} {change}, {line.reason}: {line.evidence.get('text', '')}"


def _rule(part: Wanted, rules: Mapping[str, Rule]) -> Rule:
    if part.rule in rules:
        return rules[part.rule]
    if part.rule.removesuffix(SUFFIX) in rules:
        advice = words("write missing: {{raise: yellow}} in the rule")
        raise UnplayableError(part.path, words("the rule does not warn of missing data"), advice)
    message = words("`{name}` is no rule of the test", name=part.rule)
    raise UnplayableError(part.path, message, did_you_mean(part.rule, rules))


def _known(name: str, of: tuple[Wanted, Rule, list[str]]) -> str:
    part, rule, known = of
    if name not in known:
        noun = NOUNS[rule.subjects]
        message = words("`{name}` is no {noun} of the test that the rule is for", name=name, noun=noun)
        raise UnplayableError((*part.path, name), message, did_you_mean(name, known))
    return name


def _only(part: Wanted, rule: Rule, known: list[str]) -> str:
    if len(known) != 1:
        noun = NOUNS[rule.subjects]
        message = words("the rule is for {count} {noun}s of the test", count=len(known), noun=noun)
        advice = (
            words("write {key}: {{{subject}: {{...}}}}", key=part.path[-1], subject=known[0])
            if known
            else words("check for_each and the test's sensors")
        )
        raise UnplayableError(part.path, message, advice)
    return known[0]
