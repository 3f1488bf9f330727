"""contacts.yaml: the people who can be told and who may act, groups of them, and their duty rosters."""

from collections.abc import Iterator, Sized
from datetime import datetime
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field

from ingest.document import Document, Strict, parse_yaml, validate
from ingest.document.shape_faults import in_form
from ingest.document.source_text import did_you_mean
from ingest.duration import Duration
from ingest.finding import Finding, quoted, words
from notifiers.contacts import HORNS, PUBLIC, Contacts, Person, Role, Roster

_Some = TypeVar("_Some", bound=Sized)


def at_least_one(entries: _Some) -> _Some:
    """A validator; unlike pydantic's own it is silent where an entry itself is wrong."""
    if not len(entries):
        raise ValueError(words("give at least one"))
    return entries


class _InstantError(ValueError):
    suggestion = words("write it with its offset: 2026-11-01T08:00+08:00")


def _instant(value: object) -> int:
    """ISO 8601 with an offset, in ms since the epoch."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise _InstantError(words("{value} is not an instant", value=quoted(value)))
    return int(moment.timestamp() * 1000)


def lasting(duration: int) -> int:
    """A validator of a duration in ms."""
    if duration <= 0:
        raise ValueError(words("must be longer than nothing"))
    return duration


Lasting = Annotated[Duration, AfterValidator(lasting)]
"""A duration of at least a millisecond."""

_NAME = r"^[a-z0-9][a-z0-9-]*$"
_PHONE = r"^\+[1-9][0-9]{6,14}$"
_EMAIL = r"^[^\s@,;:<>\"]+@[^\s@,;:<>\"]+\.[^\s@,;:<>\".]+$"
_ACCOUNT = r"^[A-Za-z_][A-Za-z0-9_.-]*$"

_Name = Annotated[
    str,
    Field(pattern=_NAME, max_length=64),
    in_form(_NAME, words("write lower-case letters, digits and hyphens")),
]
_Phone = Annotated[
    str,
    Field(pattern=_PHONE),
    in_form(_PHONE, words("write it with its country code and nothing between: +8613800000000")),
]
_Email = Annotated[
    str, Field(pattern=_EMAIL, max_length=254), in_form(_EMAIL, words("write one address: duty@example.org"))
]
_Account = Annotated[
    str,
    Field(pattern=_ACCOUNT, max_length=32),
    in_form(_ACCOUNT, words("write the name of an account of this machine: letters and digits")),
]
_Language = Literal["zh", "en"]


def one_or_more(names: object) -> object:
    """A validator before those of a tuple: a single name needs no brackets."""
    if isinstance(names, str):
        return (names,)
    return tuple(names) if isinstance(names, list) else names


OneOrMore = BeforeValidator(one_or_more, json_schema_input_type=str | tuple[str, ...])

_Turn = Annotated[tuple[str, ...], AfterValidator(at_least_one), OneOrMore]


class _PersonEntry(Strict):
    name: Annotated[dict[_Language, Annotated[str, Field(min_length=1)]], AfterValidator(at_least_one)]
    phone: _Phone | None = None
    email: _Email | None = None
    languages: Annotated[tuple[_Language, ...], AfterValidator(at_least_one)]
    account: _Account | None = None
    roles: tuple[Role, ...] = ()


class _RosterEntry(Strict):
    begin: Annotated[int, BeforeValidator(_instant, json_schema_input_type=str), Field(alias="from")]
    shift: Lasting
    turns: Annotated[tuple[_Turn, ...], AfterValidator(at_least_one)]


class ContactsFile(Strict):
    """The file as written."""

    people: dict[_Name, _PersonEntry]
    groups: dict[_Name, Annotated[tuple[str, ...], AfterValidator(at_least_one)]] = Field(default={})
    rosters: dict[_Name, _RosterEntry] = Field(default={})


def read_contacts(name: str, text: str) -> tuple[Contacts | None, list[Finding]]:
    """The contacts, or None and all that is wrong. Findings: E101 to E112, E150, E301 to E306."""
    document, findings = parse_yaml(name, text)
    if document is None:
        return None, findings
    entries, invalid = validate(document, ContactsFile)
    findings += invalid
    if entries is None:
        return None, findings
    findings += _names_taken(document, entries)
    findings += _strangers(document, entries)
    findings += _shared(document, entries)
    findings += _useless(document, entries)
    return (None, findings) if findings else (_contacts(entries), [])


def _contacts(entries: ContactsFile) -> Contacts:
    people = {id_: _person(id_, entry) for id_, entry in entries.people.items()}
    rosters = {id_: _roster(id_, entry, people) for id_, entry in entries.rosters.items()}
    known = people | rosters
    groups = {group: tuple(known[m] for m in members) for group, members in entries.groups.items()}
    return Contacts(people, groups, rosters)


def _person(id_: str, entry: _PersonEntry) -> Person:
    return Person(
        id=id_,
        name={str(k): v for k, v in entry.name.items()},
        phone=entry.phone or "",
        email=entry.email or "",
        languages=entry.languages,
        account=entry.account or "",
        roles=frozenset(entry.roles),
    )


def _roster(id_: str, entry: _RosterEntry, people: dict[str, Person]) -> Roster:
    turns = tuple(tuple(people[member] for member in turn) for turn in entry.turns)
    return Roster(id=id_, begin=entry.begin, shift=entry.shift, turns=turns)


def _names_taken(document: Document, entries: ContactsFile) -> Iterator[Finding]:
    taken = {
        HORNS: words("stands for the loudspeakers of a zone"),
        PUBLIC: words("stands for whoever reads what is open"),
    }
    for section, names, is_one in (
        ("people", entries.people, words("is a person already")),
        ("rosters", entries.rosters, words("is a roster already")),
        ("groups", entries.groups, words("is a group already")),
    ):
        for name in names:
            if name in taken:
                yield document.finding(
                    (section, name),
                    "E302",
                    words("{name} {reason}", name=name, reason=taken[name]),
                    words("choose another name"),
                )
        taken |= dict.fromkeys(names, is_one)


def _strangers(document: Document, entries: ContactsFile) -> Iterator[Finding]:
    known = [*entries.people, *entries.rosters]
    for group, members in entries.groups.items():
        for index, member in enumerate(members):
            if member not in known:
                message, hint = (
                    words("no person or roster {member}", member=member),
                    did_you_mean(member, known),
                )
                yield document.finding(("groups", group, index), "E301", message, hint)
    for name, roster in entries.rosters.items():
        for index, turn in enumerate(roster.turns):
            for within, member in enumerate(turn):
                if member not in entries.people:
                    where = ("rosters", name, "turns", index, within)
                    hint = did_you_mean(member, entries.people)
                    yield document.finding(where, "E301", words("no person {member}", member=member), hint)


def _shared(document: Document, entries: ContactsFile) -> Iterator[Finding]:
    """Who answers from a phone, or types a command, must be one person."""
    for key, code in (("phone", "E303"), ("account", "E304")):
        owners: dict[str, str] = {}
        for id_, entry in entries.people.items():
            value = getattr(entry, key)
            if value is not None and (owner := owners.setdefault(value, id_)) != id_:
                yield document.finding(
                    ("people", id_, key),
                    code,
                    words(
                        "the {key} of {owner} too: whose answer or command it is could not be told",
                        key=key,
                        owner=owner,
                    ),
                    words("give each person a {key} of their own, or leave it out", key=key),
                )


def _useless(document: Document, entries: ContactsFile) -> Iterator[Finding]:
    for id_, entry in entries.people.items():
        if entry.phone is None and entry.email is None and entry.account is None:
            message = words("{id} can be told nothing and do nothing", id=id_)
            yield document.finding(
                ("people", id_), "E305", message, words("give a phone, an email or an account")
            )
        if entry.roles and entry.account is None:
            message = words("{id} has roles and no account to give a command from", id=id_)
            hint = words("add account: the name of their account on this machine, or take the roles out")
            yield document.finding(("people", id_, "roles"), "E306", message, hint)
