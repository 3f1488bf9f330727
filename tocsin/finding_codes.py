"""The codes of findings that only the whole of a configuration shows, and those of every package."""

from types import MappingProxyType
from typing import Final

from ingest.finding_codes import CODES as OF_FILES
from notifiers.finding_codes import CODES as OF_ROUTES
from rules.finding_codes import CODES as OF_RULES

CODES: dict[str, str] = {
    "E001": "a file cannot be read, or is not UTF-8",
    "E002": "the directory holds no rule file",
    "E003": "a route names a channel that is not configured",
    "E004": "a route names a hazard that no rule raises",
    "E005": "a channel belongs to another realm than the settings",
    "E006": "an applied configuration is still needed for the journal, and this version cannot read it",
    "E007": "a condition cannot be evaluated for a sensor",
    "E008": "no sensor is in the zone",
    "E009": "nobody is told of a zone but those who are told of everywhere",
    "E010": "a rule names a metric that no sensor reports",
    "E011": "a sensor stands outside every zone",
    "E012": "a sensor stands in its zone only if its coordinates are GCJ-02",
    "E013": "horns play without approval, and the settings want one",
    "E014": "a subscription hears more than the realm of the settings",
    "E015": "a drill cannot be made of these settings",
    "E016": "the state directory belongs to another realm",
    "E017": "real warnings cannot be seen",
    "E401": "a drill has something after its end",
    "E402": "a drill names what the configuration does not have",
    "E403": "no sensor can feel what happens there in a drill",
}

# Every code that a finding can have, with its meaning, in their order.
MEANINGS: Final = MappingProxyType(dict(sorted((CODES | OF_FILES | OF_RULES | OF_ROUTES).items())))
