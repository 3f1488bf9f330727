"""docs/drills.md: its drills can be held, its commands exist, every key is told, what it shows is printed."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel
from typer.core import TyperGroup
from typer.main import get_command

from ingest.clock import MINUTE
from simulators.faults import FAULTS
from tests.docs.drills_page import PAGE, ROOT, cells, commands, drills, shown
from tests.tocsin.holding import held
from tests.tocsin.performance import county
from tocsin.cli import app
from tocsin.commands.language import Language
from tocsin.drill.card import Verdict
from tocsin.drill.card_tables import headline, sheets, side_by_side
from tocsin.drill.card_words import verdict_of
from tocsin.drill.drill_file import Drill, DrillFile, ExpectEntry, StoryEntry, TemperEntry, read_drill
from tocsin.drill.names import strangers
from tocsin.drill.running import AFTERWARDS


def drill(text: str) -> Drill:
    found, findings = read_drill("drill.yaml", text)
    assert found is not None, findings
    assert [*strangers(found, county())] == []
    return found


@pytest.mark.parametrize("text", drills(), ids=range(len(drills())))
def test_every_drill_of_the_page_fits_the_shipped_configuration(text: str) -> None:
    drill(text)


def test_the_example_grows() -> None:
    """What is happening, and what is expected, stays from step to step."""
    first, second, third, _ = (drill(text).file for text in drills())

    for before, after in ((first, second), (second, third)):
        assert {entry.at: entry.key for entry in before.storyline}.items() <= {
            entry.at: entry.key for entry in after.storyline
        }.items()
        assert len(before.expect.model_fields_set) < len(after.expect.model_fields_set)


def options(*path: str) -> set[str]:
    """Those of the command that begins so; what stands behind its name does not matter."""
    command = get_command(app)
    for name in path:
        if isinstance(command, TyperGroup):
            command = command.commands[name]
    return {option for parameter in command.params for option in parameter.opts if option.startswith("--")}


@pytest.mark.parametrize("arguments", [*commands()], ids=" ".join)
def test_every_command_of_the_page_exists_with_its_options(arguments: list[str]) -> None:
    assert {word for word in arguments if word.startswith("--")} - options(*arguments) == set()


def test_every_option_of_a_run_is_told() -> None:
    assert options("drill", "run") == set(re.findall(r"^\| `(--\w+)` \|", PAGE, re.MULTILINE))


def keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def test_every_key_is_told() -> None:
    rows = re.findall(r"^\| (`.+?) \|", PAGE, re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`([\w-]+)(?::[^`]*)?`", row)}

    for model in (DrillFile, StoryEntry, TemperEntry, ExpectEntry):
        assert {key for key in keys(model) if key != "at"} - told == set(), model
    assert set(FAULTS) - told == set()


@pytest.mark.parametrize("key", [key for key in StoryEntry.model_fields if key != "at"])
def test_every_size_of_a_happening_is_told_beside_it(key: str) -> None:
    [row] = re.findall(rf"^\| `{key}` \|.*$", PAGE, re.MULTILINE)
    [entry] = [each for each in StoryEntry.model_fields[key].annotation.__args__ if each is not type(None)]

    assert {name for name in keys(entry) if name != "place" and not re.search(rf"`{name}\b", row)} == set()


def test_make_drill_takes_less_than_two_minutes_and_nothing_for_developers() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    [name] = re.findall(r"^DRILL \?= (.+)$", text, re.MULTILINE)
    file = drill((ROOT / name).read_text("utf-8")).file

    assert (file.lasts + AFTERWARDS) / file.speed < 2 * MINUTE
    assert "\ndrill: $(VENV)/.run\n\t@$(BIN)/tocsin drill run $(DRILL)\n" in text
    assert f"(../{name})" in PAGE


def test_every_result_is_told() -> None:
    told = re.findall(r"^\| `([✓✗] \w+)` \|", PAGE, re.MULTILINE)

    assert told == [verdict_of(verdict, Language.EN) for verdict in Verdict]


async def test_the_score_cards_of_the_page_are_those_of_its_drill(tmp_path: Path) -> None:
    record = await held(drill(shown("yaml held")), tmp_path)

    card, zone = record.card(), record.configuration.settings.zone_info
    printed = {sheet.title: sheet for sheet in sheets(card, Language.EN)}
    expected, hours = printed["What was expected"], printed["How long it took"]
    assert shown("text card").splitlines()[0] == headline(card, Language.EN)
    assert cells(shown("text card")) == [[*row] for row in (expected.columns, *expected.rows)]
    columns, *rows = cells(shown("text hours"))
    assert columns == hours.columns
    assert [row for row in rows if row not in [[*each] for each in hours.rows]] == []
    beside = side_by_side([card], zone, Language.EN)
    columns, *rows = cells(shown("text compared"))
    assert columns == beside.columns
    [[name, _, *figures]] = beside.rows
    assert [name, *figures] in [[row[0], *row[2:]] for row in rows]
