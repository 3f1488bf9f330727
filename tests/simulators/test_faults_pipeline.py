"""Whatever goes wrong with reports, the sums of the shipped pipeline close."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.clock import HOUR
from simulators.faults import FAULTS, Layer, Scope, everyday
from tests.simulators.faulty import START, Account, account, devices, every_fault, fleet, wire

UNTIL = START + 6 * HOUR
FEW = Scope(begin=START + HOUR, end=START + 4 * HOUR, share=0.2)
# Reports that the judge refuses, or knows from before, for each of which the fault met; of the others none.
REFUSED = {"sentinel", "wrong-unit", "impersonation", "garbage", "ghosts"}
KNOWN = {"duplicates"}


def taken(layers: list[Layer], folder: Path) -> Account:
    """The sums, once it is sure that what the layers count is missing or too much on the wire."""
    reports = fleet(devices(folder), *layers)
    said = list(reports.until(UNTIL))
    more = sum(layer.adds * layer.happened for layer in layers)
    assert len(said) + reports.waiting == reports.measured + more
    found = account(said, folder)
    assert found.journaled == len(said) > 0
    return found


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_happens_is_seen_on_the_wire_and_the_sums_close(name: str, tmp_path: Path) -> None:
    layer = FAULTS[name](FEW, 1)
    found = taken([layer], tmp_path)
    clean = wire(fleet(devices(tmp_path)).until(UNTIL))

    assert layer.happened > 20
    assert wire(fleet(devices(tmp_path), FAULTS[name](FEW, 1)).until(UNTIL)) != clean
    assert found.journaled == found.accepted + found.duplicates + found.quarantined
    assert found.readings == found.stored > 0
    assert (found.quarantined > 0) == (name in REFUSED)
    assert (found.duplicates > 0) == (name in KNOWN)


def test_a_sound_fleet_is_accepted_whole(tmp_path: Path) -> None:
    found = taken([], tmp_path)

    assert found.accepted == found.readings == found.stored == found.journaled


STACKS: dict[str, Callable[[], list[Layer]]] = {
    "the mishaps of every day": lambda: everyday(0.2, 1),
    "all": every_fault,
    "all the other way round": lambda: every_fault()[::-1],
}


@pytest.mark.parametrize("name", STACKS)
def test_all_messages_of_any_stack_are_accounted_for(name: str, tmp_path: Path) -> None:
    layers = STACKS[name]()
    found = taken(layers, tmp_path)

    assert all(layer.happened for layer in layers)
    assert found.journaled == found.accepted + found.duplicates + found.quarantined
    assert min(found.accepted, found.duplicates, found.quarantined) > 0
    assert found.stored > 0
