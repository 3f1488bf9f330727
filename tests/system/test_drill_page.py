"""The score card of a drill in a real browser: it opens without an error, and a small screen shows it."""

import re
from datetime import UTC
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from tests.system.browser import HEIGHT, WIDTH, browse
from tests.tocsin.scored import both, card, course, ms
from tocsin.commands.language import Language
from tocsin.drill.card import Moment
from tocsin.drill.card_page import card_page

pytestmark = pytest.mark.system

RED, BLUE = (207, 31, 31), (30, 98, 200)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """Of a drill in which much was raised."""
    courses = [course(raised=ms(5 * number), told=ms(5 * number)) for number in range(6)]
    story = [Moment(at=ms(5 * number), what="storm", text=both("茶山", "tea-hill")) for number in range(8)]
    shown = card(story=tuple(story), courses=(*courses, course(grade="blue", limits={})))
    path = tmp_path / "card.html"
    path.write_text(card_page(shown, UTC, Language.EN), "utf-8")
    return path


async def test_it_opens_without_an_error_and_shows_picture_and_tables(page: Path, tmp_path: Path) -> None:
    dom, log = await browse("--dump-dom", page.as_uri(), home=tmp_path / "home")

    assert "CONSOLE" not in log, log
    assert dom.count("<figure>") == dom.count("<svg") == 1
    assert len(re.findall(r'<rect class="red"', dom)) == 6
    for shown in (
        "EXERCISE Fire in Market Street",
        "passed: 1 of 1",
        "What was expected",
        "How long it took",
        "◆",
    ):
        assert shown in dom


async def test_a_small_screen_shows_the_picture_whole_and_cuts_nothing_off(
    page: Path, tmp_path: Path
) -> None:
    shot = tmp_path / "card.png"

    await browse(f"--screenshot={shot}", page.as_uri(), home=tmp_path / "home")

    pixels = (imread(shot)[:, :, :3] * 255).round().astype(int)
    assert pixels.shape[:2] == (HEIGHT, WIDTH)
    # The last ribbon is the blue one.
    for colour in (RED, BLUE):
        assert np.all(pixels == colour, axis=2).sum() > 1000
    margin = pixels[:, WIDTH - 24 :]
    assert np.all(margin == margin[0, 0])
