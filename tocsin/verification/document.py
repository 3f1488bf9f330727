"""Figures and pairings as JSON: durations in seconds, shares of 1, instants as ISO 8601 in UTC."""

from collections.abc import Sequence
from statistics import median
from typing import Any

from tocsin.verification.figures import Figures
from tocsin.verification.pairing import Contingency


def counted(of: Figures) -> dict[str, Any]:
    """How many there were, how long they stood."""
    return {
        "warnings": of.alarms,
        "per_month": round(of.per_month, 3),
        "most_of_one_subject": of.most,
        "median_duration": seconds(of.lasted),
        "share_of_time_open": round(of.open_share, 6),
    }


def paired(counts: Contingency, leads: Sequence[int]) -> dict[str, Any]:
    """What they told of; `leads` in ms."""
    return {
        "hits": counts.hits,
        "misses": counts.misses,
        "false_alarms": counts.false_alarms,
        "hit_rate": counts.hit_rate,
        "false_alarm_ratio": counts.false_alarm_ratio,
        "critical_success_index": counts.success_index,
        "median_lead": seconds(median(leads) if leads else None),
        "least_lead": seconds(min(leads, default=None)),
    }


def seconds(ms: float | None) -> float | None:
    """None for nothing."""
    return None if ms is None else ms / 1000
