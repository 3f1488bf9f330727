"""Expected and got under each other: a ribbon to scale, and every time at which something was said."""

from ingest.clock import DAY, HOUR, MINUTE, SECOND
from rules.grade import Grade
from rules.rulebook.trial_file import Expected, parse_expected
from rules.transition import Disposition
from rules.trial.timeline import RIBBON, ROW, Timeline, aligned

AUTO = Disposition.AUTO


def timeline(**changes: str) -> Timeline:
    """`m5="yellow"`: yellow, going out by itself, from minute 5 on."""
    states = [parse_expected(text) for text in changes.values()]
    shown = [Expected(state.grade, state.disposition or (AUTO if state.grade else None)) for state in states]
    return Timeline(tuple(int(name[1:]) * MINUTE for name in changes), tuple(shown))


def shown(wanted: dict[int, str], got: Timeline, end: int) -> list[str]:
    """`wanted` by minutes."""
    expected = {minutes * MINUTE: parse_expected(text) for minutes, text in wanted.items()}
    return [*aligned(expected, got, end)]


DIFFERENT = shown(
    {2: "none", 5: "yellow", 8: "yellow", 10: "red"}, timeline(m6="yellow", m9="orange"), 10 * MINUTE
)


def test_the_ribbon_covers_the_whole_test_and_marks_every_difference():
    assert DIFFERENT[:4] == [
        "0s to 10min, 10s a character; . none, y yellow, o orange, r red",
        "expected            .                 yyyyyyyyyyyyyyyyyyy           r",
        "got      ...................................yyyyyyyyyyyyyyyyyyooooooo",
        "                                      ^                             ^",
    ]


def test_below_it_stands_each_time_at_which_something_was_expected_or_changed():
    assert DIFFERENT[4:] == [
        "at       2min  5min    6min    8min    9min    10min",
        "expected none  yellow          yellow          red",
        "got      none  none    yellow  yellow  orange  orange",
        "               ^                               ^",
    ]


def test_what_waits_for_a_person_is_a_capital():
    lines = shown({5: "orange review", 9: "orange"}, timeline(m5="orange", m7="orange review"), 10 * MINUTE)

    assert lines[0].endswith("o orange, capital: review")
    assert lines[2] == "got      " + "." * 29 + "o" * 12 + "O" * 19
    assert lines[6] == "got      orange auto    orange review  orange review"


def test_no_line_grows_with_the_length_of_the_test_or_the_number_of_its_times():
    for end in (SECOND, 3 * MINUTE, 7 * HOUR, 40 * DAY, 9 * 365 * DAY):
        wanted = {index * end // 40: Expected(Grade.YELLOW) for index in range(41)}
        lines = [*aligned(wanted, timeline(), end)]
        assert max(map(len, lines[1:4])) <= 9 + RIBBON
        assert max(map(len, lines)) <= 9 + ROW
        assert sum(line.count("^") for line in lines[4:]) == len(wanted)


def test_a_difference_is_never_hidden_by_what_shares_its_character():
    lines = shown({70: "yellow", 80: "none", 90: "none", 3000: "none"}, timeline(), 3000 * MINUTE)

    assert lines[1][9:11] == " y"
    assert lines[3] == " " * 10 + "^"
