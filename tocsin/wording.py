"""Findings in the language of whoever reads them."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, TypeAlias

from ingest import finding_codes as ingest_codes
from ingest import finding_zh as ingest_zh
from ingest.finding import Finding, told
from notifiers import finding_codes as notifiers_codes
from notifiers import finding_zh as notifiers_zh
from rules import finding_codes as rules_codes
from rules import finding_zh as rules_zh
from tocsin import finding_zh as tocsin_zh

Language: TypeAlias = Literal["zh", "en"]

CHINESE: Final[Mapping[str, str]] = (
    ingest_zh.CHINESE | rules_zh.CHINESE | notifiers_zh.CHINESE | tocsin_zh.CHINESE
)
_MEANINGS: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": ingest_codes.CODES | rules_codes.CODES | notifiers_codes.CODES,
    "zh": ingest_zh.CODES | rules_zh.CODES | notifiers_zh.CODES,
}


def in_language(findings: Iterable[Finding], language: Language) -> list[Finding]:
    """The same findings in the same order."""
    return [finding.told(CHINESE) if language == "zh" else finding for finding in findings]


def lines_in_language(lines: Iterable[str], language: Language) -> list[str]:
    """The lines of a trial's account; what is no words stays as it is."""
    return [told(line, CHINESE) if language == "zh" else line for line in lines]


def meaning(code: str, language: Language) -> str:
    """What a code of the packages below means. KeyError for one that is none of theirs."""
    return _MEANINGS[language][code]
