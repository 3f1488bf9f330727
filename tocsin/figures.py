"""What /metrics shows: plain integers that the parts keep anyway, read when asked for."""

from collections.abc import Iterator

from ingest.clock import SECOND
from rules.grade import Grade
from tocsin.daemon import Daemon
from tocsin.health import Figure
from tocsin.judge import Judge


def figures(daemon: Daemon) -> Iterator[Figure]:
    """Every figure of the daemon; names follow the Prometheus conventions (base units, `_total` by kind)."""
    judge = daemon.judging.judge
    screen = judge.screen
    yield Figure(
        "tocsin_received_messages", "Messages received from the broker", daemon.session.received, counter=True
    )
    yield Figure("tocsin_broker_connected", "1 while the session is up", daemon.session.connected)
    yield Figure(
        "tocsin_journal_entries", "Sequence number of the newest journal entry", daemon.storage.journal.last
    )
    yield Figure("tocsin_judged_entries", "Sequence number of the newest judged entry", judge.position)
    for outcome in ("accepted", "duplicates", "quarantined"):
        yield Figure(
            "tocsin_messages", "Judged messages by what became of them", getattr(screen, outcome),
            (("outcome", outcome),), counter=True,
        )  # fmt: skip
    for flag, values in judge.quality.flags.items():
        yield Figure(
            "tocsin_flagged_values", "Judged values by what quality control found",
            values, (("flag", flag),), counter=True,
        )  # fmt: skip
    yield from _losses(judge)
    yield from _conduct(judge, daemon.clock.now())
    yield Figure("tocsin_transitions", "Transitions committed", daemon.judging.transitions, counter=True)
    yield Figure("tocsin_series_lag_entries", "Journal entries not yet in the database", daemon.series.lag)
    yield Figure("tocsin_series_points", "Points written", daemon.series.points_written, counter=True)
    yield Figure(
        "tocsin_series_failures", "Writes the database did not take", daemon.series.failures, counter=True
    )
    warnings = judge.warnings()
    for grade in Grade:
        count = sum(warning.grade is grade for warning in warnings)
        yield Figure("tocsin_open_warnings", "Open warnings", count, (("grade", str(grade)),))
    for part, size in judge.engine.memory().items():
        yield Figure("tocsin_engine_bytes", "Arrays of the rule engine", size, (("part", part),))
    for rule, count in judge.engine.unheard().items():
        yield Figure(
            "tocsin_rule_unheard_sensors", "Sensors of a rule that never sent one of its metrics",
            count, (("rule", rule),),
        )  # fmt: skip
    yield Figure("tocsin_rules_switched_off", "Rules that broke", len(judge.engine.switched_off))
    yield Figure("tocsin_reload_successful", "0 after a refused reload", not daemon.reload_refused)
    for kind, (heard, registered) in online(daemon).items():
        labels = (("kind", kind),)
        yield Figure("tocsin_sensors_online", "Sensors heard within three intervals", heard, labels)
        yield Figure("tocsin_sensors_registered", "Sensors in the registry", registered, labels)


def _losses(judge: Judge) -> Iterator[Figure]:
    yield Figure(
        "tocsin_missing_messages", "Sequence numbers of sensors that did not come", judge.gaps.noticed,
        counter=True,
    )  # fmt: skip
    yield Figure(
        "tocsin_missing_messages_found", "Those of them that came late", judge.gaps.found, counter=True
    )
    yield Figure(
        "tocsin_lost_sessions", "Times the broker lost our session", judge.outages.losses, counter=True
    )


def _conduct(judge: Judge, now: int) -> Iterator[Figure]:
    conduct = judge.conduct
    yield Figure(
        "tocsin_device_faults", "Times that five messages of a device were refused in ten minutes",
        conduct.faulty.begun, counter=True,
    )  # fmt: skip
    yield Figure("tocsin_faulty_devices", "Devices that are faulty", conduct.faulty.told(now).names)
    yield Figure(
        "tocsin_impersonations", "Messages refused because they speak as somebody else, or as nobody known",
        conduct.impostors.messages, counter=True,
    )  # fmt: skip


def online(daemon: Daemon) -> dict[str, tuple[int, int]]:
    """By kind: sensors heard within three of their intervals (heartbeats where reports are not periodic)."""
    judge, now = daemon.judging.judge, daemon.clock.now()
    heard = judge.screen.heard
    found: dict[str, tuple[int, int]] = {}
    for kind, slots in judge.basis.registry.ranges.items():
        sensors = judge.basis.registry.sensors[slots.start : slots.stop]
        silence = max(3 * (s.reporting.interval or s.heartbeat) for s in sensors) + SECOND
        found[kind] = int((heard[slots.start : slots.stop] > now - silence).sum()), len(slots)
    return found
