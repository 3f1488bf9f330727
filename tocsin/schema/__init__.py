"""JSON Schema (draft 2020-12) of each file an operator owns, for editors: `tocsin schema`.

Made from the classes that read the files. A schema is what an editor can know of one file by itself:
`tocsin check` finds more, and never less.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from ingest.durable import whole_file
from ingest.kinds.kinds_file import KindsFile
from ingest.registry.sensors_file import SensorsFile
from ingest.registry.zones_file import ZoneFeature
from notifiers.contacts_file import ContactsFile
from notifiers.routes_file import RoutesFile
from rules.rulebook.rule_file import RuleFile
from tocsin.channel_settings import Apprise, Cap, Kannel, Loudspeaker, TemplateSms, Webhook
from tocsin.drill.drill_file import DrillFile
from tocsin.schema.drill_keys import DRILL_KEYS
from tocsin.schema.keys import KEYS
from tocsin.settings import Settings
from tocsin.trials.scenario_file import ScenarioFile

Schema = dict[str, Any]


class ZonesFile(BaseModel):
    """A GeoJSON feature collection, which may have more members."""

    type: Literal["FeatureCollection"]
    features: tuple[ZoneFeature, ...]


FILES: Final[Mapping[str, type[BaseModel]]] = MappingProxyType(
    {
        "tocsin": Settings,
        "kinds": KindsFile,
        "sensors": SensorsFile,
        "zones": ZonesFile,
        "rules": RuleFile,
        "contacts": ContactsFile,
        "routes": RoutesFile,
        "tests": ScenarioFile,
        "drill": DrillFile,
    }
)
_CHANNELS: Final = {kind.__name__ for kind in (Apprise, Cap, Kannel, Loudspeaker, TemplateSms, Webhook)}
# What pydantic writes beside texts that stand for numbers, and says nothing about the texts.
_OF_NUMBERS: Final = ("gt", "ge", "lt", "le", "exclusiveMinimum", "exclusiveMaximum", "minimum", "maximum")
_TYPES: Final[Mapping[str, type]] = MappingProxyType({"string": str, "boolean": bool, "integer": int})
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class _Untitled(GenerateJsonSchema):
    """Without a title for each field, which would repeat its name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema(name: str) -> Schema:
    """The schema of a file of FILES."""
    model = FILES[name]
    made = model.model_json_schema(by_alias=True, schema_generator=_Untitled)
    parts = {of.lstrip("_"): _part(of.lstrip("_"), part) for of, part in made.pop("$defs", {}).items()}
    whole = _part(model.__name__, made)
    if name == "rules":
        _from_templates(parts["RuleEntry"])
    return {"$schema": _DIALECT, "title": f"Tocsin: {name}", **whole, "$defs": parts}


def write(directory: Path) -> list[Path]:
    """Every schema as a file, `<name>.schema.json`."""
    directory.mkdir(parents=True, exist_ok=True)
    written = [directory / f"{name}.schema.json" for name in FILES]
    for path, name in zip(written, FILES, strict=True):
        with whole_file(path) as file:
            file.write(text(name).encode())
    return written


def text(name: str) -> str:
    """The schema as it is written."""
    return json.dumps(schema(name), ensure_ascii=False, indent=2) + "\n"


def _part(name: str, part: Schema) -> Schema:
    """One class: without what its docstring says to programmers, with what its keys mean."""
    described = {
        **KEYS.get(name, {}),
        **DRILL_KEYS.get(name, {}),
        **(KEYS["Channel"] if name in _CHANNELS else {}),
    }
    part = _tidy({key: value for key, value in part.items() if key not in ("title", "description")})
    for key, of_key in part.get("properties", {}).items():
        of_key["description"] = described[key]
    return part


def _tidy(node: Any) -> Any:
    """What an editor is to see: texts without bounds of numbers, defaults only as they are written."""
    if isinstance(node, list):
        return [_tidy(part) for part in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return {"$ref": node["$ref"].replace("/_", "/")}
    tidy = {key: _named(part) if key == "properties" else _tidy(part) for key, part in node.items()}
    # Of OpenAPI: the alternatives say the same.
    tidy.pop("discriminator", None)
    if not isinstance(tidy.get("default"), _TYPES.get(str(tidy.get("type")), ())):
        tidy.pop("default", None)
    if tidy.get("type") == "string":
        tidy = {key: part for key, part in tidy.items() if key not in _OF_NUMBERS}
    if "patternProperties" in tidy:
        tidy["additionalProperties"] = False
    return tidy


def _named(properties: Schema) -> Schema:
    return {key: _tidy(part) for key, part in properties.items()}


def _from_templates(rule: Schema) -> None:
    """A rule may leave everything to a template."""
    values = {"type": ["string", "number"]}
    described = KEYS["RuleEntry"]
    rule["properties"] |= {
        "use": {"type": "string", "description": described["use"]},
        "with": {"type": "object", "additionalProperties": values, "description": described["with"]},
    }
    rule["anyOf"] = [{"required": ["use"]}, {"required": rule.pop("required")}]
