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


def refusal(person: Person, action: Action) -> str:
    """Why this person may not do this; empty if they may."""
    needed = NEEDED[type(action)]
    if needed is None or needed in person.roles:
        return ""
    return f"{person.id} is no {needed}: ask one, or give them the role in contacts.yaml"
