"""What recipients answer: an SMS from the telephone of a contact, the button of a horn.

Either acknowledges the newest incident that the address was told of. A text may name another by the first
characters of its number.
"""

import re
from collections.abc import Callable

from notifiers.action import Acknowledge, Taken
from notifiers.contacts import Contacts
from notifiers.delivery import Reply

# What people write when they mean yes, without case and without spaces and full stops around it.
WORDS = frozenset({"1", "ok", "yes", "ack", "y", "收到", "已收到", "确认", "是"})
_NUMBER = re.compile(r"\b[0-9a-f]{4,16}\b")


class NotUnderstood(Exception):
    """A reply that acknowledges nothing; says why."""


def acknowledgement(
    reply: Reply, contacts: Contacts, told: Callable[[str, str], str | None], *, horn: bool
) -> Taken:
    """The action that a reply stands for; `NotUnderstood` if it stands for none.

    `told` gives the newest incident that an address was told of, by (address, first characters of its number
    or "").
    """
    person = None if horn else contacts.of_phone(reply.address)
    if not horn and person is None:
        raise NotUnderstood("the number is nobody's in contacts.yaml")
    wanted = _wanted(reply.text)
    incident = told(reply.address, wanted)
    if incident is None:
        raise NotUnderstood(f"was not told of any incident {wanted}".rstrip())
    user = f"horn:{reply.address}" if person is None else person.id
    via = f"{'horn' if person is None else 'sms'}:{reply.address}"
    return Taken(user, via, Acknowledge(incident))


def _wanted(text: str) -> str:
    """The number that a text names, "" if it only says yes; `NotUnderstood` for anything else."""
    said = text.strip(" .。!！,，\t\r\n").casefold()
    number = _NUMBER.search(said)
    words = said.replace(number[0], "", 1).strip() if number else said
    if words in WORDS or (number and not words):
        return number[0] if number else ""
    raise NotUnderstood("neither one of the words that acknowledge nor a warning's number")
