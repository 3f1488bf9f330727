"""Random contacts and routes over a random tree of zones, as texts and as what they were drawn from."""

from dataclasses import dataclass

import msgspec
from hypothesis import strategies as st

from ingest.registry import Registry, Zone
from notifiers.routes import Reach

REACH = {
    "sms": Reach.PHONE,
    "sms-2": Reach.PHONE,
    "mail": Reach.EMAIL,
    "board": Reach.PUBLIC,
    "loudspeaker": Reach.HORN,
}
HAZARDS = ("flood", "rain", "fire")
GRADES = ("blue", "yellow", "orange", "red")
PEOPLE = ("p0", "p1", "p2", "p3")
ROSTERS = ("r0", "r1")
GROUPS = ("g0", "g1")
ZONES = ("z0", "z1", "z2", "z3", "z4")
BEGIN, SHIFT = 1_793_577_600_000, 3_600_000

Entry = dict[str, object]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The files as plain data, and the parent of each zone."""

    contacts: dict[str, Entry]
    routes: list[Entry]
    levels: list[Entry]
    parents: dict[str, str | None]
    horns: dict[str, tuple[str, ...]]

    @property
    def contacts_text(self) -> str:
        """JSON is YAML."""
        return msgspec.json.encode(self.contacts).decode()

    @property
    def routes_text(self) -> str:
        return msgspec.json.encode({"routes": self.routes, "levels": self.levels}).decode()

    @property
    def registry(self) -> Registry:
        zones = [
            Zone(id=z, name={"en": z}, parent=above, code="", polygon=(), horns=self.horns[z])
            for z, above in self.parents.items()
        ]
        return Registry.of([], {zone.id: zone for zone in zones})


def some(names: tuple[str, ...], least: int = 1) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), min_size=least, max_size=3, unique=True)


def person(number: int) -> st.SearchStrategy[Entry]:
    phone, email = f"+8613800000{number:03}", f"p{number}@town.example"
    return st.fixed_dictionaries(
        {"name": st.just({"en": f"P{number}"}), "languages": some(("zh", "en"))},
        optional={"phone": st.just(phone), "email": st.just(email)},
    ).map(lambda given: given if {"phone", "email"} & given.keys() else {**given, "phone": phone})


ROSTER = st.fixed_dictionaries(
    {
        "from": st.just("2026-11-02T00:00Z"),
        "shift": st.just("1h"),
        "turns": st.lists(st.one_of(st.sampled_from(PEOPLE), some(PEOPLE)), min_size=1, max_size=3),
    }
)
CONTACTS = st.fixed_dictionaries(
    {
        "people": st.fixed_dictionaries({p: person(n) for n, p in enumerate(PEOPLE)}),
        "rosters": st.fixed_dictionaries(dict.fromkeys(ROSTERS, ROSTER)),
        "groups": st.fixed_dictionaries(dict.fromkeys(GROUPS, some(PEOPLE + ROSTERS))),
    }
)
TO = some((*PEOPLE, *ROSTERS, *GROUPS, "horns", "public"))
CHANNELS = some(tuple(REACH))
ROUTE = st.fixed_dictionaries(
    {
        "hazard": st.one_of(st.sampled_from(("*", *HAZARDS)), some(HAZARDS)),
        "grades": some(GRADES),
        "to": TO,
        "channels": CHANNELS,
    },
    optional={
        "zones": some(ZONES),
        "otherwise": some(("sms", "sms-2", "mail")),
        "languages": some(("zh", "en")),
    },
)
LEVEL = st.fixed_dictionaries(
    {"zones": some(ZONES), "to": some(PEOPLE + ROSTERS + GROUPS), "channels": some(("sms", "mail"))}
)


@st.composite
def drawn(draw: st.DrawFn) -> Drawn:
    parents = {
        zone: draw(st.sampled_from((None, *ZONES[:number]))) if number else None
        for number, zone in enumerate(ZONES)
    }
    horns = {zone: tuple(f"{zone}-horn-{n}" for n in range(draw(st.integers(0, 2)))) for zone in ZONES}
    routes = draw(st.lists(ROUTE, min_size=1, max_size=5))
    return Drawn(draw(CONTACTS), routes, draw(st.lists(LEVEL, max_size=4)), parents, horns)
