"""One account of the machine plays everybody of a town: the desk knows them by the name they give."""

from dataclasses import replace
from pathlib import Path

from ingest.clock import SystemClock
from notifiers.contacts import Contacts, Person, Role
from tests.tocsin.serving import opened, running
from tocsin.configuration import configure
from tocsin.drill.people import StaffedDaemon, speak
from tocsin.first_bundle import apply_first


def person(name: str, number: int, role: Role) -> Person:
    phone = f"+8610000000{number:03}"
    return Person(
        id=name, name={"en": name}, phone=phone, languages=("en",), account=name, roles=frozenset({role})
    )


PEOPLE = {"lin": person("lin", 1, Role.OPERATOR), "wu": person("wu", 2, Role.APPROVER)}


async def test_each_is_who_they_say_and_may_what_their_roles_say(tmp_path: Path) -> None:
    async with opened(tmp_path) as (storage, _, files):
        apply_first(files, storage, SystemClock())
        configuration = replace(configure(files), contacts=Contacts(PEOPLE, {}))
        async with running(StaffedDaemon(configuration, storage, SystemClock())) as daemon:
            path = daemon.desk.path
            lin, wu = [await speak(path, account, {"ask": "whoami"}) for account in ("lin", "wu")]
            stranger = await speak(path, "nobody", {"ask": "whoami"})
            refused = await speak(path, "lin", {"act": {"type": "cancel", "incident": "1234", "reason": "x"}})

    assert (lin["you"], wu["you"]) == ("lin", "wu")
    assert "nobody's" in stranger["said"]
    assert not refused["done"]
    assert "no approver" in refused["said"]
