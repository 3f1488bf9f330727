"""The record of a drill: a directory with the drill file, the daemon's state, and what the simulators saw.

drill.yaml      the drill as it was held
held.json       when, how fast, how it ended, what was counted (`Held`); written last
received.jsonl  what phones showed and loudspeakers played (`Heard`, one a line)
state/          the daemon's own: journal, outbox, bundles
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ingest.durable import whole_file
from ingest.finding import ConfigurationError
from tocsin.bundle import Bundles
from tocsin.commands.language import Language
from tocsin.configuration import Configuration, configure
from tocsin.drill.card import Act, Card, Missing, Moment, Real, Text
from tocsin.drill.card_words import happening as in_words
from tocsin.drill.courses import courses
from tocsin.drill.drill_file import Drill, StoryEntry, read_drill
from tocsin.drill.happenings import InjectEntry
from tocsin.drill.performance import Heard, Performance, performed
from tocsin.drill.score import Scoring

# Of what happens, what tells one of a kind from another.
_TELLING = frozenset({"place", "which", "are", "kind", "sensors", "gateways", "answer", "cause", "gas"})
DRILL, HELD, RECEIVED, STATE = "drill.yaml", "held.json", "received.jsonl", "state"


class NoDrillError(Exception):
    """A directory that holds no drill, or one that did not come to its end: which, and the way out."""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """`held` in ms since the epoch by the real clock, `began` and `ended` by that of the drill.

    `stopped` says why it ended early, by language; `counts` of messages by hop, `faults` by layer.
    """

    file: str
    held: int
    began: int
    ended: int
    speed: float
    stopped: Text
    real: tuple[Real, ...]
    counts: Mapping[str, int]
    faults: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Record:
    """A drill that was held; its configuration is the one that was drilled, as it stands in the state."""

    drill: Drill
    configuration: Configuration
    held: Held
    performance: Performance

    def card(self) -> Card:
        """The score."""
        scoring = Scoring(self.drill.file, self.configuration, self.performance)
        file, held, began = self.drill.file, self.held, self.held.began
        return Card(
            title=_plain(file.title),
            purpose=_plain(file.purpose),
            file=held.file,
            began=began,
            held=held.held,
            lasted=held.ended - began,
            planned=file.lasts,
            speed=held.speed,
            stopped=held.stopped,
            items=tuple(scoring.items()),
            courses=tuple(courses(self.configuration, self.performance)),
            story=tuple(map(moment, file.storyline)),
            acts=tuple(self._acts()),
            missing=tuple(self._missing()),
            others=tuple(f"{rise.rule} {rise.subject} {rise.grade}" for rise in scoring.others()),
            real=tuple(msgspec.structs.replace(real, at=real.at - began) for real in held.real),
            counts=dict(held.counts),
            faults=dict(held.faults),
        )

    def _acts(self) -> Iterable[Act]:
        for deed in self.performance.deeds:
            yield Act(
                at=deed.at - self.held.began, by=deed.by, does=deed.does, incident=deed.incident,
                done=deed.done, said=deed.said,
            )  # fmt: skip

    def _missing(self) -> Iterable[Missing]:
        for each in self.performance.unreached:
            yield Missing(
                who=each.who, zone=each.zone, hazard=each.hazard, grade=str(each.grade or ""),
                why=str(each.why), detail=each.detail, expected=each.who in self.drill.file.expect.unreached,
            )  # fmt: skip


def write(directory: Path, drill: Drill, held: Held, heard: Iterable[Heard]) -> None:
    """Beside the state that is there already; what says that the drill was held comes last."""
    with whole_file(directory / DRILL) as file:
        file.write(drill.document.source.text.encode())
    with whole_file(directory / RECEIVED) as file:
        file.writelines(msgspec.json.encode(each) + b"\n" for each in heard)
    with whole_file(directory / HELD) as file:
        file.write(msgspec.json.format(msgspec.json.encode(held)) + b"\n")


def read_record(directory: Path) -> Record:
    """Raises NoDrillError, and OutboxError for a state that cannot be read."""
    try:
        held = msgspec.json.decode((directory / HELD).read_bytes(), type=Held)
        heard = msgspec.json.Decoder(Heard).decode_lines((directory / RECEIVED).read_bytes())
        text = (directory / DRILL).read_text(encoding="utf-8")
        bundles = Bundles(directory / STATE / "bundles")
        configuration = configure(bundles.load(bundles.applied()[-1][1]))
        outbox = (directory / STATE / "outbox.db").resolve(strict=True)
    except (OSError, msgspec.DecodeError, IndexError, UnicodeDecodeError) as error:
        reason = f"{directory} holds no drill that came to its end ({error})"
        raise NoDrillError(f"{reason}; name the --record of a tocsin drill run") from error
    drill, findings = read_drill(str(directory / DRILL), text)
    if drill is None:
        raise ConfigurationError(findings)
    performance = performed(outbox, heard, held.began, held.ended)
    return Record(drill, configuration, held, performance)


def _plain(text: Mapping[Any, str]) -> Text:
    return {str(language): said for language, said in text.items()}


def moment(entry: StoryEntry) -> Moment:
    """An entry of a storyline in words."""
    happening = entry.happening
    if isinstance(happening, InjectEntry):
        whom = ", ".join(happening.to)
        text = {str(language): f"{whom}: {said}" for language, said in happening.text.items()}
        return Moment(at=entry.at, what=entry.key, text=text)
    told = [value for key, value in happening if key in _TELLING and value]
    names = [name for value in told for name in (value if isinstance(value, tuple) else (value,))]
    text = {"zh": "、".join(in_words(name, Language.ZH) for name in names), "en": ", ".join(names)}
    return Moment(at=entry.at, what=entry.key, text=text)
