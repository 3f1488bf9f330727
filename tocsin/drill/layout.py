"""What differs from town to town."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulators.officers import ORDINARY, FalseCall, Profile
from simulators.readings_csv import Row
from simulators.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Who reports, what is broken, how people answer.

    `sensors` is the CSV of those that the fleet simulates, less those of the `recorded` rows, which are
    played as they were received, over and over if `repeat`. Without a `scenario` the days are those of a
    county. The horns in `dead` hear, play and say nothing, those in `failing` answer that they could not.
    People answer as in `profiles`, by their ids in the contacts, all others and whoever stands beside the
    horns as `usual`. `call` is what somebody reports by telephone now and then.
    """

    sensors: Path
    seed: int
    scenario: Scenario | None = None
    recorded: Sequence[Row] = ()
    repeat: bool = False
    dead: frozenset[str] = frozenset()
    failing: frozenset[str] = frozenset()
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    usual: Profile = ORDINARY
    call: FalseCall | None = None
