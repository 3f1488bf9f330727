"""Random files: never a crash, no finding that is not told, and the same people as by the definition."""

from collections.abc import Iterator
from datetime import UTC

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from notifiers.contacts_file import read_contacts
from notifiers.routes import Reach
from notifiers.routes_file import read_routes
from notifiers.routing import Router
from rules.grade import Grade
from tests.notifiers.drawn_routes import BEGIN, GRADES, HAZARDS, REACH, SHIFT, ZONES, Drawn, Entry, drawn

Told = tuple[str, str, str, tuple[str, ...], tuple[tuple[str, str], ...]]


class Reference:
    """Who is told, straight from the files' plain data."""

    def __init__(self, files: Drawn, now: int) -> None:
        self.files = files
        self.now = now

    def who(self, zone: str, hazard: str, grade: str) -> list[Told]:
        told: list[Told] = []
        for route in self.files.routes:
            hazards = route["hazard"] if isinstance(route["hazard"], list) else [route["hazard"]]
            for each in hazards:
                fits = each in ("*", hazard) and grade in route["grades"]
                if fits and ("zones" not in route or set(route["zones"]) & set(self.above(zone))):
                    told += self.of_route(route, zone)
        return self.once(told)

    def levels(self, zone: str) -> list[list[Told]]:
        found = [
            self.once([t for level in self.files.levels if z in level["zones"] for t in self.people(level)])
            for z in self.above(zone)
        ]
        return [level for level in found if level]

    def once(self, told: list[Told]) -> list[Told]:
        return [t for n, t in enumerate(told) if (t[0], t[1]) not in {(u[0], u[1]) for u in told[:n]}]

    def above(self, zone: str) -> list[str]:
        parent = self.files.parents[zone]
        return [zone] if parent is None else [zone, *self.above(parent)]

    def of_route(self, route: Entry, zone: str) -> Iterator[Told]:
        yield from self.people(route)
        both = tuple(route.get("languages", ("zh", "en")))
        for channel in route["channels"]:
            if REACH[channel] is Reach.HORN and "horns" in route["to"]:
                instead = tuple(
                    (c, self.address(person, c), person)
                    for c in route.get("otherwise", ())
                    for person in self.named(route["to"])
                    if self.address(person, c)
                )
                for horn in self.files.horns[zone]:
                    yield horn, channel, horn, both, instead
            if REACH[channel] is Reach.PUBLIC and "public" in route["to"]:
                yield "public", channel, "", both, ()

    def people(self, entry: Entry) -> Iterator[Told]:
        for person in self.named(entry["to"]):
            languages = tuple(entry.get("languages", self.files.contacts["people"][person]["languages"]))
            for channel in entry["channels"]:
                after = [
                    (c, self.address(person, c), person) for c in entry.get("otherwise", ()) if c != channel
                ]
                if address := self.address(person, channel):
                    yield person, channel, address, languages, tuple(way for way in after if way[1])

    def named(self, names: object) -> list[str]:
        assert isinstance(names, list)
        found: list[str] = []
        for name in names:
            if name in self.files.contacts["people"]:
                found.append(name)
            elif name in self.files.contacts["rosters"]:
                turns = self.files.contacts["rosters"][name]["turns"]
                turn = turns[(self.now - BEGIN) // SHIFT % len(turns)]
                found += turn if isinstance(turn, list) else [turn]
            elif name in self.files.contacts["groups"]:
                found += self.named(self.files.contacts["groups"][name])
        return list(dict.fromkeys(found))

    def address(self, person: str, channel: str) -> str:
        key = {Reach.PHONE: "phone", Reach.EMAIL: "email"}.get(REACH[channel], "none")
        return self.files.contacts["people"][person].get(key, "")


def ever(files: Drawn, names: object) -> set[str]:
    """Everybody whom these names can stand for at some time."""
    turns = max(len(roster["turns"]) for roster in files.contacts["rosters"].values())
    moments = [BEGIN + turn * SHIFT for turn in range(turns * 6)]
    return {person for now in moments for person in Reference(files, now).named(names)}


def meets(files: Drawn, entry: Entry) -> bool:
    """Whether everybody of an entry is reached by a channel, and every channel reaches somebody."""
    reference, people = Reference(files, BEGIN), ever(files, entry["to"])
    horns, public = "horns" in entry["to"], "public" in entry["to"]
    channels, otherwise = list(entry["channels"]), list(entry.get("otherwise", ()))
    heard = [*channels, *otherwise] if horns else channels
    places = {Reach.HORN: horns, Reach.PUBLIC: public}
    return (
        all(any(reference.address(person, c) for c in heard) for person in people)
        and all(not named or kind in {REACH[c] for c in channels} for kind, named in places.items())
        and all(places.get(REACH[c]) or any(reference.address(p, c) for p in people) for c in channels)
        and all(any(reference.address(p, c) for p in people) for c in otherwise)
        and (not horns or has_horns(files, entry.get("zones", list(ZONES))))
    )


def has_horns(files: Drawn, zones: object) -> bool:
    assert isinstance(zones, list)
    return any(files.horns[z] and set(zones) & set(Reference(files, 0).above(z)) for z in ZONES)


@given(drawn())
def test_a_file_is_refused_exactly_when_somebody_or_something_in_it_cannot_be_reached(files: Drawn) -> None:
    contacts, found = read_contacts("contacts.yaml", files.contacts_text)
    assert found == []
    assert contacts is not None

    _, found = read_routes("routes.yaml", files.routes_text, contacts, files.registry, REACH)

    entries = [*files.routes, *files.levels]
    assert (found == []) is all(meets(files, entry) for entry in entries)
    assert {finding.code for finding in found} <= {"E312", "E313", "E314"}
    assert all(finding.suggestion for finding in found)


@given(drawn(), st.sampled_from(ZONES), st.sampled_from(HAZARDS), st.sampled_from(GRADES), st.integers(-9, 9))
def test_who_is_told_follows_from_the_files(
    files: Drawn, zone: str, hazard: str, grade: str, shifts: int
) -> None:
    sound = Drawn(
        files.contacts,
        [route for route in files.routes if meets(files, route)],
        [level for level in files.levels if meets(files, level)],
        files.parents,
        files.horns,
    )
    now = BEGIN + shifts * SHIFT // 2
    contacts, _ = read_contacts("contacts.yaml", sound.contacts_text)
    assert contacts is not None
    routes, found = read_routes("routes.yaml", sound.routes_text, contacts, sound.registry, REACH)
    assert found == []
    assert routes is not None
    router, reference = Router(routes, sound.registry, (), UTC, REACH), Reference(sound, now)

    told = router.who(zone, hazard, Grade.named(grade), now)

    shown = [(a.recipient, a.channel, a.address, a.languages, a.otherwise) for a in told]
    assert shown == reference.who(zone, hazard, grade)
    asked = [
        [(a.recipient, a.channel, a.address, a.languages, a.otherwise) for a in level]
        for level in router.levels(zone, now)
    ]
    assert asked == reference.levels(zone)


SPOILT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
    | st.sampled_from(("22:00", "12h", "none", "horns", "public", "red", "sms", "p0", "2026-11-02T00:00Z")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(drawn(), st.data())
def test_a_spoilt_value_anywhere_gives_findings_with_a_place_or_still_fits(
    files: Drawn, data: st.DataObject
) -> None:
    whole: dict[str, object] = {"routes": files.routes, "levels": files.levels, "deadlines": {"red": {}}}
    for plain in (files.contacts, whole):
        spoilt = spoil(plain, data)
        text = msgspec.json.encode(spoilt).decode()
        if plain is files.contacts:
            read, found = read_contacts("x.yaml", text)
        else:
            contacts, _ = read_contacts("x.yaml", files.contacts_text)
            assert contacts is not None
            read, found = read_routes("x.yaml", text, contacts, files.registry, REACH)
        assert (read is None) is bool(found)
        assert all(finding.line == 1 or finding.code == "E106" for finding in found)


def spoil(value: object, data: st.DataObject) -> object:
    """`value` with one part of it in place of which anything may stand."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(value)))
        return {**value, key: spoil(value[key], data)}
    if isinstance(value, list) and value and data.draw(st.booleans()):
        index = data.draw(st.integers(0, len(value) - 1))
        return [*value[:index], spoil(value[index], data), *value[index + 1 :]]
    return data.draw(SPOILT)
