"""The documents against the program: what they name exists, and what they show is read as they say."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel
from typer.core import TyperGroup
from typer.main import get_command

from ingest.reading import Reason
from notifiers.delivery import State
from notifiers.outbox.unreached import Why
from tocsin.channels import MAKERS
from tocsin.cli import app
from tocsin.settings import Settings

ROOT = Path(__file__).parent.parent.parent
READMES = ("README.md", "README.zh-CN.md")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("configs/**/*.md")])
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str) -> list[tuple[str, str]]:
    """The fenced blocks of a document: what stands behind the opening marks, and the body."""
    return FENCE.findall(text_of(name))


def operations() -> str:
    return text_of("docs/operations.md")


def settings_keys(model: type[BaseModel], prefix: str = "") -> set[str]:
    """Every key that holds a value, dotted."""
    keys: set[str] = set()
    for name, field in model.model_fields.items():
        inner = next((m for m in models_in(field.annotation) if issubclass(m, BaseModel)), None)
        keys |= {prefix + name} if inner is None else settings_keys(inner, f"{prefix}{name}.")
    return keys


def models_in(annotation: object) -> list[type]:
    """The classes of `X`, or of `X | None`."""
    members = getattr(annotation, "__args__", (annotation,))
    return [member for member in members if isinstance(member, type)]


def anchors(document: Path) -> set[str]:
    """The names by which a page's headings can be linked to."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("readme", READMES)
def test_every_command_is_in_the_readme(readme: str) -> None:
    command = get_command(app)
    assert isinstance(command, TyperGroup)
    rows = dict(re.findall(r"^\| \[`tocsin (\w+)`\]\(([^)]+)\)", text_of(readme), re.MULTILINE))
    here = {name for name, target in rows.items() if target == f"#tocsin-{name}"}

    assert set(rows) == set(command.commands)
    assert set(re.findall(r"^### tocsin (\w+)$", text_of(readme), re.MULTILINE)) == here
    assert {name for name in rows if name not in here and f"`tocsin {name}" not in operations()} == set()


@pytest.mark.parametrize("readme", READMES)
def test_the_two_commands_stand_in_the_first_screen(readme: str) -> None:
    first = "\n".join(text_of(readme).splitlines()[:24])

    assert re.search(r"^make run +#", first, re.MULTILINE)
    assert re.search(r"^make test +#", first, re.MULTILINE)


def test_both_readmes_show_the_same() -> None:
    """The same headings in the same number, the same links and the same examples, but for their words."""
    english, chinese = map(text_of, READMES)

    def shape(text: str) -> list[str]:
        return re.findall(r"^(#+) ", text, re.MULTILINE)

    def links(text: str) -> set[str]:
        return {link for link in re.findall(r"\]\(([^)#]+)", text) if not link.startswith("README")}

    assert shape(english) == shape(chinese)
    assert links(english) == links(chinese)
    assert [info for info, _ in blocks(READMES[0])] == [info for info, _ in blocks(READMES[1])]


def test_every_setting_is_documented() -> None:
    named = set(re.findall(r"`([a-z_.]+)`", operations()))

    assert settings_keys(Settings) - named == set()


@pytest.mark.parametrize("kind", [*MAKERS], ids=lambda kind: kind.__name__)
def test_every_key_of_a_channel_is_on_its_page(kind: type[BaseModel]) -> None:
    pages = [text_of(str(page.relative_to(ROOT))) for page in ROOT.glob("docs/channels/*.md")]
    via = kind.model_fields["via"].annotation
    [name] = getattr(via, "__args__", ())
    keys = set(kind.model_fields) - {"via", "realm"}
    for secret in getattr(kind, "secrets", ()):
        keys = keys - {f"{secret}_file", f"{secret}_env"} | {secret}
    page = "\n".join(page for page in pages if f"via: {name}" in page)

    assert {key for key in keys if f"`{key}`" not in page} == set()


def test_every_channel_page_is_in_the_index() -> None:
    index = set(re.findall(r"\(channels/([a-z]+\.md)\)", operations()))

    assert index == {page.name for page in ROOT.glob("docs/channels/*.md")}


def test_every_metric_is_documented() -> None:
    metrics = set(re.findall(r'"(tocsin_[a-z_]+)"', text_of("tocsin/figures.py")))
    named = {
        name.removesuffix("_total")
        for name in re.findall(r"^\| `(tocsin_[a-z_]+)` \|", operations(), re.MULTILINE)
    }

    assert metrics
    assert named == metrics


def test_every_reason_of_quarantine_is_documented() -> None:
    rows = re.findall(r"^\| `([a-z0-9_]+)` \|", operations(), re.MULTILINE)

    assert set(Reason) - set(rows) == set()


def test_every_state_of_a_delivery_is_documented() -> None:
    section = operations().partition("\n## Deliveries\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[a-z`, ]+`) \|", section, re.MULTILINE)
    named = {state for row in rows for state in re.findall(r"`([a-z]+)`", row)}

    assert named == set(State)


def test_every_way_to_be_unreached_is_documented() -> None:
    section = operations().partition("`tocsin unreached` says")[2].partition("\n## ")[0]

    assert set(re.findall(r"^\| `([a-z]+)` \|", section, re.MULTILINE)) == set(Why)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_resolve(document: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)

    assert broken == []
