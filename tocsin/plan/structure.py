"""What is another in one configuration than in the other, thing by thing and key by key."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from notifiers.routes import Level, Route, Routes
from tocsin.configuration import Configuration
from tocsin.plan.texts import Texts, of_fields, of_group, of_kind, of_person, of_rule, of_zone
from tocsin.settings import Files, Settings

T = TypeVar("T")

# Of the settings: what is looked up as soon as they are in force, beside the files that they name.
AT_ONCE = frozenset({"time_zone", "apply"})
# Whose values may hold a secret.
SECRET = frozenset({"channels", "watchdog", "mqtt", "series"})


class Turn(StrEnum):
    """What became of it."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Key:
    """One text of a thing, as it was and as it would be; "" where there is none."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing: what it is (`rule`, `sensor`, ...), its id, and for a change the keys that differ."""

    what: str
    name: str
    turn: Turn
    keys: tuple[Key, ...] = ()


def differences(old: Configuration, new: Configuration) -> list[Difference]:
    """All of them; rules first, for they are what is changed most."""
    one, two = old.basis, new.basis
    rules = [{rule.id: rule for rule in basis.rules} for basis in (one, two)]
    sensors = [{sensor.id: sensor for sensor in basis.registry.sensors} for basis in (one, two)]
    routes = [_numbered(configuration.routes.routes) for configuration in (old, new)]
    levels = [_numbered(configuration.routes.levels) for configuration in (old, new)]
    return [
        *_compared("rule", rules[0], rules[1], of_rule),
        *_compared("sensor", sensors[0], sensors[1], of_fields),
        *_compared("zone", one.registry.zones, two.registry.zones, of_zone),
        *_compared("kind", one.kinds.kinds, two.kinds.kinds, of_kind),
        *_compared("route", routes[0], routes[1], of_fields),
        *_compared("level", levels[0], levels[1], of_fields),
        *_compared("routes", {"": old.routes}, {"": new.routes}, _of_routes),
        *_compared("person", old.contacts.people, new.contacts.people, of_person),
        *_compared("group", old.contacts.groups, new.contacts.groups, of_group),
        *_compared("roster", old.contacts.rosters, new.contacts.rosters, of_fields),
        *_settings(old.settings, new.settings),
    ]


def restarts(found: list[Difference]) -> list[str]:
    """The settings among them that are looked at when the daemon starts, and not before."""
    settings = [each.name for each in found if each.what == "setting"]
    return [name for name in settings if name.partition(".")[0] not in AT_ONCE]


def _compared(
    what: str, old: Mapping[str, T], new: Mapping[str, T], texts: Callable[[T], Texts]
) -> Iterator[Difference]:
    for name in [*old, *(name for name in new if name not in old)]:
        if name not in new:
            yield Difference(what, name, Turn.REMOVED)
        elif name not in old:
            yield Difference(what, name, Turn.ADDED)
        elif old[name] != new[name] and (keys := _keys(texts(old[name]), texts(new[name]))):
            yield Difference(what, name, Turn.CHANGED, keys)


def _keys(old: Texts, new: Texts) -> tuple[Key, ...]:
    both = [(name, old.get(name, ""), new.get(name, "")) for name in {**old, **new}]
    return tuple(Key(name, was, is_) for name, was, is_ in both if was != is_)


def _numbered(things: tuple[T, ...]) -> dict[str, T]:
    """Routes and levels have no name: what they are for, and a number where several are for the same."""
    found: dict[str, T] = {}
    for thing in things:
        name, number = _named(thing), 1
        while (key := name if number == 1 else f"{name} ({number})") in found:
            number += 1
        found[key] = thing
    return found


def _named(thing: object) -> str:
    match thing:
        case Route():
            grades = " ".join(str(grade) for grade in sorted(thing.grades))
            return " ".join(part for part in (thing.hazard, grades, *sorted(thing.zones)) if part)
        case Level():
            return " ".join(sorted(thing.zones)) or "everywhere"
    raise TypeError(f"{thing!r} has no name")


def _of_routes(routes: Routes) -> Texts:
    """What holds for all routes."""
    return {name: text for name, text in of_fields(routes).items() if name not in {"routes", "levels"}}


def _settings(old: Settings, new: Settings) -> Iterator[Difference]:
    """By dotted name, without the files' names, for what is in them is compared; a secret is not shown."""
    before, after = (dict(_flat("", s.model_dump(exclude=set(Files.model_fields)))) for s in (old, new))
    for name in sorted(before.keys() | after.keys()):
        was, is_ = before.get(name), after.get(name)
        if was != is_:
            shown = [] if name.partition(".")[0] in SECRET else [Key(name, str(was), str(is_))]
            yield Difference("setting", name, Turn.CHANGED, tuple(shown))


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        yield prefix, value
        return
    for name, each in value.items():
        yield from _flat(f"{prefix}.{name}" if prefix else name, each)
