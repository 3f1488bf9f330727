"""The site parameters of sensors under one rule: a city has few that differ."""

from ingest.registry import Registry, Sensor
from rules.engine.left_sides import Site
from rules.rule import Parameters


class Sites:
    """The parameters of each sensor: one and the same object for all that have the same."""

    def __init__(self, parameters: Parameters, registry: Registry) -> None:
        self._parameters = parameters
        self._registry = registry
        self._known: dict[object, Site] = {}

    def __call__(self, sensor: Sensor) -> Site:
        row = sensor.id if sensor.id in self._parameters.sensors else ""
        key = (sensor.zone, row, tuple(sensor.site.items()))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._parameters.of(sensor, self._registry)
        return found
