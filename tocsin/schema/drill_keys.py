"""What an editor says of each key of a drill, by the class that it is read as."""

from collections.abc import Mapping
from types import MappingProxyType

_PLACE = {"place": "A sensor, or a zone that has one of the kind."}
_LASTS = {"lasts": "How long."}

DRILL_KEYS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "DrillFile": {
            "title": "What the drill is called, by language.",
            "purpose": "What is practised, by language.",
            "start": "Local time at which it begins: 2026-07-01 21:30.",
            "lasts": "How long it is played.",
            "speed": "Simulated seconds in a real one.",
            "seed": "Another number plays the same story with other chances.",
            "real": "What a real warning does: stop ends the drill.",
            "storyline": "What happens, and when.",
            "people": "How simulated people answer, by their ids in the contacts.",
            "players": "People who take part themselves, and are not simulated.",
            "expect": "What is to come of it.",
        },
        "StoryEntry": {
            "at": "After the start.",
            "fire": "Smoke and heat at a smoke detector.",
            "nuisance": "What a smoke detector takes for smoke.",
            "leakage": "Insulation that fails slowly.",
            "cable": "A bad joint or an overload that heats a cable.",
            "arcing": "Bursts of arcs.",
            "sag": "The voltage falls.",
            "storm": "Rain, and the rivers that it fills.",
            "release": "Gas that drifts with the wind.",
            "tank": "A tank that is overfilled, leaks or is heated.",
            "crowd": "Too many people in a workshop.",
            "fault": "Reports that go wrong.",
            "horns": "Loudspeakers that fail, or are well again.",
            "phones": "The gateway of all other channels answers badly.",
            "inject": "What the players are told.",
        },
        "FireEntry": {
            **_PLACE,
            "growth": "How fast it grows (NFPA).",
            "peak": "Its greatest heat release, 300 kW.",
            "burning": "How long it burns after it has grown.",
            "fuel": "What burns: how much smoke it makes.",
            "neighbours": "How many more detectors of the zone feel it.",
        },
        "NuisanceEntry": {**_PLACE, **_LASTS, "cause": "What it is.", "peak": "Absorbance, 0.12 dB/m."},
        "LeakageEntry": {
            **_PLACE, "leak": "Residual current in the end, 550 mA.", "grows": "How long it grows.",
            "lasts": "How long it stays.",
        },
        "CableEntry": {
            **_PLACE, **_LASTS, "rise": "Warmer by so much in the end, 60 K.",
            "overload": "Share of the rated current that flows in addition.",
        },
        "ArcingEntry": {
            **_PLACE, "half_cycles": "Of arc in a second.", "bursts": "How many.", "every": "One each.",
        },
        "SagEntry": {**_PLACE, **_LASTS, "drop": "By so much, 60 V."},
        "StormEntry": {
            "place": "The zone or sensor over which it stands at its peak.",
            "depth": "What falls at its centre, 120 mm.",
            "lasts": "Within which it falls.",
            "peak": "The share of that time after which it rains most heavily.",
            "radius": "One sigma of its footprint, 6 km.",
            "drift": "How fast it moves, 5 km/h.",
            "towards": "Where to, in degrees: 0 north, 90 east.",
        },
        "ReleaseEntry": {
            "place": "A gas detector, or a zone in whose middle it happens.",
            "gas": "Which.", "mass": "How much, 100 kg.", "lasts": "Within which it flows out.",
            "wind": "How fast, 2 m/s.", "wind_from": "Where from, in degrees: 270 west.",
            "stability": "Pasquill's class, A unstable to F stable.",
            "upwind": "How far before the detector, 50 m.",
        },
        "TankEntry": {
            **_PLACE, **_LASTS, "cause": "What goes wrong.",
            "size": "% an hour of an overfill, % of a leak, kelvins of heating.",
        },
        "CrowdEntry": {**_PLACE, **_LASTS, "people": "How many more."},
        "FaultEntry": {
            "kind": "What goes wrong.", "sensors": "With whose reports.",
            "gateways": "With the reports of all behind these.", "share": "With which share of them.",
            "lasts": "For how long.",
        },
        "HornsEntry": {
            "which": "Which loudspeakers.", "are": "dead says nothing, broken says that it could not.",
        },
        "PhonesEntry": {"answer": "What the gateway does.", "lasts": "For how long."},
        "InjectEntry": {"to": "Whom it is for.", "text": "By language."},
        "TemperEntry": {
            "answers": "The share of what asks for an answer that gets one.",
            "refuses": "The share of proposals that is refused.",
            "after": "From how long after to how long after, [10s, 50s].",
        },
        "ExpectEntry": {
            "warnings": "Which rules warn where, and by when.",
            "told": "Who knows by when.",
            "handling": "How soon people answer, arrive and have it done.",
            "deeds": "Who does what at the desk.",
            "unreached": "Who is to be listed as unreached at the end.",
            "no_other": "Grades of which nothing but the warnings above may be raised.",
        },
        "ExpectedWarning": {
            "rule": "The id of a rule.", "zone": "There, or in a zone below it.", "grade": "This or more.",
            "from": "Not before this.", "by": "At the latest.",
        },
        "ExpectedTelling": {
            "who": "People, groups, rosters, or horns.", "zone": "About which place.",
            "grade": "About this grade or more.", "hazard": "About this hazard; any without it.",
            "by": "At the latest.",
        },
        "ExpectedHandling": {
            "zone": "Of incidents there.", "grade": "Of this grade or more.",
            "hazard": "Of this hazard; of any without it.",
            "acknowledged": "After it was told.", "arrived": "After it was told.",
            "handled": "After it was told.",
        },
        "ExpectedDeed": {"who": "A person.", "does": "What.", "by": "At the latest."},
    }
)  # fmt: skip
