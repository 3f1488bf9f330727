"""The first level of every topic: an exercise shares none with what is real."""

from enum import StrEnum
from typing import Self

VERSION = "v1"


class Namespace(StrEnum):
    """`<namespace>/v1/...` is what devices report, `<namespace>/horns/...` what horns hear and say."""

    LIVE = "tocsin"
    DRILL = "tocsin-drill"

    @property
    def reports(self) -> str:
        """The filter of all that devices report."""
        return f"{self}/{VERSION}/#"

    @classmethod
    def of_topic(cls, topic: str) -> Self | None:
        """Whose topic it is, if anybody's of ours."""
        first = topic.partition("/")[0]
        return next((each for each in cls if each == first), None)

    def admits(self, subscription: str) -> bool:
        """Whether a subscription, shared or not, can bring nothing of another namespace."""
        levels = subscription.split("/")
        first = levels[2] if levels[0] == "$share" and len(levels) > 2 else levels[0]
        return first == self or first not in ("#", "+", *Namespace)
