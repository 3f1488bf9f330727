"""A town around the shipped daemon: whoever it tells is of the town, and what the town says it hears."""

import asyncio
import os
import pwd
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ingest.clock import MINUTE, LockstepClock
from ingest.finding import ConfigurationError
from ingest.journal import Retention
from rules.realm import Realm
from simulators.horn import Condition
from simulators.officers import Profile
from simulators.readings_csv import Row
from simulators.scenario import Scenario
from simulators.timetable import Timetable
from tests.tocsin.village import CONTACTS, ROUTES, SENSORS, SETTINGS, START, ZONES, bundle
from tocsin.bundle import Bundle
from tocsin.desk import socket_in
from tocsin.desk.client import ask
from tocsin.drill.layout import Layout
from tocsin.drill.people import StaffedDaemon, speak
from tocsin.drill.town import Town, at_work, daemon_of, town_around
from tocsin.storage import Storage

QUIET = Scenario()
# Somebody who answers every text at once, and is there at once.
EAGER = Profile(takes=10, presses=10, answer=(1, 1), way=(1, 1), work=(1, 1))
LAZY = Profile(takes=0, presses=0)
HORNS = '"horns": ["horn-1", "horn-2"], '
SPEAKING = SETTINGS + "  horns: {via: loudspeaker, realm: live, key_file: /nowhere/key}\n"


def village(account: str) -> Bundle:
    """With two horns, somebody who keeps the desk, and red for both."""
    others = {
        "zones.geojson": ZONES.replace('"code"', f'{HORNS}"code"'),
        "contacts.yaml": CONTACTS.replace("[en]", f"[en], account: {account}, roles: [operator]"),
        "routes.yaml": ROUTES + '  - {hazard: "*", grades: [red], to: [horns], channels: [horns]}\n',
    }
    return bundle(SPEAKING, others=others)


def flood(minutes: int = 20) -> list[Row]:
    """A record of one gauge that stands at 4.5 m: red, at once."""
    return [
        Row(at, at, "river-1", "stage", "4.5") for at in range(START, START + minutes * MINUTE, 5 * MINUTE)
    ]


def layout(tmp_path: Path, **differs: object) -> Layout:
    sensors = tmp_path / "sensors.csv"
    sensors.write_text(SENSORS, encoding="utf-8")
    plan = {"sensors": sensors, "seed": 7, "scenario": QUIET, "recorded": flood(), "usual": LAZY}
    return Layout(**{**plan, **differs})  # type: ignore[arg-type]


@asynccontextmanager
async def standing(
    directory: Path, plan: Layout, account: str = "ana"
) -> AsyncIterator[tuple[Town, StaffedDaemon]]:
    clock = LockstepClock(START - MINUTE)
    async with (
        town_around(village(account), plan, clock, directory) as town,
        daemon_of(town, directory / "state") as daemon,
    ):
        yield town, daemon


async def test_what_happens_reaches_phones_and_horns_of_the_town_as_an_exercise(tmp_path: Path) -> None:
    async with standing(tmp_path, layout(tmp_path)) as (town, daemon):
        async with at_work(town, daemon):
            await town.clock.run(START + 2 * MINUTE)
        journaled = daemon.intake.messages

    assert {message.to for message in town.phone.inbox} == {"+8610000000001"}
    assert {played.horn for played in town.horn.played} == {"horn-1", "horn-2"}
    told = [message.text for message in town.phone.inbox]
    told += [words for played in town.horn.played for words in played.text.values()]
    assert [text for text in told if not text.startswith(("EXERCISE", "【演练】"))] == []
    assert town.published == journaled > 1


async def test_a_dead_horn_is_silent_and_a_failing_one_says_so(tmp_path: Path) -> None:
    conditions = {"horn-1": Timetable(Condition(dead=True)), "horn-2": Timetable(Condition(broken=True))}
    plan = layout(tmp_path, horns=conditions)
    async with standing(tmp_path, plan) as (town, daemon):
        async with at_work(town, daemon):
            await town.clock.run(START + 3 * MINUTE)
        [speaker] = daemon.speakers
        silent = speaker.silent(town.clock.now())

    assert silent == ["horn-1"]
    assert town.horn.played == []


async def test_people_answer_as_their_profile_says(tmp_path: Path) -> None:
    async def answered(plan: Layout, directory: str) -> list[str]:
        async with standing(tmp_path / directory, plan) as (town, daemon):
            async with at_work(town, daemon):
                await town.clock.run(START + 10 * MINUTE)
            said = await speak(daemon.desk.path, "ana", {"ask": "incidents"})
        return [incident["stage"] for incident in said["found"]]

    lazy = await answered(layout(tmp_path), "lazy")
    eager = await answered(layout(tmp_path, profiles={"ana": EAGER}), "eager")

    assert lazy == [""]
    assert eager == ["handled"]


async def test_the_town_is_a_drill_and_its_state_can_be_nothing_else(tmp_path: Path) -> None:
    async with standing(tmp_path, layout(tmp_path)) as (town, daemon):
        assert town.configuration.settings.realm is Realm.DRILL
        assert daemon.configuration is town.configuration
        assert "realm: live" not in "".join(town.bundle.texts.values())
        assert daemon.storage.bundles.applied() == [(1, town.bundle.hash)]


async def test_who_comes_with_no_name_is_the_account_of_the_machine(tmp_path: Path) -> None:
    """A player at the desk of a drill types the same commands as on duty."""
    own = pwd.getpwuid(os.geteuid()).pw_name
    async with standing(tmp_path, layout(tmp_path), account=own) as (_, daemon):
        found = await asyncio.to_thread(ask, socket_in(daemon.storage.directory), "whoami")

    assert found["id"] == "ana"


async def test_it_does_not_begin_over_the_state_of_live_service(tmp_path: Path) -> None:
    Storage.open(tmp_path / "state", Realm.LIVE, Retention()).close()

    with pytest.raises(ConfigurationError) as refused:
        async with standing(tmp_path, layout(tmp_path)):
            pytest.fail("it began")

    assert [finding.code for finding in refused.value.findings] == ["E016"]
