"""The sealed configuration of a drill: what the files say of a place, with none of their gateways.

It is written anew, as a bundle of its own: what is not named here is not taken over, and no secret is
read. So the state directory of a drill holds nothing of live service either.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.document import parse_yaml
from ingest.finding import ConfigurationError
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

    Raises ConfigurationError for settings that cannot be read.
    """
    text = bundle.texts[bundle.main]
    settings, findings = read_settings(bundle.main, text)
    document, _ = parse_yaml(bundle.main, text)
    if settings is None or document is None or not isinstance(document.data, dict):
        raise ConfigurationError(findings)
    written: dict[str, Any] = {
        **{key: value for key, value in document.data.items() if key in KEPT},
        "realm": Realm.DRILL,
        "mqtt": {"host": HOST, "port": ends.broker, "linger": "0s"},
        "channels": {name: _simulated(reach, ends) for name, reach in settings.reach.items()},
    }
    return Bundle(
        bundle.main, {**bundle.texts, bundle.main: json.dumps(written, ensure_ascii=False, indent=1)}
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
