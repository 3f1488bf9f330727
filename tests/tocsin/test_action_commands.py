"""Each command that acts: what it sends to the desk, and what it takes for wrong usage."""

from contextlib import closing
from pathlib import Path

import pytest

from ingest.clock import HOUR, SystemClock
from notifiers.action import (
    Acknowledge,
    Action,
    Agree,
    Arrive,
    Cancel,
    Close,
    Handle,
    Raise,
    Refuse,
    Release,
    Shelve,
    Unshelve,
)
from notifiers.outbox.desk import Acted
from notifiers.outbox.desk import Desk as Reading
from rules.grade import Grade
from tests.tocsin.bureau import Bureau, served
from tests.tocsin.program import Tocsin, program
from tocsin.desk.permission import NEEDED

WHY = ("--reason", "a mistake")
COMMANDS: list[tuple[tuple[str, ...], Action]] = [
    (("ack", "5f2a"), Acknowledge("5f2a")),
    (("arrive", "5f2a"), Arrive("5f2a")),
    (("handle", "5f2a", "--note", "gates closed"), Handle("5f2a", "gates closed")),
    (("close", "5f2a9c0e", *WHY), Close("5f2a9c0e", "a mistake")),
    (("cancel", "5f2a", *WHY), Cancel("5f2a", "a mistake")),
    (("refuse", "5f2a", "0", *WHY), Refuse("5f2a", 0, "a mistake")),
    (("agree", "7"), Agree(7)),
    (("unshelve", "7"), Unshelve(7)),
    (
        (
            "raise",
            "--hazard",
            "flood",
            "--zone",
            "town",
            "--grade",
            "red",
            "--en",
            "Leave.",
            "--zh",
            "撤离。",
        ),
        Raise("flood", "town", Grade.RED, {"zh": "撤离。", "en": "Leave."}),
    ),
    (
        ("raise", "--hazard", "flood", "--zone", "town", "--grade", "Blue", "--en", "Mind."),
        Raise("flood", "town", Grade.BLUE, {"en": "Mind."}),
    ),
]


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    return program(capfd)


def acted(state: Path) -> list[Acted]:
    with closing(Reading.reading(state / "outbox.db")) as desk:
        return desk.actions(0)


@pytest.mark.parametrize(("command", "action"), COMMANDS, ids=lambda of: str(of)[:40])
def test_a_command_sends_its_action_and_ends_as_it_was_answered(
    tmp_path: Path, tocsin: Tocsin, command: tuple[str, ...], action: Action
) -> None:
    with served(tmp_path, Bureau.proposed) as state:
        code, out, err = tocsin(*command, "--state", state)
        [found] = acted(state)

    assert (found.action, found.user) == (action, "lin")
    assert (code, found.said in (out if found.done else err)) == (0 if found.done else 1, True)


def test_every_action_has_a_command() -> None:
    assert {type(action) for _, action in COMMANDS} | {Release, Shelve} == set(NEEDED)


def test_a_shelf_ends_so_long_from_now(tmp_path: Path, tocsin: Tocsin) -> None:
    before = SystemClock().now()
    with served(tmp_path) as state:
        options = ("--for", "8h", "--reason", "works", "--red", "--maintenance", "--state", state)
        code, out, _ = tocsin("shelve", "zone", "riverside", *options)
        [found] = acted(state)

    shelf = found.action
    assert isinstance(shelf, Shelve)
    assert (shelf.scope, shelf.name, shelf.reason) == ("zone", "riverside", "works")
    assert (shelf.red, shelf.maintenance) == (True, True)
    assert before <= shelf.until - 8 * HOUR <= SystemClock().now()
    assert (code, "tocsin agree" in out) == (0, True)


@pytest.mark.parametrize(
    "command",
    [
        ("raise", "--hazard", "flood", "--zone", "town", "--grade", "purple", "--en", "Leave."),
        ("raise", "--hazard", "flood", "--zone", "town", "--grade", "red", "--en", " "),
        ("shelve", "street", "town", "--for", "8h", *WHY),
        ("shelve", "zone", "town", "--for", "a while", *WHY),
        ("cancel", "5f2a"),
        ("unshelve", "first"),
    ],
)
def test_what_makes_no_action_is_wrong_usage_and_nobody_is_asked(
    tmp_path: Path, tocsin: Tocsin, command: tuple[str, ...]
) -> None:
    """There is no daemon here: exit code 3 would mean that one was looked for."""
    assert tocsin(*command, "--state", tmp_path).code == 2
