"""YAML documents with positions, and their validation against pydantic models.

A `Decimal` field holds exactly what the operator wrote: see `ingest.document.scalar`.
"""

import json
from dataclasses import dataclass
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

from ingest.document.composer import Composer, Path, Place, Plain, UnreadableError
from ingest.document.parser_faults import yaml_fault, yaml_mark
from ingest.document.shape_faults import known_of, shape_fault
from ingest.document.source_text import SourceText, did_you_mean, nearest
from ingest.finding import Finding, words

Model = TypeVar("Model", bound=BaseModel)

# The parser reads about 0.3 MB/s: a larger file is refused at once instead of blocking a reload.
MAX_CHARACTERS: Final = 1_000_000


class Strict(BaseModel):
    """The base of every configuration file's shape: unknown keys are findings, instances are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data and where each part of it stands; places are (line, column) from 1.

    A scalar's place is its first character, inside the quotes if it has any. `folded` holds the scalars
    that span several lines or are escaped, in which an offset does not name a column.
    """

    source: SourceText
    data: Plain
    keys: dict[Path, Place]
    values: dict[Path, Place]
    folded: frozenset[Path]

    def place(self, path: Path, offset: int = 0) -> Place:
        """The value at `path`, `offset` characters into it; the nearest part above it that exists."""
        known = self.nearest(path)
        line, column = self.values[known]
        return (line, column + offset) if known == path and path not in self.folded else (line, column)

    def finding(
        self, path: Path, code: str, message: str, suggestion: str = "", *, offset: int = 0
    ) -> Finding:
        """A finding at the value that stands at `path`."""
        return self.source.finding(self.place(path, offset), code, message, suggestion)

    def nearest(self, path: Path) -> Path:
        """The parts of `path` that exist, skipping what pydantic puts between (names of union members)."""
        known: Path = ()
        for part in path:
            if (*known, part) in self.values:
                known = (*known, part)
        return known


def parse_yaml(name: str, text: str) -> tuple[Document | None, list[Finding]]:
    """Read one YAML document; None if it cannot be read at all. Findings: E101 to E107.

    A document that comes with findings may be validated, to find the rest, but must not be used.
    """
    source = SourceText(name, text)
    if len(text) > MAX_CHARACTERS:
        message = words(
            "{found:,} characters; a YAML file has at most {most:,}", found=len(text), most=MAX_CHARACTERS
        )
        return None, [
            source.finding((0, 0), "E103", message, words("split the file, or use CSV for sensors"))
        ]
    composer = Composer(source)
    try:
        data = composer.compose()
    except UnreadableError as error:
        return None, [*composer.findings, error.finding]
    except MarkedYAMLError as error:
        return None, [*composer.findings, _syntax(source, error)]
    except ReaderError as error:
        return None, [*composer.findings, _unprintable(source, error.position, error.character)]
    folded = frozenset(composer.folded)
    return Document(source, data, composer.keys, composer.values, folded), composer.findings


def validate(document: Document, model: type[Model]) -> tuple[Model | None, list[Finding]]:
    """The document as `model`, or all that is wrong with it. Findings: E110 to E112.

    A validator may raise a ValueError of words, with an attribute `suggestion`, and with `code` for a finding
    code of its own.
    """
    try:
        # JSON mode is pydantic's strict mode for plain data: lists become tuples and strings enums,
        # but true is no number and "5" no integer.
        return model.model_validate_json(json.dumps(document.data, allow_nan=False), strict=True), []
    except ValidationError as error:
        return None, [_invalid(document, model, dict(e)) for e in error.errors(include_url=False)]


def _syntax(source: SourceText, error: MarkedYAMLError) -> Finding:
    mark = yaml_mark(error)
    place = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    return source.finding(place, "E101", *yaml_fault(error))


def _unprintable(source: SourceText, position: int, character: int) -> Finding:
    before = source.text[:position]
    place = (before.count("\n") + 1, position - before.rfind("\n"))
    return source.finding(
        place, "E107", words("character U+{number:04X} is not allowed", number=character), words("remove it")
    )


def _invalid(document: Document, model: type[BaseModel], error: dict[str, Any]) -> Finding:
    # Without the names of union members, which the operator did not write.
    path: Path = (*document.nearest(error["loc"][:-1]), *error["loc"][-1:])
    if error["type"] == "extra_forbidden":
        place = document.keys.get(path, document.place(path))
        suggestion = did_you_mean(str(path[-1]), _known_keys(model, path[:-1]))
        return document.source.finding(
            place, "E110", words("unknown key {key}", key=_dotted(path)), suggestion
        )
    if error["type"] == "missing":
        return document.finding(path, "E111", words("{key} is missing", key=_dotted(path)))
    if error["type"] in ("union_tag_not_found", "union_tag_invalid"):
        return _untagged(document, model, path, error["ctx"])
    cause, reason = error.get("ctx", {}).get("error"), shape_fault(error)
    code, suggestion = getattr(cause, "code", "E112"), getattr(cause, "suggestion", "")
    where, known = _dotted(document.nearest(path)), known_of(error)
    if known and isinstance(error["input"], str):
        suggestion = nearest(error["input"], known)
    message = words("{where}: {reason}", where=where, reason=reason) if where else reason
    return document.finding(path, code, message, suggestion)


def _untagged(document: Document, model: type[BaseModel], path: Path, context: dict[str, Any]) -> Finding:
    """A part whose kind is told by one of its keys, and is not told."""
    key = context["discriminator"].strip("'")
    fields = [m.model_fields[key] for m in _models_at(model, path) if key in m.model_fields]
    known = sorted(tag for field in fields for tag in get_args(field.annotation))
    where = _dotted((*path, key))
    if "tag" not in context:
        return document.finding(
            path,
            "E111",
            words("{key} is missing", key=where),
            words("one of {known}", known=", ".join(known)),
        )
    message = words("{where}: no {key} {tag}", where=where, key=key, tag=context["tag"])
    return document.finding((*path, key), "E112", message, did_you_mean(context["tag"], known))


def _dotted(path: Path) -> str:
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).removeprefix(".")


def _known_keys(model: type[BaseModel], path: Path) -> set[str]:
    """The keys that may stand at `path`."""
    models = _models_at(model, path)
    return {field.alias or name for m in models for name, field in m.model_fields.items()}


def _models_at(model: type[BaseModel], path: Path) -> set[type[BaseModel]]:
    """What may stand at `path`; names of mappings and union members narrow nothing."""
    models = {model}
    for part in path:
        named = [m.model_fields[part].annotation for m in models if part in m.model_fields]
        models = set().union(*map(_models_in, named)) if named else models
    return models


def _models_in(annotation: Any) -> set[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    return set().union(*map(_models_in, get_args(annotation)))
