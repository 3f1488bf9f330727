"""The documents against the program: what they name exists, and what they show is read as they say."""

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import typer.main
from pydantic import BaseModel

from ingest.decode import Decoder
from ingest.kinds import Kinds
from ingest.kinds_file import read_kinds
from ingest.reading import Decoded, Reason
from ingest.registry import Registry
from ingest.sensors_file import read_sensors_csv, read_sensors_yaml
from ingest.wire import Message
from ingest.zones_file import read_zones
from notifiers.contacts_file import Contacts, read_contacts
from notifiers.loudspeaker import LoudspeakerChannel
from notifiers.routes_file import read_routes
from rules.finding_codes import CODES
from rules.rulebook import read_rules
from simulators.horn import Command
from simulators.readings_csv import read_rows
from tocsin.cli import app
from tocsin.configuration import Configuration, configure, read_bundle
from tocsin.settings import Settings

ROOT = Path(__file__).parent.parent.parent
READMES = ("README.md", "README.zh-CN.md")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("configs/**/*.md")])
FENCE = re.compile(r"^```(.*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RECEIVED = 1_795_298_401_000


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def snippets(name: str, info: str) -> list[str]:
    """The fenced blocks of a document whose opening line says `info`."""
    return [body for opening, body in FENCE.findall(text_of(name)) if opening == info]


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


@pytest.fixture(scope="module")
def configuration() -> Configuration:
    return configure(read_bundle(ROOT / "configs" / "tocsin.yaml"))


@pytest.fixture(scope="module")
def kinds(configuration: Configuration) -> Kinds:
    return configuration.basis.kinds


@pytest.fixture(scope="module")
def registry(configuration: Configuration) -> Registry:
    return configuration.basis.registry


@pytest.mark.parametrize("readme", READMES)
def test_every_command_is_in_the_readme(readme: str) -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    headed = set(re.findall(r"^### tocsin (\w+)$", text_of(readme), re.MULTILINE))

    assert headed == set(commands)
    assert set(re.findall(r"^\| \[`tocsin (\w+)`\]", text_of(readme), re.MULTILINE)) == set(commands)


@pytest.mark.parametrize("readme", READMES)
def test_the_two_commands_stand_in_the_first_screen(readme: str) -> None:
    first = "\n".join(text_of(readme).splitlines()[:24])

    assert re.search(r"^make run +#", first, re.MULTILINE)
    assert re.search(r"^make test +#", first, re.MULTILINE)


def test_both_readmes_show_the_same() -> None:
    """The same headings in the same number, the same links and the same examples, but for their words."""
    english, chinese = map(text_of, READMES)

    def shape(text: str) -> list[str]:
        return [level for level in re.findall(r"^(#+) ", text, re.MULTILINE)]

    def links(text: str) -> set[str]:
        return {link for link in re.findall(r"\]\(([^)#]+)", text) if not link.startswith("README")}

    assert shape(english) == shape(chinese)
    assert links(english) == links(chinese)
    assert len(FENCE.findall(english)) == len(FENCE.findall(chinese))


def test_every_setting_is_documented() -> None:
    named = set(re.findall(r"`([a-z_.]+)`", text_of("docs/operations.md")))

    assert settings_keys(Settings) - named == set()


def test_every_metric_is_documented() -> None:
    metrics = set(re.findall(r'"(tocsin_[a-z_]+)"', text_of("tocsin/figures.py")))
    named = {
        name.removesuffix("_total")
        for name in re.findall(r"^\| `(tocsin_[a-z_]+)` \|", text_of("docs/operations.md"), re.MULTILINE)
    }

    assert metrics
    assert named == metrics


def test_every_reason_of_quarantine_is_documented() -> None:
    rows = re.findall(r"^\| `([a-z0-9_]+)` \|", text_of("docs/operations.md"), re.MULTILINE)

    assert set(Reason) - set(rows) == set()


def test_every_finding_about_rules_is_documented() -> None:
    rows = dict(re.findall(r"^\| (E2\d\d) \| (.+) \|$", text_of("docs/rules.md"), re.MULTILINE))

    assert rows == CODES


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


RULES = snippets("docs/rules.md", "yaml")


@pytest.mark.parametrize("snippet", RULES, ids=range(len(RULES)))
def test_every_rule_shown_is_read(snippet: str, kinds: Kinds, registry: Registry) -> None:
    """Against the kinds and the sensors that the configuration ships."""
    rules, findings = read_rules({"docs/rules.md": snippet}, kinds, registry)

    assert findings == []
    assert rules


def decoded(kinds: Kinds, registry: Registry, *messages: tuple[str, str]) -> Decoded:
    packets = [packet(topic, payload) for topic, payload in messages]
    return Decoder(kinds, registry).decode(1, RECEIVED, packets)


def packet(topic: str, payload: str) -> Message:
    import mqtt5

    return mqtt5.PublishPacket(topic, payload.encode())
