"""Findings in the language of whoever reads them."""

from collections.abc import Iterable, Mapping
from typing import Final

from ingest import finding_zh as ingest_zh
from ingest.finding import Finding, told
from notifiers import finding_zh as notifiers_zh
from rules import finding_zh as rules_zh
from tocsin import finding_zh as tocsin_zh
from tocsin.commands.language import Language
from tocsin.finding_codes import MEANINGS

CHINESE: Final[Mapping[str, str]] = (
    ingest_zh.CHINESE | rules_zh.CHINESE | notifiers_zh.CHINESE | tocsin_zh.CHINESE
)
_MEANINGS: Final[Mapping[Language, Mapping[str, str]]] = {
    Language.EN: MEANINGS,
    Language.ZH: tocsin_zh.CODES | ingest_zh.CODES | rules_zh.CODES | notifiers_zh.CODES,
}


def in_language(findings: Iterable[Finding], language: Language) -> list[Finding]:
    """The same findings in the same order."""
    return [finding.told(CHINESE) if language is Language.ZH else finding for finding in findings]


def line_in_language(line: str, language: Language) -> str:
    """The line as it is printed, without blanks at its end; what is no words stays as it is."""
    return (told(line, CHINESE) if language is Language.ZH else line).rstrip()


def lines_in_language(lines: Iterable[str], language: Language) -> list[str]:
    """As `line_in_language`, each of them."""
    return [line_in_language(line, language) for line in lines]


def meaning(code: str, language: Language) -> str:
    """What a code of a finding means. KeyError for one that is none."""
    return _MEANINGS[language][code]
