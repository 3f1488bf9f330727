"""routes.yaml: what it may say, and every way in which people and channels cannot meet."""

from pathlib import Path

import pytest

from ingest.clock import MINUTE
from ingest.registry import Registry
from ingest.registry.zones_file import read_zones
from notifiers.contacts_file import read_contacts
from notifiers.routes import DEADLINES, Budgets, Deadlines, QuietHours
from notifiers.routes_file import read_routes
from rules.grade import Grade
from tests.notifiers.parish import REACH, REGISTRY, contacts, findings, routes

ROUTES = """\
routes:
  - {hazard: "*", grades: [red], to: [ana, horns], channels: [sms, loudspeaker]}
  - {hazard: rain, grades: [orange, red], zones: [town], to: [duty], channels: [sms]}
  - {hazard: fire, grades: [red], zones: [mill], to: [bo], channels: [sms]}
"""
ONE = "routes:\n  - {{hazard: rain, grades: [red], {}}}\n"


def codes(text: str) -> list[tuple[str, int]]:
    return [(code, line) for code, line, _ in findings(text)]


def messages(text: str) -> list[str]:
    _, found = read_routes("routes.yaml", text, contacts(), REGISTRY, REACH)
    return [f.message for f in found]


def test_a_route_of_several_hazards_is_one_of_each() -> None:
    read = routes(ROUTES.replace("hazard: rain", "hazard: [rain, flood]"))

    assert [(route.hazard, route.line) for route in read.routes] == [
        ("*", 2),
        ("rain", 3),
        ("flood", 3),
        ("fire", 4),
    ]


def test_a_route_says_what_comes_next_who_releases_it_and_in_which_words() -> None:
    text = ONE.format("to: [ana, public], channels: [sms, board], otherwise: [mail], languages: [zh, en]")
    [route] = routes(text).routes

    assert (route.channels, route.otherwise, route.languages) == (("sms", "board"), ("mail",), ("zh", "en"))
    assert (route.public, route.horns, route.approval) == (True, False, False)


def test_groups_give_their_rosters_and_each_person_once() -> None:
    [route] = routes(ONE.format("to: [duty, night, ana], channels: [sms]")).routes

    assert [recipient.id for recipient in route.people] == ["ana", "bo", "watch"]


def test_deadlines_are_laid_over_the_defaults() -> None:
    deadlines = routes(
        ROUTES + "deadlines:\n  orange: {acknowledge: 2min, handle: none}\n  blue: {release: 1h}\n"
    ).deadlines

    assert deadlines[Grade.ORANGE] == Deadlines(release=2 * MINUTE, acknowledge=2 * MINUTE, arrive=3 * MINUTE)
    assert deadlines[Grade.BLUE] == Deadlines(release=60 * MINUTE)
    assert deadlines[Grade.RED] == DEADLINES[Grade.RED]
    assert routes(ROUTES).deadlines == dict(DEADLINES)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("orange: {acknowledge: 10min}", [("E316", 6)]),
        ("red: {handle: 2min}", [("E316", 6)]),
        ("red: {release: none}", [("E150", 6)]),
        ("red: {arrive: 3m}", [("E150", 6)]),
        ("red: {arrive: 3}", [("E150", 6)]),
        ("red: {arrive: 0s}", [("E112", 6)]),
        ("green: {arrive: 1min}", [("E112", 6)]),
    ],
)
def test_deadlines_that_cannot_be_kept_are_found(written: str, found: list[tuple[str, int]]) -> None:
    assert codes(f"{ROUTES}deadlines:\n  {written}\n") == found


def test_levels_quiet_hours_and_budgets_are_read() -> None:
    read = routes(
        ROUTES
        + "levels:\n  - {zones: [mill], to: [watch], channels: [sms]}\n"
        + 'quiet_hours: {from: 22:00, to: "06:30"}\n'
        + "budgets: {messages: 3, digest_every: 1min}\n"
    )

    [level] = read.levels
    assert (level.zones, level.channels, level.line) == ({"mill"}, ("sms",), 6)
    assert read.quiet_hours == QuietHours(22 * 60, 6 * 60 + 30)
    assert read.budgets == Budgets(messages=3, digest_every=MINUTE)


@pytest.mark.parametrize(
    ("begin", "end", "minute", "hold"),
    [
        (22 * 60, 6 * 60, 22 * 60, True),
        (22 * 60, 6 * 60, 0, True),
        (22 * 60, 6 * 60, 6 * 60, False),
        (22 * 60, 6 * 60, 12 * 60, False),
        (60, 120, 60, True),
        (60, 120, 120, False),
        (60, 120, 59, False),
    ],
)
def test_quiet_hours_may_go_over_midnight_and_end_before_their_end(
    begin: int, end: int, minute: int, hold: bool
) -> None:
    assert QuietHours(begin, end).holds(minute) is hold


@pytest.mark.parametrize(
    "written",
    [
        'quiet_hours: {from: "22:00", to: "22:00"}',
        'quiet_hours: {from: "24:00", to: "06:00"}',
        "quiet_hours: {from: 22.5, to: 6}",
        "quiet_hours: {from: 10pm, to: 6am}",
        "budgets: {messages: 0}",
        "budgets: {within: 0s}",
        "levels: [{zones: [], to: [ana], channels: [sms]}]",
    ],
)
def test_a_value_that_cannot_be_used_is_found_in_its_line(written: str) -> None:
    assert set(codes(f"{ROUTES}{written}\n")) == {("E112", 5)}


