"""The schemas of `tocsin schema`: up to date, described, at one with the readers; and the modelines."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ingest.document import parse_yaml
from tests.docs.json_schema import Checker
from tests.docs.rules_page import PAGE
from tests.tocsin.program import program
from tocsin.schema import FILES, schema, text, write

ROOT = Path(__file__).parent.parent.parent
CONFIGS = ROOT / "configs"
SCHEMAS = CONFIGS / "schema"
SHIPPED = sorted(CONFIGS.glob("**/*.yaml"))
# What the files of a directory are called.
OF_DIRECTORY = {"rules": "rules", "tests": "tests", "drills": "drill"}
MODELINE = re.compile(r"# yaml-language-server: \$schema=(\S+)")
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FORMATS = FENCE.findall((ROOT / "docs" / "formats.md").read_text("utf-8"))
# The blocks of the pages, by what their files are called here.
EXAMPLES = [
    *[(info.split()[1], body) for info, body in FORMATS if info.startswith("yaml ")],
    *[("rules", body) for info, body in FENCE.findall(PAGE) if info == "yaml"],
]


def data(yaml: str) -> Any:
    document, findings = parse_yaml("f", yaml)
    assert document is not None
    assert findings == []
    return document.data


def of(name: str) -> Checker:
    return Checker(schema(name))


def shipped(name: str) -> Any:
    """The data of a shipped file."""
    return data((CONFIGS / name).read_text("utf-8"))


def named_in(path: Path) -> Path:
    """The schema that the first line of a file names."""
    match = MODELINE.fullmatch(path.read_text("utf-8").splitlines()[0])
    assert match is not None
    return (path.parent / match[1]).resolve()


def test_the_schemas_that_are_shipped_are_up_to_date() -> None:
    assert {path.name: path.read_text("utf-8") for path in SCHEMAS.iterdir()} == {
        f"{name}.schema.json": text(name) for name in FILES
    }


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_file_names_its_schema_in_its_first_line(path: Path) -> None:
    name = OF_DIRECTORY.get(path.parent.name, path.stem)

    assert named_in(path) == SCHEMAS / f"{name}.schema.json"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_file_is_valid_by_its_schema(path: Path) -> None:
    checker = Checker(json.loads(named_in(path).read_text("utf-8")))

    assert checker.errors(data(path.read_text("utf-8"))) == []


def test_the_shipped_zones_are_valid_by_their_schema() -> None:
    assert of("zones").errors(json.loads((CONFIGS / "zones.geojson").read_text("utf-8"))) == []


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_every_example_of_the_pages_is_valid(name: str, example: str) -> None:
    if name == "channels":
        name, example = "tocsin", (CONFIGS / "tocsin.yaml").read_text("utf-8").split("channels:")[0] + example

    assert of(name).errors(data(example)) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "at"),
    [
        ("tocsin", "port: 1883", "port: 188300", "$.mqtt.port"),
        ("tocsin", "realm: live\ntime", "realm: life\ntime", "$.realm"),
        ("tocsin", "reach: phone", "reach: fone", "$.channels.sms"),
        ("tocsin", "mqtt:", "mqqt:", "$.mqqt"),
        ("kinds", "reporting: periodic 5min", "reporting: often", "$.kinds.smoke.reporting"),
        ("kinds", "heartbeat: 5min", "heartbeat: 5", "$.kinds."),
        ("contacts", "roles: [operator]", "roles: [boss]", "$.people.lin-duty.roles[0]"),
        ("contacts", 'phone: "+8610000000001"', "phone: 5", "$.people.lin-duty.phone"),
        ("contacts", "shift: 12h", "shift: 12", "$.rosters.watch.shift"),
        ("routes", "grades: [blue, ", "grades: [green, ", "$.routes[0].grades[0]"),
        ("routes", "yellow: {acknowledge: 15min}", "yellow: {acknowledge: soon}", "$.deadlines.yellow"),
        ("routes", "to: [duty], ", "", "$.routes[0]"),
        ("rules/river", "grades:", "grads:", "$.rules[0]"),
        ("rules/river", "hazard: flood", "hazard: [flood]", "$.rules[0].hazard"),
        ("rules/smoke", "after: ", "atfer: ", "$.rules[0].release"),
        ("tests/storm", "act: request", "act: ask", "$.tests[0].deliveries"),
    ],
)  # fmt: skip
def test_a_broken_file_is_not_valid(name: str, old: str, new: str, at: str) -> None:
    before = (CONFIGS / f"{name}.yaml").read_text("utf-8")
    assert old in before

    errors = of(name.split("/")[0]).errors(data(before.replace(old, new, 1)))

    assert errors
    assert any(error.startswith(at) for error in errors)


def test_a_rule_needs_a_ladder_or_a_template() -> None:
    rules = of("rules")

    assert rules.errors({"rules": [{"use": "gas", "id": "co", "with": {"limit": "5 mg/m3"}}]}) == []
    assert rules.errors({"rules": [{"id": "co", "for_each": "gas sensor"}]}) != []


@pytest.mark.parametrize("name", FILES)
def test_every_key_is_described_and_nothing_is_told_that_only_programmers_want(name: str) -> None:
    made = schema(name)
    parts = [made, *made["$defs"].values()]

    described = [key["description"] for part in parts for key in part.get("properties", {}).values()]
    assert described
    assert all(len(description) > 4 for description in described)
    assert all("description" not in part for part in parts)


def test_a_default_is_shown_only_as_it_would_be_written() -> None:
    """Durations are milliseconds inside."""
    defaults = re.findall(r'"default": (.+?),?\n', "".join(map(text, FILES)))

    assert defaults
    assert all(re.fullmatch(r'true|false|"[^"]*"|\d{1,5}', default) for default in defaults)


def test_schemas_are_written_into_a_directory(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ended = program(capfd)("schema", "--write", tmp_path / "schema")

    assert ended.code == 0
    assert [Path(line).name for line in ended.out.splitlines()] == [f"{name}.schema.json" for name in FILES]
    assert write(tmp_path / "again")[0].read_text("utf-8") == text("tocsin")


def test_one_schema_is_printed_and_all_names_without_one(capfd: pytest.CaptureFixture[str]) -> None:
    tocsin = program(capfd)

    assert json.loads(tocsin("schema", "routes").out) == schema("routes")
    assert tocsin("schema").out.split() == [*FILES]
    assert tocsin("schema", "rutes").code == 2
