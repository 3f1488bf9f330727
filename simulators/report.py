"""A report on its way from a sensor to the broker: what the layers of `simulators.faults` change."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import msgspec

from simulators.device import Device, telemetry_topic

NONE: Mapping[str, str] = MappingProxyType({})


class Report(msgspec.Struct, frozen=True, gc=False):
    """One message before it is encoded; instants in ms.

    at       when it was measured, in true time
    stamp    what the device's clock said then; None: it sends none
    leaves   when it leaves the gateway, never before `at`
    seq      counts the device's reports from 1
    values   decimals by metric, as they stand on the wire
    units    by metric, where the message names them
    retain   whether the broker is to keep it for those who subscribe later
    payload  the bytes that are sent in place of all this, if not None
    speaker  the id in the topic; '' is the device's own
    """

    device: Device
    at: int
    stamp: int | None
    leaves: int
    seq: int
    values: Mapping[str, str]
    units: Mapping[str, str] = NONE
    retain: bool = False
    payload: bytes | None = None
    speaker: str = ""

    @property
    def topic(self) -> str:
        device = self.device
        return telemetry_topic(device.namespace, device.zone, device.kind, self.speaker or device.id)

    def encoded(self) -> bytes:
        """The payload of the message."""
        if self.payload is not None:
            return self.payload
        stamp = "" if self.stamp is None else f'"t":{self.stamp},'
        values = _members(tuple(self.values)) % tuple(self.values.values())
        if not self.units:
            return f'{{{stamp}"seq":{self.seq},"v":{{{values}}}}}'.encode()
        units = ",".join(f'"{metric}":"{unit}"' for metric, unit in self.units.items())
        return f'{{{stamp}"seq":{self.seq},"v":{{{values}}},"u":{{{units}}}}}'.encode()


@lru_cache(maxsize=1024)
def _members(metrics: tuple[str, ...]) -> str:
    """Where the decimals of these metrics go."""
    return ",".join(f'"{metric}":%s' for metric in metrics)