def test_every_unknown_name_is_found_with_a_suggestion() -> None:
    text = ROUTES.replace("[town]", "[twon]").replace("to: [bo]", "to: [duti]").replace("[sms, l", "[smss, l")

    assert findings(text) == [
        ("E003", 2, "did you mean sms?"),
        ("E310", 3, "did you mean town?"),
        ("E311", 4, "did you mean duty?"),
    ]


def test_a_level_asks_people_and_of_them_those_that_there_are() -> None:
    text = ROUTES + (
        "levels:\n  - {zones: [twon], to: [anna], channels: [fax]}\n"
        "  - {zones: [mill], to: [horns], channels: [loudspeaker]}\n"
        "  - {zones: [mill], to: [cy], channels: [sms]}\n"
    )

    assert {(c, n) for c, n in codes(text)} >= {
        ("E310", 6), ("E311", 6), ("E003", 6), ("E311", 7), ("E312", 8)
    }  # fmt: skip


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("to: [horns], channels: [sms]", ["E312", "E313"]),
        ("to: [public], channels: [sms]", ["E312", "E313"]),
        ("to: [ana], channels: [loudspeaker]", ["E312", "E313"]),
        ("to: [ana], channels: [board]", ["E312", "E313"]),
        ("to: [ana], channels: [sms, board]", ["E313"]),
        ("to: [ana, public], channels: [sms]", ["E312"]),
        ("to: [cy], channels: [sms]", ["E312", "E313"]),
        ("to: [bo], channels: [sms, mail]", ["E313"]),
        ("to: [bo], channels: [sms], otherwise: [mail]", ["E313"]),
        ("to: [ana], channels: [sms], otherwise: [loudspeaker]", ["E313"]),
        ("to: [horns], channels: [loudspeaker], otherwise: [sms]", ["E313"]),
        ("to: [horns, cy], channels: [loudspeaker], otherwise: [sms]", ["E312", "E313"]),
        ("zones: [far], to: [horns], channels: [loudspeaker]", ["E314"]),
        ("to: [duty], channels: [sms], approval: true", ["E315"]),
    ],
)
def test_recipients_and_channels_that_cannot_meet_are_found(written: str, found: list[str]) -> None:
    assert [code for code, _ in codes(ONE.format(written))] == found


@pytest.mark.parametrize(
    "written",
    [
        "to: [ana, cy], channels: [sms, mail]",
        "to: [duty, cy, horns, public], channels: [sms, mail, board, loudspeaker]",
        "to: [horns, bo], channels: [loudspeaker], otherwise: [sms]",
        "to: [ana], channels: [sms], otherwise: [mail]",
        "to: [watch], channels: [sms]",
        "zones: [town], to: [horns], channels: [loudspeaker]",
    ],
)
def test_recipients_and_channels_that_meet_are_fine(written: str) -> None:
    assert messages(ONE.format(written)) == []


def test_a_finding_names_who_is_not_reached_and_what_they_lack() -> None:
    assert messages(ONE.format("to: [ana, cy], channels: [sms]")) == ["cy: no phone, which sms would need"]
    assert messages(ONE.format("to: [watch, cy], channels: [mail]")) == [
        "bo, di: no email, which mail would need"
    ]


@pytest.mark.parametrize(
    ("zones", "levels", "lacking"),
    [
        ("", "{zones: [town, far], to: [cy], channels: [mail]}", ""),
        ("", "{zones: [town], to: [cy], channels: [mail]}", "far"),
        ("", "{zones: [mill], to: [cy], channels: [mail]}", "town, far"),
        ("zones: [mill], ", "{zones: [mill], to: [cy], channels: [mail]}", ""),
        ("zones: [mill], ", "{zones: [town], to: [di], channels: [sms]}", ""),
        ("zones: [town], ", "{zones: [mill], to: [di], channels: [sms]}", "town"),
        ("zones: [mill], ", "{zones: [mill], to: [ana], channels: [sms]}", "mill"),
        # Bo, who may not release anything, is on duty every other hour.
        ("zones: [mill], ", "{zones: [mill], to: [watch], channels: [sms]}", "mill"),
    ],
)
def test_what_needs_a_release_needs_somebody_in_each_zone_who_may(
    zones: str, levels: str, lacking: str
) -> None:
    text = ONE.format(f"{zones}to: [public], channels: [board], approval: true") + f"levels: [{levels}]\n"

    expected = [f"nobody can release it in {lacking}"] if lacking else []
    assert messages(text) == expected


def test_without_settings_nothing_is_said_about_channels() -> None:
    read, found = read_routes("routes.yaml", ROUTES.replace("sms", "fax"), contacts(), REGISTRY, None)

    assert (read is not None, found) == (True, [])


def test_a_fifth_grade_and_an_empty_list_are_found() -> None:
    text = ROUTES.replace("[orange, red]", "[purple]").replace("to: [bo]", "to: []")
    assert codes(text) == [("E112", 3), ("E112", 4)]


def test_the_shipped_routes_fit_the_shipped_contacts() -> None:
    known, _ = read_contacts("contacts.yaml", Path("configs/contacts.yaml").read_text("utf-8"))
    zones, _ = read_zones("zones.geojson", Path("configs/zones.geojson").read_text("utf-8"))
    assert known is not None
    assert zones is not None
    text = Path("configs/routes.yaml").read_text("utf-8")

    read, found = read_routes("routes.yaml", text, known, Registry.of([], zones), REACH)

    assert found == []
    assert read is not None
    assert any(route.approval for route in read.routes)
