"""The realm a decision belongs to: a required argument everywhere, never a field with a default."""

from enum import StrEnum

from ingest.namespace import Namespace


class Realm(StrEnum):
    """Only `LIVE` may reach the public."""

    LIVE = "live"
    DRILL = "drill"
    REPLAY = "replay"
    SHADOW = "shadow"
    CANARY = "canary"

    @property
    def namespace(self) -> Namespace:
        """What its topics begin with: all but a drill judge what live devices say."""
        return Namespace.DRILL if self is Realm.DRILL else Namespace.LIVE
