"""What differs from town to town."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.clock import SECOND
from simulators.faults import Layer
from simulators.horn import Condition
from simulators.officers import ORDINARY, FalseCall, Profile
from simulators.phone import SOUND, Fault
from simulators.readings_csv import Row
from simulators.scenario import Scenario
from simulators.timetable import Timetable


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Who reports, what is broken, how people answer.

    `sensors` is the CSV of those that the fleet simulates, less those of the `recorded` rows, which are
    played as they were received, over and over if `repeat`. Without a `scenario` the days are those of a
    county. On their way reports meet the layers of `faults`, and `mishaps` of them what happens every day.
    What is due goes out every `tick` ms.
    `horns` says how some of them are and when, `phones` what the gateway of all other channels answers.
    People answer as in `profiles`, by their ids in the contacts, all others and whoever stands beside the
    horns as `usual`. `call` is what somebody reports by telephone now and then.
    """

    sensors: Path
    seed: int
    scenario: Scenario | None = None
    recorded: Sequence[Row] = ()
    repeat: bool = False
    faults: Sequence[Layer] = ()
    mishaps: float = 0.01
    tick: int = 30 * SECOND
    horns: Mapping[str, Timetable[Condition]] = field(default_factory=dict)
    phones: Timetable[Fault | None] = SOUND
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    usual: Profile = ORDINARY
    call: FalseCall | None = None
