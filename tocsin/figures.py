"""What /metrics shows: plain integers that the parts keep anyway, read when asked for."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from ingest.clock import SECOND
from notifiers.outbox.work import Stage
from rules.engine import Engine
from rules.engine.board import Board
from rules.engine.ring import NEVER, Longs
from rules.grade import Grade
from tocsin.daemon import Daemon
from tocsin.health import Figure
from tocsin.judge import Judge
from tocsin.online import heard_in_time


class Unheard:
    """What `Engine.unheard` says, counted anew when a sensor or a metric was heard for the first time."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._heard: list[int] = []
        self._found: dict[str, int] = {}

    def of(self, engine: Engine) -> dict[str, int]:
        """By rule how many of its sensors report, but never one of its metrics."""
        # What was heard once stays heard: as many of each are the same ones.
        heard = [
            int(np.count_nonzero(stamps > NEVER)) for board in engine.boards for stamps in _stamps(board)
        ]
        if engine is not self._engine or heard != self._heard:
            self._engine, self._heard, self._found = engine, heard, engine.unheard()
        return self._found


def _stamps(board: Board) -> Iterator[Longs]:
    yield board.newest
    for column in board.columns.values():
        yield column.stamp


def figures(daemon: Daemon, unheard: Unheard) -> Iterator[Figure]:
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
    behind = daemon.series.behind / SECOND
    yield Figure("tocsin_series_lag_seconds", "How far the history lies back at most", behind)
    yield Figure("tocsin_series_points", "Points written", daemon.series.points_written, counter=True)
    yield Figure(
        "tocsin_series_failures", "Writes the database did not take", daemon.series.failures, counter=True
    )
    warnings = open_warnings(judge)
    for grade in Grade:
        yield Figure("tocsin_open_warnings", "Open warnings", warnings[grade], (("grade", str(grade)),))
    for part, size in judge.engine.memory().items():
        yield Figure("tocsin_engine_bytes", "Arrays of the rule engine", size, (("part", part),))
    for rule, count in unheard.of(judge.engine).items():
        yield Figure(
            "tocsin_rule_unheard_sensors", "Sensors of a rule that never sent one of its metrics",
            count, (("rule", rule),),
        )  # fmt: skip
    yield from _watchdog(daemon)
    yield Figure("tocsin_rules_switched_off", "Rules that broke", len(judge.engine.switched_off))
    yield Figure("tocsin_reload_successful", "0 after a refused reload", not daemon.reloading.refused)
    yield from _desk(daemon)
    for kind, (heard, registered) in online(daemon).items():
        labels = (("kind", kind),)
        yield Figure("tocsin_sensors_online", "Sensors heard within three intervals", heard, labels)
        yield Figure("tocsin_sensors_registered", "Sensors in the registry", registered, labels)


def _desk(daemon: Daemon) -> Iterator[Figure]:
    """As `standing` saw it, some seconds ago at most."""
    numbers = daemon.standing.numbers
    for stage in ("open", *Stage):
        yield Figure(
            "tocsin_open_incidents", "Open incidents by how far their work order came",
            numbers.incidents.get(stage, 0), (("stage", str(stage)),),
        )  # fmt: skip
    yield Figure("tocsin_proposals_waiting", "Proposals that wait for a person", numbers.waiting)
    yield Figure("tocsin_unreached", "Entries of the list of the unreached", sum(numbers.unreached.values()))
    yield Figure("tocsin_shelves", "Shelves that are up", numbers.shelves)
    yield Figure("tocsin_hidden_warnings", "Open warnings that shelves hide", numbers.hidden)
    yield Figure("tocsin_actions", "What people did, with what was refused", numbers.actions, counter=True)
    yield Figure("tocsin_desk_refused", "Requests of people who may not", daemon.desk.refused, counter=True)
    yield Figure(
        "tocsin_replies_refused", "Replies that acknowledge nothing", daemon.replies.refused, counter=True
    )


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


def open_warnings(judge: Judge) -> Counter[Grade]:
    """How many of `Judge.warnings` have each grade, without what people read of each."""
    engine = judge.engine
    subjects = [judge.subjects for judge in engine.judges] + [group.subjects for group in engine.groups]
    kept = (subject for of_rule in subjects for subject in of_rule.values())
    found = Counter(s.top for s in kept if s.warning is not None and s.top is not None)
    others = (*engine.orphans.values(), *judge.outages.warnings(), *judge.by_hand.warnings())
    return found + Counter(warning.grade for warning in others)


def _watchdog(daemon: Daemon) -> Iterator[Figure]:
    """Nothing where no canary flies: an age that stands still would look like one that is watched."""
    if (dog := daemon.watchdog) is None:
        return
    yield Figure(
        "tocsin_canary_age_seconds", "Since a canary came back, or since the start", dog.age / SECOND
    )
    yield Figure(
        "tocsin_canary_round_trip_seconds", "From publish to channel, of the newest canary",
        dog.round_trip / SECOND,
    )  # fmt: skip
    yield Figure("tocsin_canaries_sent", "Canaries that were let fly", dog.sent, counter=True)
    yield Figure("tocsin_canaries_returned", "Canaries that came back", dog.returned, counter=True)
    if (beats := dog.heartbeat) is not None:
        yield Figure("tocsin_heartbeats_sent", "Heartbeats that were taken", beats.sent, counter=True)
        yield Figure("tocsin_heartbeats_failed", "Heartbeats that were not", beats.failed, counter=True)


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
    judge = daemon.judging.judge
    heard = heard_in_time(judge.basis.registry, judge.screen.heard, daemon.clock.now())
    ranges = judge.basis.registry.ranges
    return {k: (int(np.count_nonzero(heard[of.start : of.stop])), len(of)) for k, of in ranges.items()}
