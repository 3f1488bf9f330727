"""What a run of the city is to have in it, and the events that come of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from simulators.city.voices import Learned

SECONDS_A_DAY = 86_400
# Of all sensors: a third of them is stuck, a third says something absurd now and then, a third no JSON.
FAULTY = 0.01
# For each sensor: the national figure is ten alarms per 1,000 points and day.
ALARMS_A_DAY = 0.01


class Happening(StrEnum):
    """What an event is: an alarm, one of those that are timed, of a storm; or a fault."""

    ALARM = "alarms"
    TIMED = "timed alarms"
    STORM = "sensors in the storm"
    ABSURD = "absurd reports"
    GARBAGE = "garbled reports"
    STUCK = "stuck sensors"
    CALM = "calm"


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """Before the message at `turn` the sensor at `position` changes to `texts`, or begins a `course`.

    Without either its day is quiet again. It calms down `hold` rounds later, or when the course is over, and
    does it again `every` rounds later; 0 is never.
    """

    turn: int
    position: int
    what: Happening = field(compare=False)
    texts: Mapping[str, str] = field(compare=False, default_factory=dict)
    course: Learned | None = field(default=None, compare=False)
    hold: int = field(default=0, compare=False)
    every: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Run:
    """How long a run is to be (s), how many messages/s it is to have, and alarms to time a second.

    Nothing but faults happens in the `quiet` rounds before. Runs one after the other in one city are of
    another `phase` each, so that each times other sensors than the one before it.

    faulty    share of the sensors that are
    alarms    share of the sensors that have one in each `day` (s)
    physics   whether alarms run as such an event does, where there is a course for it, or are one value
    storm     whether there is one
    daily     whether what happens in the run happens again in each `day`
    """

    seconds: float
    rate: float
    timed: float = 0.0
    phase: int = 0
    quiet: int = 0
    faulty: float = FAULTY
    alarms: float = ALARMS_A_DAY
    day: float = SECONDS_A_DAY
    physics: bool = False
    storm: bool = True
    daily: bool = False
