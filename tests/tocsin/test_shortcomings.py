"""What `tocsin check` warns of in a configuration that is sound in itself."""

from pathlib import Path

import pytest

from tests.tocsin.program import program


def test_check_warns_of_a_zone_that_the_feed_would_refuse(
    configs: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The shipped district has 424 square kilometres, its zones 20 to 24."""
    feed = (
        f"  feed: {{via: cap, realm: live, directory: {configs}/cap, url: 'https://warnings.example/cap/',"
        " sender: warnings.example, name: {zh: 应急局}, office: '36119941500000', largest_area: 300}\n"
    )
    settings, routes = configs / "tocsin.yaml", configs / "routes.yaml"
    settings.write_text(settings.read_text("utf-8").replace("channels:\n", f"channels:\n{feed}", 1))
    routes.write_text(routes.read_text("utf-8").replace("channels: [board]", "channels: [board, feed]"))

    ended = program(capfd)("check", configs)

    assert ended.code == 0
    [warning] = [line for line in ended.err.splitlines() if "E325" in line]
    assert "feed would not publish a warning of qingxi: up to 424 square kilometres" in warning
