"""An office that issues CAP documents, for tests: its feed, and the schema that its documents keep."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lxml import etree

from ingest.clock import LockstepClock
from notifiers.cap.channel import CapChannel, Folder
from notifiers.cap.terms import NAMESPACE, Issuer
from rules.realm import Realm
from tests.notifiers.announced import AT

URL = "https://warnings.qingxi.example/cap/"
OFFICE = "36119900100000"
LARGEST = 300.0  # km²; the shipped district has 424, its zones 20 to 24
ISSUER = Issuer(
    sender="warnings.qingxi.example",
    office=OFFICE,
    name={"zh": "清溪区应急指挥中心", "en": "Qingxi District Command Centre"},
    exercise="2026-QX-03",
)
DATA = Path(__file__).parent.parent / "data" / "cap"
_SCHEMA = etree.XMLSchema(etree.parse(DATA / "alert.xsd"))


@contextmanager
def opened(
    folder: Path, realm: Realm = Realm.DRILL, issuer: Issuer = ISSUER, clock: LockstepClock | None = None
) -> Iterator[CapChannel]:
    """A channel whose documents go to `folder`/public."""
    place = Folder(folder / "public", URL, folder / "cap.sqlite")
    clock = clock or LockstepClock(AT)
    channel = CapChannel("feed", realm, place, issuer, clock=clock, largest=LARGEST)
    try:
        yield channel
    finally:
        channel.close()


def files(folder: Path) -> dict[str, bytes]:
    """What the web server shows."""
    return {path.name: path.read_bytes() for path in sorted((folder / "public").iterdir())}


def tree(document: bytes) -> etree._Element:
    return etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))


def against_schema(document: bytes) -> str:
    """What the schema has against it, "" if it is valid."""
    _SCHEMA.validate(tree(document))
    return "\n".join(str(error) for error in _SCHEMA.error_log)


def values(document: bytes, name: str) -> list[str]:
    """The texts of all elements of this name, in order."""
    return [element.text or "" for element in tree(document).iter(f"{{{NAMESPACE}}}{name}")]


def parameters(document: bytes) -> dict[str, str]:
    """The parameters of the first block, by name."""
    first = next(tree(document).iter(f"{{{NAMESPACE}}}info"))
    pairs = first.findall(f"{{{NAMESPACE}}}parameter")
    return {pair[0].text or "": pair[1].text or "" for pair in pairs}
