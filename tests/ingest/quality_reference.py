"""Quality control as its definitions read: one value at a time, everything remembered."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from ingest.clock import DAY, HOUR, MINUTE
from ingest.reading import Quality
from tests.ingest.gauges import INTERVAL, RAIN, RANGE, STAGE, STEP, STUCK, TOTAL, Seen, Told

LAG = 5 * MINUTE
AROUND = {n: [m for m in range(8) if m != n] if n < 8 else [] for n in range(9)}


class Reference:
    """What is to come out, message by message."""

    def __init__(self) -> None:
        self.arrivals: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self.slow: dict[int, bool] = defaultdict(bool)
        self.counters: dict[int, Told] = {}
        self.stages: dict[int, list[tuple[int, int, bool]]] = defaultdict(list)
        self.amounts: dict[int, list[tuple[int, int, float]]] = defaultdict(list)
        self.zeros: dict[int, int] = defaultdict(int)

    def message(self, received: int, message: Sequence[Told]) -> list[Seen]:
        ordered = sorted(message, key=lambda told: (told.stamp, told.slot))
        slow = {
            arrival: self.is_slow(*arrival, received)
            for arrival in dict.fromkeys((told.slot, told.stamp) for told in ordered)
        }
        observed = [
            (received if slow[told.slot, told.stamp] else told.stamp, told, slow[told.slot, told.stamp])
            for told in ordered
        ]
        observed.sort(key=lambda each: (each[0], each[1].slot))
        found = []
        for at, told, clock in observed:
            stated = any((o.slot, o.column, o.stamp) == (told.slot, RAIN, told.stamp) for o in message)
            seen = Seen(*told[:4], at, told.period, Quality.CLOCK if clock else Quality.OK)
            derived = self.amount(seen) if told.column == TOTAL else seen
            if derived is not None and not (stated and told.column == TOTAL):
                found.append(self.judged(derived, received))
        return found

    def is_slow(self, slot: int, stamp: int, received: int) -> bool:
        arrivals = self.arrivals[slot]
        lags = stamp < received - LAG
        if not (lags and arrivals and arrivals[-1][0] == stamp < arrivals[-1][1] - LAG):
            arrivals.append((stamp, received))
        if not lags:
            self.slow[slot] = False
        elif len(arrivals) >= 3:
            three = arrivals[-3:]
            lagging = all(s < r - LAG for s, r in three)
            pace = all(in_pace(*one, *other) for one, other in pairwise(three))
            self.slow[slot] |= lagging and pace
        return self.slow[slot]

    def amount(self, seen: Seen) -> Seen | None:
        before = self.counters.get(seen.slot)
        if before is not None and seen.observed <= before.stamp:
            return None
        self.counters[seen.slot] = Told(seen.slot, TOTAL, seen.value, seen.observed)
        if before is None:
            return None
        period = seen.observed - before.stamp
        amount, doubtful = seen.value - before.value, False
        if amount < 0 and before.value >= 0.9 * RANGE and seen.value <= 0.1 * RANGE:
            amount += RANGE
        elif amount < 0:
            amount = seen.value if seen.value <= most_rain(period) else 0
            doubtful = True
        doubtful |= amount > most_rain(period)
        quality = seen.quality | (Quality.SUSPECT if doubtful else 0)
        return seen._replace(column=RAIN, value=amount, period=period, quality=quality)

    def judged(self, seen: Seen, received: int) -> Seen:
        bits = 0
        if seen.column == STAGE:
            bits = self.stage_bits(seen)
        if seen.column == RAIN and self.rain_is_doubtful(seen, received):
            bits = Quality.NEIGHBOUR | Quality.SUSPECT
        return seen._replace(quality=seen.quality | bits)

    def stage_bits(self, seen: Seen) -> int:
        past = self.stages[seen.slot]
        if past and seen.observed < past[-1][0]:
            return 0
        step = bool(past) and seen.observed - past[-1][0] <= 3 * INTERVAL and self.leaps(past, seen.value)
        past.append((seen.observed, seen.value, not step))
        same = [seen.observed]
        for stamp, value, _ in past[-2::-1]:
            if value != seen.value:
                break
            same.append(stamp)
        stuck = len(same) >= 6 and seen.observed - same[-1] >= STUCK
        bits = (Quality.STEP if step else 0) | (Quality.STUCK if stuck else 0)
        return bits | Quality.SUSPECT if bits else 0

    def leaps(self, past: list[tuple[int, int, bool]], value: int) -> bool:
        """From the last value believed, and from the one before if that was not."""
        believed = next(v for _, v, sound in reversed(past) if sound)
        return all(abs(value - other) > STEP for other in (believed, past[-1][1]))

    def rain_is_doubtful(self, seen: Seen, received: int) -> bool:
        slot, period = seen.slot, seen.period or INTERVAL
        past = self.amounts[slot]
        if seen.observed < received - 3 * INTERVAL or period > HOUR:
            return False
        if past and seen.observed < max(stamp for _, stamp, _ in past):
            return False
        rate = seen.value * (5 * MINUTE / period)
        past.append((received, seen.observed, rate))
        around = self.median_around(slot, received)
        if rate > 0 or around is None or around <= 0:
            self.zeros[slot] = 0
        else:
            self.zeros[slot] += 1
        if around is None:
            return False
        high = rate > 100 if around < 4 else rate > 25 * around
        return high or self.zeros[slot] > 6

    def median_around(self, slot: int, received: int) -> float | None:
        heard = []
        for other in AROUND[slot]:
            before = [(stamp, rate) for at, stamp, rate in self.amounts[other] if at < received]
            if before and before[-1][0] >= received - 3 * INTERVAL:
                heard.append(before[-1][1])
        return median(heard) if len(heard) >= 5 else None


def in_pace(stamp: int, received: int, later_stamp: int, later_received: int) -> bool:
    told, passed = later_stamp - stamp, later_received - received
    return min(told, passed) >= INTERVAL / 2 and abs(told - passed) <= passed / 10


def most_rain(period: int) -> float:
    """In 0.1 mm: straight lines between the world records of 15 min, 1 h and 24 h."""
    minutes = max(period, MINUTE) / MINUTE
    if minutes <= 15:
        return 1980 * minutes / 15
    if minutes <= 60:
        return 1980 + (4010 - 1980) * (minutes - 15) / 45
    if minutes <= DAY / MINUTE:
        return 4010 + (18250 - 4010) * (minutes - 60) / (23 * 60)
    return 18250 * minutes / (24 * 60)
