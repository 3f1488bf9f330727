"""A configuration that is made worse fails a drill: else the drills would prove nothing.

Ten of all the ways in which what a drill expects can be spoilt, drawn by seed.
"""

import io
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.tocsin.holding import SHIPPED, drill_of, held
from tests.tocsin.performance import CONFIGS
from tocsin.bundle import Bundle
from tocsin.configuration import read_bundle
from tocsin.drill.drill_file import Drill

# The short ones.
DRILLS = {path.stem: path for path in SHIPPED if path.stem in ("ammonia", "electrical-fire", "market-fire")}
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?= ?(?:mg/m3|dB/m|mA|degC|1/s))")
MUTATIONS = 10


@dataclass(frozen=True)
class Mutation:
    """What is made worse, of which file of the configuration, for which drill."""

    drill: str
    what: str
    file: str
    change: Callable[[Any], None]

    def __str__(self) -> str:
        return f"{self.drill}: {self.what}"

    def of(self, bundle: Bundle) -> Bundle:
        text = bundle.texts[self.file]
        if self.file.endswith(".geojson"):
            data = json.loads(text)
            self.change(data)
            return replace(bundle, texts={**bundle.texts, self.file: json.dumps(data)})
        yaml, out = YAML(), io.StringIO()
        data = yaml.load(text)
        self.change(data)
        yaml.dump(data, out)
        return replace(bundle, texts={**bundle.texts, self.file: out.getvalue()})


def rule_in(data: Any, rule: str) -> Any:
    return next(entry for entry in data["rules"] if entry["id"] == rule)


def without(rule: str) -> Callable[[Any], None]:
    return lambda data: data["rules"].remove(rule_in(data, rule))


def deaf(rule: str, factor: float) -> Callable[[Any], None]:
    """Every threshold of it so many times as high."""

    def change(data: Any) -> None:
        grades = rule_in(data, rule)["grades"]
        for grade, condition in grades.items():
            grades[grade] = NUMBER.sub(lambda number: scaled(float(number[0]) * factor), condition)

    return change


def scaled(number: float) -> str:
    """As fine as any metric here is measured."""
    return f"{round(number) if number >= 4 else round(number, 3):g}"


def slow(rule: str, grade: str) -> Callable[[Any], None]:
    def change(data: Any) -> None:
        rule_in(data, rule)["sustain"] = {grade: "40min"}

    return change


def untold(who: str) -> Callable[[Any], None]:
    """No route names them any more."""

    def change(data: Any) -> None:
        for route in [*data["routes"]]:
            route["to"] = [name for name in route["to"] if name != who]
            if not route["to"]:
                data["routes"].remove(route)

    return change


def silenced(zone: str, horn: str) -> Callable[[Any], None]:
    def change(data: Any) -> None:
        for feature in data["features"]:
            if feature["properties"]["id"] == zone:
                feature["properties"]["horns"].remove(horn)

    return change


def rule_files() -> dict[str, str]:
    """The file of each rule that is written out."""
    texts = read_bundle(CONFIGS / "tocsin.yaml").texts
    found = {}
    for name, text in texts.items():
        if name.startswith("rules/") and name.endswith(".yaml"):
            found |= {entry["id"]: name for entry in YAML().load(text)["rules"] if "grades" in entry}
    return found


def of_drill(name: str, drill: Drill, files: dict[str, str]) -> Iterator[Mutation]:
    """Ways to spoil what it expects."""
    for wanted in drill.file.expect.warnings:
        if (file := files.get(wanted.rule)) is not None:
            rule = wanted.rule
            yield Mutation(name, f"no rule {rule}", file, without(rule))
            yield Mutation(name, f"{rule} {wanted.grade} 40 min later", file, slow(rule, wanted.grade))
            # Nothing comes before a fire, however sharp the ears; what grows slowly would be early.
            for factor in (0.4, 2.5) if file == "rules/electrical.yaml" else (2.5,):
                if NUMBER.search(str(conditions(file, rule))):
                    yield Mutation(name, f"{rule} thresholds x{factor}", file, deaf(rule, factor))
    for told in drill.file.expect.told:
        for who in told.who:
            if who in {"wu-emergency", "works", "duty"}:
                yield Mutation(name, f"nobody tells {who}", "routes.yaml", untold(who))
            if who.startswith("horn-"):
                yield Mutation(name, f"no {who}", "zones.geojson", silenced(told.zone, who))


def conditions(file: str, rule: str) -> Any:
    data = YAML().load(read_bundle(CONFIGS / "tocsin.yaml").texts[file])
    return dict(rule_in(data, rule)["grades"])


def drawn() -> list[Mutation]:
    files = rule_files()
    all_ = [m for name, path in DRILLS.items() for m in of_drill(name, drill_of(path), files)]
    return random.Random(7).sample(all_, MUTATIONS)


@pytest.mark.parametrize("mutation", drawn(), ids=str)
async def test_what_is_made_worse_fails_a_drill(mutation: Mutation, tmp_path: Path) -> None:
    bundle = mutation.of(read_bundle(CONFIGS / "tocsin.yaml"))

    record = await held(drill_of(DRILLS[mutation.drill]), tmp_path, bundle)

    assert not record.card().passed
