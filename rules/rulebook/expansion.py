"""Rule files with every `use` of a template replaced by the rule it stands for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ingest.document import Document
from ingest.document.composer import Path, Place, Plain
from ingest.document.source_text import SourceText
from ingest.finding import Finding, words
from rules.rulebook.templates import Template, fill, use_findings

# Lines that stand in a template are numbered from here on; no file is as long.
_ELSEWHERE = 1_000_000_000


@dataclass(frozen=True)
class ExpandedText(SourceText):
    """The text of a file whose rules come in part from templates.

    `elsewhere` maps the numbers of lines that are not its own to the place of the `use` and to the place in
    the template, which the message names.
    """

    elsewhere: Mapping[int, tuple[Place, str]]

    def finding(self, place: Place, code: str, message: str, suggestion: str = "") -> Finding:
        if place[0] not in self.elsewhere:
            return SourceText.finding(self, place, code, message, suggestion)
        use, origin = self.elsewhere[place[0]]
        return SourceText.finding(
            self, use, code, words("{message} (from {origin})", message=message, origin=origin), suggestion
        )


def expanded(document: Document, templates: Mapping[str, Template]) -> tuple[Document, list[Finding]]:
    """The document as if its rules had been written out; a `use` that cannot be followed is left out.

    What is found in a part that stands in a template is found at the `use`.
    """
    data = document.data
    rules = data.get("rules") if isinstance(data, dict) else None
    if not isinstance(rules, list) or not any(isinstance(rule, dict) and "use" in rule for rule in rules):
        return document, []
    assembly = _Assembly(document)
    findings: list[Finding] = []
    for index, entry in enumerate(rules):
        if not isinstance(entry, dict) or "use" not in entry:
            assembly.keep(index, entry)
            continue
        defects = [*use_findings(document, ("rules", index), entry, templates)]
        findings += defects
        # What is wrong with a template is told once, where it stands.
        if not defects and templates[str(entry["use"])].sound:
            assembly.fill(index, entry, templates[str(entry["use"])])
    return assembly.document(), findings


class _Assembly:
    """A document under expansion: its rules one after another, and where each part of them stands."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._rules: list[Plain] = []
        # The number that each rule of the document gets.
        self._numbers: dict[str | int, int] = {}
        self._keys: dict[Path, Place] = {}
        self._values: dict[Path, Place] = {}
        self._elsewhere: dict[int, tuple[Place, str]] = {}

    def keep(self, index: int, entry: Plain) -> None:
        """Take a rule as it is."""
        self._numbers[index] = len(self._rules)
        self._rules.append(entry)

    def fill(self, index: int, entry: dict[str, Plain], template: Template) -> None:
        """Take the template's rule with its gaps filled; the entry's own keys come first."""
        own = {key: part for key, part in entry.items() if key not in ("use", "with")}
        given = entry.get("with", {})
        assert isinstance(given, dict)
        self._point(
            ("rules", len(self._rules)), self._document.values["rules", index, "use"], template, given
        )
        self.keep(index, {**template.filled(given), **own})

    def _point(self, rule: Path, use: Place, template: Template, given: dict[str, Plain]) -> None:
        """Let every part of the template's rule be found at its `use`."""
        document, above = template.document, len(template.path)
        for places, elsewhere in ((document.keys, self._keys), (document.values, self._values)):
            for path, (line, _) in _below(places, template.path):
                origin = words(
                    "template `{name}`, {file}:{line}",
                    name=template.name,
                    file=document.source.name,
                    line=line,
                )
                number = _ELSEWHERE + len(self._elsewhere)
                self._elsewhere[number] = (use, origin)
                inner = (fill(part, given) if isinstance(part, str) else part for part in path[above:])
                elsewhere[*rule, *inner] = (number, 1)

    def document(self) -> Document:
        """The document with its new rules. What stands in the document itself overrides the template's."""
        was = self._document
        assert isinstance(was.data, dict)
        return replace(
            was,
            source=ExpandedText(was.source.name, was.source.text, self._elsewhere),
            data={**was.data, "rules": self._rules},
            keys=self._keys | dict(self._moved(was.keys)),
            values=self._values | dict(self._moved(was.values)),
            folded=frozenset(path for path, _ in self._moved(dict.fromkeys(was.folded, (0, 0)))),
        )

    def _moved(self, places: Mapping[Path, Place]) -> Iterator[tuple[Path, Place]]:
        for path, place in places.items():
            if path[:1] != ("rules",) or len(path) == 1:
                yield path, place
            elif path[1] in self._numbers:
                yield ("rules", self._numbers[path[1]], *path[2:]), place


def _below(places: Mapping[Path, Place], path: Path) -> Iterator[tuple[Path, Place]]:
    for each, place in places.items():
        if len(each) > len(path) and each[: len(path)] == path:
            yield each, place
