"""Whether a rule's tests show each grade on both sides of its threshold: raised, and just not."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from ingest.finding import Finding, words
from rules.grade import Grade
from rules.language.tree import Flagged
from rules.rulebook import Ladder
from rules.rulebook.trial_file import Expect, Expected, SceneEntry
from rules.rulebook.walk import parts
from rules.trial.scene import first_report

# What a test expects of the rule.
Asserted: TypeAlias = tuple[SceneEntry, Expect]


def lacking(ladder: Ladder, elsewhere: Iterable[Asserted] = ()) -> list[Finding]:
    """E233 for a rule without a test; else E238 for each grade that is shown from one side only.

    `elsewhere` is what test files expect of it.
    """
    asserted = [(test, test.expect) for test in ladder.tests if test.expect is not None] + [*elsewhere]
    if not ladder.tests and not asserted:
        return [_untested(ladder)]
    courses = [course for test, expect in asserted for course in _courses(test, expect)]
    return [finding for grade in ladder.rule.grades for finding in _one_sided(ladder, grade, courses)]


def _untested(ladder: Ladder) -> Finding:
    """Nobody has seen what the rule does."""
    message = words("rule `{id}` has no test", id=ladder.rule.id)
    advice = words(
        'write tests: [{{name: ..., given: {{metric: "every 5min: 1 x6"}}, expect: {{"30min": yellow}}}}]'
    )
    return ladder.document.finding(ladder.path, "E233", message, advice)


def _courses(test: SceneEntry, expect: Expect) -> Iterator[list[Grade | None]]:
    """The grades expected of each subject from the first reading on, in the order of time."""
    alone = {int(time): state for time, state in expect.items() if isinstance(state, Expected)}
    several = [states for states in expect.values() if not isinstance(states, Expected)]
    for states in [alone, *several]:
        yield _course(states, first_report(test))


def _course(states: Mapping[int, Expected], first: int | None) -> list[Grade | None]:
    return [states[time].grade for time in sorted(states) if first is not None and time >= first]


def _one_sided(ladder: Ladder, grade: Grade, courses: list[list[Grade | None]]) -> Iterator[Finding]:
    place = (*ladder.path, "grades", str(grade))
    # No series carries the flags of the quality checks.
    is_flagged = any(isinstance(part, Flagged) for part in parts(ladder.rule.grades[grade]))
    if not is_flagged and not any(grade in course for course in courses):
        message = words("no test of rule `{id}` raises {grade}", id=ladder.rule.id, grade=grade)
        advice = words('expect it of readings that reach it: expect: {{"3h": {grade}}}', grade=grade)
        yield ladder.document.finding(place, "E238", message, advice)
    if not any(_stays_below(course, grade) for course in courses):
        message = words("no test of rule `{id}` stays just below {grade}", id=ladder.rule.id, grade=grade)
        advice = words(
            "expect none or a weaker grade of readings that do not quite reach it, before it is raised or in "
            "a test of their own"
        )
        yield ladder.document.finding(place, "E238", message, advice)


def _stays_below(course: list[Grade | None], grade: Grade) -> bool:
    """Whether less is expected at first: what comes after the grade tells of its release."""
    return bool(course) and (course[0] is None or course[0] < grade)
