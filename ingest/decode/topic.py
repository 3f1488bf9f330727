"""Who speaks: `tocsin/v1/<zone>/<kind>/<sensor>/<telemetry|event|state>` against the registry.

In a drill the first level is `tocsin-drill` throughout; what comes in the other namespace is refused.
Identity comes from the topic alone, since the broker's access list guards it. A gateway speaks for its own
sensors on `tocsin/v1/<zone>/gateway/<gateway>/telemetry`, where `<zone>` is a zone of one of them.
"""

from ingest.decode.refusal import Refusal, quoted
from ingest.namespace import VERSION, Namespace
from ingest.reading import Reason
from ingest.registry import Registry

STREAMS = frozenset({"telemetry", "event", "state"})
GATEWAY = "gateway"
SHAPE = "<zone>/<kind>/<sensor>/<telemetry|event|state>"

_EXERCISE = ("of an exercise", "this service is not one")
_LIVE = ("of live service", "this is an exercise")


def levels_of(topic: str) -> tuple[str, str, str]:
    """Zone, kind and device as a topic of either namespace says; empty for a topic of another form."""
    levels = topic.split("/")
    if Namespace.of_topic(topic) is None or levels[1:2] != [VERSION] or len(levels) != 6:
        return "", "", ""
    return levels[2], levels[3], levels[4]


class Topics:
    """Topic -> address: a sensor's slot, or a negative number for a gateway.

    `known` answers for every topic seen so far; it holds topics of registered devices only, so it cannot
    outgrow the registry whatever is published.
    """

    def __init__(self, registry: Registry, namespace: Namespace = Namespace.LIVE) -> None:
        self.known: dict[str, int] = {}
        self._namespace = namespace
        self._root = [namespace, VERSION]
        self._registry = registry
        self._zones: dict[str, set[str]] = {}
        for sensor in registry.sensors:
            if sensor.gateway:
                self._zones.setdefault(sensor.gateway, set()).add(sensor.zone)
        self._gateways = list(self._zones)
        self._numbers = {gateway: -1 - n for n, gateway in enumerate(self._gateways)}

    def resolve(self, topic: str) -> int:
        """The address of `topic`; raises Refusal (OTHER_REALM, WRONG_TOPIC, UNREGISTERED)."""
        levels = topic.split("/")
        if levels[:2] != self._root or len(levels) != 6 or levels[5] not in STREAMS:
            raise self._misplaced(topic)
        zone, kind, device, stream = levels[2:]
        by_gateway = kind == GATEWAY
        address = self._gateway(zone, device, stream) if by_gateway else self._sensor(zone, kind, device)
        self.known[topic] = address
        return address

    def member(self, address: int, device: str) -> int:
        """The slot of `device` as named inside a pack that came from `address`.

        `device` is what stands before the metric in a name, or empty for the sensor whose topic it is: the
        sensor's id, alone or as the last part of a URN or path. A URN of something else (a hardware address)
        is let pass on a sensor's own topic, but never the name of another registered sensor.
        """
        slot = self._named(device)
        if address < 0:
            return self._of_gateway(self._gateways[-1 - address], device, slot)
        if device and slot != address and (slot is not None or not device.startswith("urn:")):
            own, named = self._registry.sensors[address].id, quoted(device)
            raise Refusal(Reason.WRONG_TOPIC, f"{named} on the topic of {quoted(own)}", named)
        return address

    def sender(self, topic: str) -> str:
        """Who speaks on a topic that has been resolved; empty for any other."""
        address = self.known.get(topic)
        if address is None:
            return ""
        return (
            self._registry.sensors[address].id if address >= 0 else f"gateway {self._gateways[-1 - address]}"
        )

    def _misplaced(self, topic: str) -> Refusal:
        whose = Namespace.of_topic(topic)
        if whose not in (None, self._namespace):
            what, here = _EXERCISE if whose is Namespace.DRILL else _LIVE
            return Refusal(Reason.OTHER_REALM, f"{quoted(topic)} is {what}, and {here}", "")
        shape = "/".join((*self._root, SHAPE))
        return Refusal(Reason.WRONG_TOPIC, f"{quoted(topic)} is not of the form {shape}", "")

    def _sensor(self, zone: str, kind: str, device: str) -> int:
        slot, named = self._registry.slots.get(device), quoted(device)
        if slot is None:
            detail = f"{named} is not in the registry; adopt it or refuse it"
            raise Refusal(Reason.UNREGISTERED, detail, named)
        sensor = self._registry.sensors[slot]
        if (sensor.zone, sensor.kind) != (zone, kind):
            place = f"{sensor.zone}/{sensor.kind}"
            detail = f"{named} is registered as {place}, not {quoted(f'{zone}/{kind}')}"
            raise Refusal(Reason.WRONG_TOPIC, detail, named)
        return slot

    def _gateway(self, zone: str, gateway: str, stream: str) -> int:
        zones, named = self._zones.get(gateway), quoted(gateway)
        if zones is None:
            detail = f"no sensor is registered behind gateway {named}"
            raise Refusal(Reason.UNREGISTERED, detail, named)
        if zone not in zones:
            detail = f"gateway {named} serves no sensor in {quoted(zone)}"
            raise Refusal(Reason.WRONG_TOPIC, detail, named)
        if stream != "telemetry":
            raise Refusal(Reason.WRONG_TOPIC, "a gateway sends telemetry only", named)
        return self._numbers[gateway]

    def _of_gateway(self, gateway: str, device: str, slot: int | None) -> int:
        if slot is None:
            named = quoted(device)
            detail = f"{named}, reported by gateway {quoted(gateway)}, is not in the registry"
            raise Refusal(Reason.UNREGISTERED, detail, named)
        if self._registry.sensors[slot].gateway != gateway:
            named = quoted(device)
            detail = f"{named} is not behind gateway {quoted(gateway)}"
            raise Refusal(Reason.WRONG_TOPIC, detail, named)
        return slot

    def _named(self, device: str) -> int | None:
        slots = self._registry.slots
        slot = slots.get(device)
        return slot if slot is not None else slots.get(device.replace("/", ":").rpartition(":")[2])
