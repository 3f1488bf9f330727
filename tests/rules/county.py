"""The kinds of the example configuration, a few sensors in two zones, and rules read from text."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path

from ingest.clock import MINUTE
from ingest.finding import Finding
from ingest.kinds import Kinds
from ingest.kinds.kinds_file import read_kinds
from ingest.registry import Registry, Sensor, Zone
from rules.rule import Rule
from rules.rulebook import read_rules

CONFIGS = Path(__file__).parents[2] / "configs"


@cache
def kinds() -> Kinds:
    found, findings = read_kinds("kinds.yaml", (CONFIGS / "kinds.yaml").read_text())
    assert found is not None, findings
    return found


@cache
def registry() -> Registry:
    """A kitchen's smoke alarm, a river gauge at a bridge and one of rain, the last with a position."""
    zones = [
        Zone(id="qingxi", name={"en": "Qingxi"}, parent=None, code="361199", polygon=()),
        Zone(id="old-town", name={"en": "Old town"}, parent="qingxi", code="361199001", polygon=()),
    ]
    site = {"warning_stage": (Decimal("2.27"), "m")}
    sensors = [
        sensor("kitchen-1", "smoke", {}, "kitchen"),
        sensor("bridge", "stage", site),
        sensor("roof", "rain", {}, at=(116.5, 30.0)),
    ]
    return Registry.of(sensors, {zone.id: zone for zone in zones})


def sensor(
    name: str,
    kind: str,
    site: Mapping[str, tuple[Decimal, str]],
    *tags: str,
    at: tuple[float | None, float | None] = (None, None),
) -> Sensor:
    return Sensor(
        id=name,
        kind=kind,
        zone="qingxi",
        gateway="",
        lon=at[0],
        lat=at[1],
        heartbeat=5 * MINUTE,
        reporting=kinds()[kind].reporting,
        site=dict(site),
        tags=frozenset(tags),
    )


def rules_of(text: str, **files: str) -> tuple[Rule, ...]:
    """The rules of one file; `table=` is the text of `table.csv` beside it."""
    found, findings = read_rules(_files(text, files), kinds(), registry())
    assert findings == []
    return found


def findings_of(text: str, **files: str) -> list[Finding]:
    found, findings = read_rules(_files(text, files), kinds(), registry())
    assert findings
    assert "rules.yaml" not in {rule.file for rule in found}
    return findings


def finding_of(text: str, **files: str) -> Finding:
    [finding] = findings_of(text, **files)
    return finding


def _files(text: str, others: Mapping[str, str]) -> dict[str, str]:
    return {"rules.yaml": text} | {f"{name}.csv": table for name, table in others.items()}
