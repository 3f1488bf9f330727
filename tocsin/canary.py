"""The canary as it is written, recognised and judged: a reading that is no sensor's, in a realm of its own.

It comes on a topic that no sensor can have, `tocsin/v1/canary/canary/<client id>/telemetry` (with the first
level of the settings' realm), and is an ordinary native reading: `{"t": <ms>, "v": {"canary": 1}}`. The
decoder refuses it, as it does whatever is not registered, and what it refuses is looked through here: so a
canary costs real readings nothing, and is nobody's reading, counted nowhere and in no quarantine.
"""

from dataclasses import replace
from datetime import UTC

import msgspec

from ingest.decode.native import read_native
from ingest.decode.refusal import Fault
from ingest.namespace import VERSION, Namespace
from ingest.reading import Decoded, Rejected
from ingest.registry import Registry
from notifiers.contacts import Person
from notifiers.routes import Reach, Route, Routes
from notifiers.routing import Router
from rules.grade import Grade
from rules.transition import Disposition, Transition, warning_id

PLACE, SUFFIX = f"/{VERSION}/canary/canary/", "/telemetry"
METRIC = CHANNEL = RULE = "canary"


class Canary(msgspec.Struct, frozen=True):
    """Whose it is, and the instant (ms) at which it was let fly: that is its name."""

    of: str
    sent: int


def topic(of: str, namespace: Namespace) -> str:
    return f"{namespace}{PLACE}{of}{SUFFIX}"


def payload(sent: int) -> bytes:
    return b'{"t":%d,"v":{"%s":1}}' % (sent, METRIC.encode())


def sorted_out(decoded: Decoded, namespace: Namespace) -> tuple[Decoded, list[Canary]]:
    """What was decoded without the canaries, and these; what only looks like one stays refused."""
    prefix = f"{namespace}{PLACE}"
    found = [(one, canary) for one in decoded.rejected if (canary := _read(one, prefix)) is not None]
    if not found:
        return decoded, []
    flown = {one.message for one, _ in found}
    rejected = [one for one in decoded.rejected if one.message not in flown]
    kept = replace(decoded, rejected=rejected, messages=decoded.messages - len(found))
    return kept, [canary for _, canary in found]


def _read(refused: Rejected, prefix: str) -> Canary | None:
    if not (refused.topic.startswith(prefix) and refused.topic.endswith(SUFFIX)):
        return None
    report = read_native(refused.payload)
    if isinstance(report, Fault) or not isinstance(report.t, int) or report.v.keys() != {METRIC}:
        return None
    return Canary(refused.topic.removeprefix(prefix).removesuffix(SUFFIX), report.t)


def raised(canary: Canary, at: int) -> Transition:
    """The line of the warning that a canary raises at `at` (ms), each of a hazard of its own."""
    return Transition(
        at=at,
        rule=RULE,
        subject=canary.of,
        warning=warning_id(RULE, canary.of, canary.sent),
        ordinal=0,
        before=None,
        after=Grade.BLUE,
        disposition=Disposition.AUTO,
        reason="raised",
        evidence={"text": f"sent at {canary.sent}"},
    )


def router() -> Router:
    """Routes it to one recipient over the one channel of its realm."""
    perch = Person(id=CHANNEL, name={"en": "Canary"}, phone="+000000000", languages=("en",))
    everything = Route(
        hazard="*", grades=frozenset(Grade), zones=frozenset(), people=(perch,), channels=(CHANNEL,),
        file="the watchdog", line=0,
    )  # fmt: skip
    routes = Routes(routes=(everything,))
    return Router(routes, Registry.of([], {}), (), UTC, {CHANNEL: Reach.PHONE})
