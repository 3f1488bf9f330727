"""The pictures of docs/simulators.md are those that the command draws."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench.waveforms.__main__ import DOCS, PICTURES, main
from bench.waveforms.panel import shipped, toxic

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("pictures")
    main(directory)
    return directory


def curves(path: Path) -> dict[str, list[float]]:
    """By its id the numbers of each curve: fonts and styles of another matplotlib are no difference."""
    groups = (g for g in ET.parse(path).iter(f"{SVG}g") if g.get("id", "").startswith("curve-"))
    return {
        group.get("id", ""): [
            float(number)
            for p in group.iter(f"{SVG}path")
            for number in re.findall(r"-?[\d.]+", p.get("d", ""))
        ]
        for group in groups
    }


def texts(path: Path) -> list[str]:
    return ["".join(text.itertext()) for text in ET.parse(path).iter(f"{SVG}text")]


@pytest.mark.parametrize("name", PICTURES)
def test_a_committed_picture_is_what_the_command_draws(name: str, drawn: Path) -> None:
    committed, fresh = DOCS / f"simulators-{name}.svg", drawn / f"simulators-{name}.svg"

    assert texts(committed) == texts(fresh)
    found, expected = curves(committed), curves(fresh)
    assert found.keys() == expected.keys()
    assert found
    for curve, numbers in expected.items():
        assert found[curve] == pytest.approx(numbers, abs=0.05), curve


@pytest.mark.parametrize("name", PICTURES)
def test_the_page_shows_the_picture_and_each_axis_names_its_unit(name: str) -> None:
    assert f"(simulators-{name}.svg)" in (DOCS / "simulators.md").read_text("utf-8")
    for panel in PICTURES[name]():
        assert panel.x, panel.title
        assert panel.y, panel.title


def test_the_command_draws_the_same_bytes_twice(drawn: Path, tmp_path: Path) -> None:
    main(tmp_path)

    for name in PICTURES:
        file = f"simulators-{name}.svg"
        assert (tmp_path / file).read_bytes() == (drawn / file).read_bytes()


def test_the_lines_are_the_thresholds_of_the_shipped_rules() -> None:
    smoke = shipped("smoke", "smoke", "smoke.yaml", "yellow")
    level = shipped("tank-level-high", "level", "tank.yaml", "yellow", "orange")

    assert [limit.value for limit in smoke] == [0.15]
    assert [limit.value for limit in level] == [85, 90]
    assert [limit.value for limit in toxic("gas-nh3")] == [20, 40, 360]
    with pytest.raises(LookupError, match="the rule smoke compares no battery in its grade red"):
        shipped("smoke", "battery", "smoke.yaml", "red")
