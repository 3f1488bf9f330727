"""Devices that speak and are not registered, and what keeps each from being a sensor."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ingest.decode.native import read_native
from ingest.decode.refusal import Fault, Refusal
from ingest.decode.senml import read_pack, split_name
from ingest.decode.topic import GATEWAY, levels_of
from ingest.document.source_text import did_you_mean
from ingest.finding import words, words_of
from ingest.kinds import Kinds
from ingest.quarantine import Quarantine, QuarantineRow
from ingest.reading import Reason
from ingest.registry import Registry
from ingest.registry.sensor_fields import FieldError, parse_id
from tocsin.judge import Basis

# As many as a quarantine holds.
HELD = 10_000


@dataclass(slots=True)
class Stranger:
    """A device as it speaks: `kind` is empty where a gateway speaks for it, `last` in ms."""

    id: str
    zone: str
    kind: str
    gateway: str = ""
    messages: int = 0
    last: int = 0
    metrics: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stranger as it would be registered; `against` says why it cannot be, and the way out, or nothing."""

    stranger: Stranger
    kind: str
    against: str
    foreign: frozenset[str] = frozenset()

    @property
    def fields(self) -> dict[str, str]:
        """What its line in the file of sensors says, by column."""
        said = {"id": self.stranger.id, "kind": self.kind, "zone": self.stranger.zone}
        return said | ({"gateway": self.stranger.gateway} if self.stranger.gateway else {})


def strangers(quarantine: Quarantine, wanted: Callable[[str], bool]) -> list[Stranger]:
    """The devices on topics that are `wanted`, the busiest first; what they measure as far as it is held.

    Those behind a gateway stand in its packs alone: of them what is held is all that is known.
    """
    found: dict[tuple[str, str, str], Stranger] = {}
    for topic in quarantine.unregistered():
        zone, kind, device = levels_of(topic.topic)
        if device and kind != GATEWAY and wanted(topic.topic):
            stranger = found.setdefault((zone, kind, device), Stranger(device, zone, kind))
            stranger.messages += topic.messages
            stranger.last = max(stranger.last, topic.last)
    for row in quarantine.rows(HELD, Reason.UNREGISTERED):
        if wanted(row.topic):
            _learn(found, row)
    return sorted(found.values(), key=lambda s: (-s.messages, s.id))


def _learn(found: dict[tuple[str, str, str], Stranger], row: QuarantineRow) -> None:
    """What one refused message says of who measures what."""
    zone, kind, device = levels_of(row.topic)
    if kind != GATEWAY:
        if (stranger := found.get((zone, kind, device))) is not None:
            stranger.metrics.update(_measured(row))
        return
    told: dict[str, set[str]] = {}
    for name, metric in _packed(row):
        told.setdefault(name, set()).add(metric)
    for name, metrics in told.items():
        stranger = found.setdefault((device, GATEWAY, name), Stranger(name, zone, "", device))
        stranger.metrics |= metrics
        stranger.messages += 1
        stranger.last = max(stranger.last, row.received)


def _measured(row: QuarantineRow) -> Iterable[str]:
    if row.payload.lstrip()[:1] == b"[":
        return [metric for _, metric in _packed(row)]
    report = read_native(row.payload)
    return () if isinstance(report, Fault) else report.v


def _packed(row: QuarantineRow) -> Iterator[tuple[str, str]]:
    """Device and metric of each measurement of a pack; none of one that cannot be read or was cut."""
    with suppress(Refusal):
        for measurement in read_pack(row.payload, row.received):
            device, metric = split_name(measurement.name)
            yield device.replace("/", ":").rpartition(":")[2], metric


def candidates(
    found: Iterable[Stranger], basis: Basis, zone: str = "", kind: str = ""
) -> Iterator[Candidate]:
    """Each stranger as a sensor, if it is of that zone and kind; a gateway's are of the kind that is said."""
    known = [s for s in found if zone in ("", s.zone) and (s.gateway or kind in ("", s.kind))]
    speaking = Counter(stranger.id for stranger in known)
    for stranger in known:
        if stranger.gateway and stranger.id in basis.registry.slots:
            continue
        of = stranger.kind or kind or _kind_of(stranger, basis.kinds)
        against = _against(stranger, of, basis)
        if not against and (same := speaking[stranger.id]) > 1:
            against = words(
                "{count} devices call themselves {name}: name one by its topic, or --zone",
                count=same,
                name=stranger.id,
            )
        metrics = basis.kinds[of].metrics if of in basis.kinds.kinds else {}
        yield Candidate(stranger, of, against, frozenset(stranger.metrics - metrics.keys()))


def _kind_of(stranger: Stranger, kinds: Kinds) -> str:
    """The one kind that measures all that the stranger does; empty if there are none or several."""
    able = [name for name, kind in kinds.kinds.items() if stranger.metrics <= kind.metrics.keys()]
    return able[0] if len(able) == 1 else ""


def _against(stranger: Stranger, kind: str, basis: Basis) -> str:
    try:
        parse_id(stranger.id)
    except FieldError as error:
        return words("{reason}: {advice}", reason=words_of(error), advice=error.suggestion)
    if (slot := basis.registry.slots.get(stranger.id)) is not None:
        return _registered(stranger, slot, basis.registry)
    if not kind:
        return words("behind gateway {gateway}: say --kind", gateway=stranger.gateway)
    kinds, zones = basis.kinds.kinds, basis.registry.zones
    if kind not in kinds:
        advice = did_you_mean(kind, kinds) or words("add it to the kinds")
        return words("no kind '{kind}': {advice}", kind=kind, advice=advice)
    if stranger.zone not in zones:
        advice = did_you_mean(stranger.zone, zones) or words("add it to the zones")
        return words("no zone '{zone}': {advice}", zone=stranger.zone, advice=advice)
    return ""


def _registered(stranger: Stranger, slot: int, registry: Registry) -> str:
    sensor = registry.sensors[slot]
    if (sensor.zone, sensor.kind) == (stranger.zone, stranger.kind):
        return words("stands in the files already: reload the daemon")
    return words(
        "registered as {zone}/{kind}: correct the device's topic, or the file",
        zone=sensor.zone,
        kind=sensor.kind,
    )


def matching(patterns: list[str]) -> Callable[[str], bool]:
    """Whether a topic is of one of the patterns, as of file names; of none, every topic is."""
    return lambda topic: not patterns or any(fnmatchcase(topic, pattern) for pattern in patterns)
