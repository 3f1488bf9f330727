"""What keeps a drill from reaching the public, at the last hop of every channel."""

from notifiers.delivery import Delivery
from notifiers.outcome import Rejected
from rules.realm import Realm

_MARKS = {"zh": "【演练】", "en": "EXERCISE "}


def refusal(realm: Realm, delivery: Delivery) -> Rejected | None:
    """Why a channel of `realm` must not send this delivery, None if it may."""
    if delivery.realm is realm:
        return None
    return Rejected(f"a {realm} channel sends nothing of the realm {delivery.realm}")


def marked(language: str, text: str, realm: Realm) -> str:
    """`text` as it may leave the house: anything that is not live says so first."""
    return text if realm is Realm.LIVE else f"{_MARKS[language]}{text}"
