"""The realm a decision belongs to: a required argument everywhere, never a field with a default."""

from enum import StrEnum


class Realm(StrEnum):
    """Only `LIVE` may reach the public."""

    LIVE = "live"
    DRILL = "drill"
    REPLAY = "replay"
    SHADOW = "shadow"
    CANARY = "canary"
