"""From YAML events to plain data with positions, within limits."""

from collections.abc import Iterator
from typing import Final, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)

from ingest.document.scalar import ScalarError, resolve
from ingest.document.source_text import SourceText
from ingest.finding import Finding, words, words_of

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"
Path: TypeAlias = tuple[str | int, ...]
Place: TypeAlias = tuple[int, int]

# Tags of YAML itself, which are written with two exclamation marks.
_OWN: Final = "tag:yaml.org,2002:"
MAX_DEPTH: Final = 32
MAX_NODES: Final = 200_000


class UnreadableError(Exception):
    """A document of which nothing can be used; carries its one finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


class Composer:
    """Composes one document; `keys`, `values` and `folded` are those of `ingest.document.Document`.

    Events come lazily from the parser, so the limits stop a bomb before it is expanded. Data with
    findings is complete enough to find the rest of what is wrong.
    """

    def __init__(self, source: SourceText) -> None:
        self.findings: list[Finding] = []
        self.keys: dict[Path, Place] = {}
        self.values: dict[Path, Place] = {}
        self.folded: set[Path] = set()
        self._source = source
        self._events: Iterator[Event] = YAML(typ="safe", pure=True).parse(source.text)
        self._nodes = 0
        # Each anchor's data, and how many nodes an alias of it adds.
        self._anchors: dict[str, tuple[Plain, int]] = {}

    def compose(self) -> Plain:
        """The only document's data. Raises UnreadableError, and ruamel's errors as they are."""
        data: Plain = None
        documents = 0
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._unreadable(
                        event, "E105", words("a second document"), words("remove the --- line")
                    )
                data = self._node(next(self._events), ())
        if data is None:
            raise UnreadableError(self._source.finding((0, 0), "E106", words("the file is empty")))
        return data

    def _node(self, event: Event, path: Path) -> Plain:
        self.values[path] = _place(event)
        if isinstance(event, AliasEvent):
            return self._alias(event)
        assert isinstance(event, NodeEvent)
        self._refuse_tag(event)
        if len(path) > MAX_DEPTH:
            raise self._unreadable(event, "E103", words("nested deeper than {most} levels", most=MAX_DEPTH))
        before = self._nodes
        self._count(event, 1)
        data = self._content(event, path)
        if event.anchor:
            self._anchors[event.anchor] = (data, self._nodes - before)
        return data

    def _content(self, event: NodeEvent, path: Path) -> Plain:
        if isinstance(event, ScalarEvent):
            return self._scalar(event, path)
        return self._mapping(path) if isinstance(event, MappingStartEvent) else self._sequence(path)

    def _mapping(self, path: Path) -> dict[str, Plain]:
        mapping: dict[str, Plain] = {}
        while not isinstance(event := next(self._events), CollectionEndEvent):
            key = self._key(event, mapping)
            self.keys[*path, key] = _place(event)
            mapping[key] = self._node(next(self._events), (*path, key))
        return mapping

    def _key(self, event: Event, mapping: dict[str, Plain]) -> str:
        if not isinstance(event, ScalarEvent):
            raise self._unreadable(event, "E105", words("a key that is not plain text"))
        self._refuse_tag(event)
        key = self._text(event)
        if key in mapping:
            self._find(event, "E102", words("key {key} appears twice", key=key), words("keep one of the two"))
        if key == "<<" and event.style is None:
            self._find(
                event, "E105", words("merge keys are not part of YAML 1.2"), words("write the keys out")
            )
        return key

    def _sequence(self, path: Path) -> list[Plain]:
        sequence: list[Plain] = []
        while not isinstance(event := next(self._events), CollectionEndEvent):
            sequence.append(self._node(event, (*path, len(sequence))))
        return sequence

    def _alias(self, event: AliasEvent) -> Plain:
        if event.anchor not in self._anchors:
            raise self._unreadable(
                event, "E101", words("alias *{anchor} has no anchor before it", anchor=event.anchor)
            )
        data, nodes = self._anchors[event.anchor]
        self._count(event, nodes)
        return data

    def _scalar(self, event: ScalarEvent, path: Path) -> Plain:
        quotes = 1 if event.style in ("'", '"') else 0
        line, column = self.values[path]
        self.values[path] = (line, column + quotes)
        # An escape or a fold makes the source longer than the value.
        written = event.end_mark.column - event.start_mark.column - 2 * quotes
        if event.end_mark.line != event.start_mark.line or written != len(event.value):
            self.folded.add(path)
        text = self._text(event)
        if event.style is not None:
            return text
        try:
            return resolve(text)
        except ScalarError as error:
            self._find(event, "E104", words_of(error), error.suggestion)
            return text

    def _text(self, event: ScalarEvent) -> str:
        text: str = event.value
        if any("\ud800" <= c <= "\udfff" for c in text):
            raise self._unreadable(
                event, "E107", words("half of a surrogate pair"), words("write the character itself")
            )
        return text

    def _refuse_tag(self, event: NodeEvent) -> None:
        tag = getattr(event, "ctag", None)
        if tag is not None:
            self._find(
                event,
                "E105",
                words("tag {tag}", tag=str(tag).replace(_OWN, "!!")),
                words("remove the tag; write text in quotes"),
            )

    def _count(self, event: Event, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            message = words("more than {most:,} values, aliases expanded", most=MAX_NODES)
            raise self._unreadable(event, "E103", message, words("write the data without aliases"))

    def _find(self, event: Event, code: str, message: str, suggestion: str = "") -> None:
        self.findings.append(self._source.finding(_place(event), code, message, suggestion))

    def _unreadable(self, event: Event, code: str, message: str, suggestion: str = "") -> UnreadableError:
        return UnreadableError(self._source.finding(_place(event), code, message, suggestion))


def _place(event: Event) -> Place:
    return event.start_mark.line + 1, event.start_mark.column + 1
