"""The people who can be told and who may act, groups of them, and who of them is on duty.

What `contacts.yaml` comes to (`notifiers.contacts_file`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

# In a route: the loudspeakers of the warning's zone, and whoever reads what is published.
HORNS, PUBLIC = "horns", "public"


class Role(StrEnum):
    """What somebody may do beside answering what they were told.

    OPERATOR  raise, close and shelve, and put a configuration into force
    APPROVER  release, refuse and cancel, and agree to a shelf that hides red
    """

    OPERATOR = "operator"
    APPROVER = "approver"


def masked(address: str) -> str:
    """A phone number or an email as it may be shown: enough to tell it from others."""
    name, at, domain = address.partition("@")
    return f"{name[:1]}…@{domain}" if at else f"{address[:3]}…{address[-3:]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """`phone` in E.164, `email`; "" for none. `languages` in the order they are read.

    `account` is the name of the account on this machine whose commands are theirs.
    """

    id: str
    name: dict[str, str]
    phone: str = field(repr=False, default="")
    email: str = field(repr=False, default="")
    languages: tuple[str, ...]
    account: str = ""
    roles: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """A duty that goes round: `turns` follow each other from `begin` (ms), `shift` ms each."""

    id: str
    begin: int
    shift: int
    turns: tuple[tuple[Person, ...], ...]

    def on(self, now: int) -> tuple[Person, ...]:
        """Who is on duty at `now`; before `begin` the turns that would have led up to it."""
        return self.turns[(now - self.begin) // self.shift % len(self.turns)]

    def next_change(self, now: int) -> int:
        """The instant (ms) at which the next turn begins."""
        return now + self.shift - (now - self.begin) % self.shift


@dataclass(frozen=True, slots=True)
class Contacts:
    """People by id, the members of each group in the file's order, and the rosters."""

    people: dict[str, Person]
    groups: Mapping[str, tuple[Person | Roster, ...]]
    rosters: dict[str, Roster] = field(default_factory=dict)

    def named(self, name: str) -> tuple[Person | Roster, ...] | None:
        """The person, the roster, or the members of the group, of that name; None if there is none."""
        if name in self.people:
            return (self.people[name],)
        if name in self.rosters:
            return (self.rosters[name],)
        return self.groups.get(name)

    def of_account(self, account: str) -> Person | None:
        """Whose account it is."""
        return next((p for p in self.people.values() if account and p.account == account), None)

    def of_phone(self, phone: str) -> Person | None:
        """Whose number (E.164) it is."""
        return next((p for p in self.people.values() if phone and p.phone == phone), None)
