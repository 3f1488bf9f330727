"""The sealed configuration of a drill: what the files say of a place, with none of their gateways.

It is written anew, as a bundle of its own: what is not named here is not taken over, and no secret is
read. So the state directory of a drill holds nothing of live service either.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.document import Document, parse_yaml
from ingest.finding import ConfigurationError, Finding, words
from notifiers.outbox.onlooking import realm_of
from notifiers.routes import Reach
from rules.realm import Realm
from tocsin.bundle import Bundle
from tocsin.settings import Files, read_settings

HOST = "127.0.0.1"
# What of the settings decides how a place is judged; whatever leads out of the house is not among it.
KEPT = (*Files.model_fields, "time_zone", "journal", "horns_need_approval", "apply")


@dataclass(frozen=True, slots=True)
class Ends:
    """Where all that a drill says ends: ports of loopback, and the file with the key of its horns."""

    broker: int
    phone: int
    horn_key: Path


def sealed(bundle: Bundle, ends: Ends) -> Bundle:
    """`bundle` as a drill may use it: every channel has a simulated one in its place, of its name and reach.

    Raises ConfigurationError for settings that cannot be read, or of which no drill is made.
    """
    text = bundle.texts[bundle.main]
    settings, findings = read_settings(bundle.main, text)
    document, _ = parse_yaml(bundle.main, text)
    if settings is None or document is None or not isinstance(document.data, dict):
        raise ConfigurationError(findings)
    if settings.realm not in (Realm.LIVE, Realm.DRILL):
        raise ConfigurationError([_neither(document, settings.realm)])
    written: dict[str, Any] = {
        **{key: value for key, value in document.data.items() if key in KEPT},
        "realm": Realm.DRILL,
        "mqtt": {"host": HOST, "port": ends.broker, "linger": "0s"},
        "channels": {name: _simulated(reach, ends) for name, reach in settings.reach.items()},
    }
    return Bundle(
        bundle.main, {**bundle.texts, bundle.main: json.dumps(written, ensure_ascii=False, indent=1)}
    )


def refuse_foreign(state: Path) -> None:
    """ConfigurationError if `state` has served another realm than a drill; nothing of it is touched."""
    path = state / "outbox.db"
    if path.exists() and (realm := realm_of(path)) is not Realm.DRILL:
        message = words("it holds the realm {realm}, and realms never mix", realm=realm)
        way_out = words("give the drill a directory of its own")
        raise ConfigurationError([Finding(str(state), 0, 0, "E016", message, way_out)])


def _neither(document: Document, realm: Realm) -> Finding:
    """Nobody acts on what replay, shadow and canary judge: there is nothing to train in it."""
    return document.finding(
        ("realm",),
        "E015",
        words("no drill is made of settings of the realm {realm}", realm=realm),
        words("name the settings of live service, or those of a drill"),
    )


def _simulated(reach: Reach, ends: Ends) -> dict[str, Any]:
    """What stands for a channel of that reach: the town's horns, or the phones, which show all else."""
    if reach is Reach.HORN:
        return {"via": "loudspeaker", "realm": Realm.DRILL, "key_file": str(ends.horn_key)}
    # The public has no number.
    to = "public" if reach is Reach.PUBLIC else "{recipient}"
    url = f"json://{HOST}:{ends.phone}/sms?:to={to}&:key={{key}}"
    return {
        "via": "apprise", "realm": Realm.DRILL, "reach": reach, "url": url, "honours_keys": True, "rate": 1000
    }  # fmt: skip
