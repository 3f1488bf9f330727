"""contacts.yaml: the people who can be told, and groups of them."""

from collections.abc import Sized
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field

from ingest.document import Document, Strict, parse_yaml, validate
from ingest.document.source_text import did_you_mean
from ingest.finding import Finding
from notifiers.contacts import HORNS, Contacts, Person

_Some = TypeVar("_Some", bound=Sized)


def at_least_one(entries: _Some) -> _Some:
    """A validator; unlike pydantic's own it is silent where an entry itself is wrong."""
    if not len(entries):
        raise ValueError("give at least one")
    return entries


_Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)]
_Phone = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]
_Language = Literal["zh", "en"]


class _PersonEntry(Strict):
    name: Annotated[dict[_Language, Annotated[str, Field(min_length=1)]], AfterValidator(at_least_one)]
    phone: _Phone
    languages: Annotated[tuple[_Language, ...], AfterValidator(at_least_one)]


class _ContactsFile(Strict):
    people: dict[_Name, _PersonEntry]
    groups: Annotated[dict[_Name, tuple[str, ...]], Field(default_factory=dict)]


def read_contacts(name: str, text: str) -> tuple[Contacts | None, list[Finding]]:
    """The contacts, or None and all that is wrong. Findings: E101 to E112, E301, E302."""
    document, findings = parse_yaml(name, text)
    if document is None:
        return None, findings
    entries, invalid = validate(document, _ContactsFile)
    findings += invalid
    if entries is None:
        return None, findings
    people = {id_: _person(id_, entry) for id_, entry in entries.people.items()}
    findings += _names_taken(document, entries)
    findings += _strangers(document, entries)
    if findings:
        return None, findings
    groups = {group: tuple(people[m] for m in members) for group, members in entries.groups.items()}
    return Contacts(people, groups), []


def _person(id_: str, entry: _PersonEntry) -> Person:
    return Person(
        id=id_, name={str(k): v for k, v in entry.name.items()}, phone=entry.phone, languages=entry.languages
    )


def _names_taken(document: Document, entries: _ContactsFile) -> list[Finding]:
    taken = {HORNS: "stands for the loudspeakers of a zone"}
    found = [
        document.finding(("people", HORNS), "E302", f"{HORNS} {taken[HORNS]}", "choose another id")
        for person in entries.people
        if person == HORNS
    ]
    taken |= dict.fromkeys(entries.people, "is a person already")
    return found + [
        document.finding(("groups", group), "E302", f"{group} {taken[group]}", "choose another name")
        for group in entries.groups
        if group in taken
    ]


def _strangers(document: Document, entries: _ContactsFile) -> list[Finding]:
    return [
        document.finding(
            ("groups", group, index), "E301", f"no person {member}", did_you_mean(member, entries.people)
        )
        for group, members in entries.groups.items()
        for index, member in enumerate(members)
        if member not in entries.people
    ]
