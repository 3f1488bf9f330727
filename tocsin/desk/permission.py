"""Who may do what: a table, and the words for whoever may not."""

from notifiers.action import (
    Acknowledge,
    Action,
    Agree,
    Arrive,
    Cancel,
    Close,
    Handle,
    Raise,
    Refuse,
    Release,
    Shelve,
    Unshelve,
)
from notifiers.contacts import Person, Role

# None: everybody whom contacts.yaml knows.
NEEDED: dict[type[Action], Role | None] = {
    Acknowledge: None,
    Arrive: None,
    Handle: None,
    Close: Role.OPERATOR,
    Raise: Role.OPERATOR,
    Shelve: Role.OPERATOR,
    Unshelve: Role.OPERATOR,
    Agree: Role.APPROVER,
    Cancel: Role.APPROVER,
    Release: Role.APPROVER,
    Refuse: Role.APPROVER,
}


def may_not_change(person: Person) -> str:
    """Why this person may not put a configuration into force; empty if they may."""
    return _lacks(person, Role.OPERATOR)


def refusal(person: Person, action: Action) -> str:
    """Why this person may not do this; empty if they may."""
    needed = NEEDED[type(action)]
    return "" if needed is None else _lacks(person, needed)


def _lacks(person: Person, needed: Role) -> str:
    if needed in person.roles:
        return ""
    return f"{person.id} is no {needed}: ask one, or give them the role in contacts.yaml"
