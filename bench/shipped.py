"""The configuration that Tocsin ships, and rules beside it."""

from functools import cache
from pathlib import Path

from ingest.finding import ConfigurationError
from ingest.kinds import Kinds
from ingest.kinds.kinds_file import read_kinds
from rules.rule import Rule
from rules.rulebook import read_rules

CONFIGS = Path(__file__).parent.parent / "configs"


@cache
def shipped_kinds() -> Kinds:
    """The kinds of sensor."""
    path = CONFIGS / "kinds.yaml"
    kinds, findings = read_kinds(str(path), path.read_text(encoding="utf-8"))
    if kinds is None:
        raise ConfigurationError(findings)
    return kinds


@cache
def shipped_rules(*ids: str) -> tuple[Rule, ...]:
    """The shipped rules of these ids; KeyError names one that is not there."""
    paths = sorted(path for path in (CONFIGS / "rules").rglob("*") if path.suffix in {".yaml", ".csv"})
    files = {str(path): path.read_text(encoding="utf-8") for path in paths}
    rules, findings = read_rules(files, shipped_kinds(), None)
    if findings:
        raise ConfigurationError(findings)
    known = {rule.id: rule for rule in rules}
    return tuple(known[identity] for identity in ids)


def written_rules(text: str, kinds: Kinds) -> tuple[Rule, ...]:
    """Rules from YAML."""
    rules, findings = read_rules({"bench.yaml": text}, kinds, None)
    if findings:
        raise ConfigurationError(findings)
    return rules
