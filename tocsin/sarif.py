"""Findings as SARIF 2.1.0 (OASIS), which editors and code reviews show at their lines."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from ingest.finding import Finding
from tocsin.audit_trail import program
from tocsin.commands.language import Language
from tocsin.explanations import explanations
from tocsin.finding_codes import MEANINGS

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_INDEX: Final = {code: index for index, code in enumerate(MEANINGS)}


def sarif(found: Iterable[tuple[Finding, str]], base: Path, language: Language) -> dict[str, Any]:
    """One run; each finding with its level, `error` or `warning`. `base` is the directory of the settings.

    The findings are told in `language` already; so are their codes here.
    """
    driver = {"name": "tocsin", "version": program(), "rules": [_rule(code, language) for code in MEANINGS]}
    results = [_result(finding, level, base) for finding, level in found]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def place(finding: Finding, base: Path) -> Path:
    """The file of a finding, from where `base` is reached; one that could not be read is named in full."""
    path = Path(finding.file)
    return path if path.is_relative_to(base) else base / path


def _rule(code: str, language: Language) -> dict[str, Any]:
    explanation = explanations(language)[code]
    return {
        "id": code,
        "shortDescription": {"text": explanation.meaning},
        "help": {"text": explanation.plain, "markdown": explanation.text},
    }


def _result(finding: Finding, level: str, base: Path) -> dict[str, Any]:
    text = f"{finding.message}; {finding.suggestion}" if finding.suggestion else finding.message
    return {
        "ruleId": finding.code,
        "ruleIndex": _INDEX[finding.code],
        "level": level,
        "message": {"text": text},
        "locations": [{"physicalLocation": _location(finding, place(finding, base))}],
    }


def _location(finding: Finding, path: Path) -> Mapping[str, Any]:
    uri = path.as_uri() if path.is_absolute() else quote(path.as_posix())
    artifact = {"artifactLocation": {"uri": uri}}
    if not finding.line:
        return artifact
    region = {"startLine": finding.line, "startColumn": finding.column}
    return artifact | {"region": region}
