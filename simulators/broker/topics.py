"""Topic filters: which are well formed, what they match, and who subscribes to a topic."""

from collections.abc import Mapping
from dataclasses import dataclass

# Topics remembered with their subscribers; a fleet that invents topics must not grow the table for ever.
REMEMBERED = 100_000


@dataclass(frozen=True, slots=True)
class Subscription:
    """How one client wants the messages of one filter, or of several that match the same topic."""

    at_least_once: bool
    no_local: bool
    retain_as_published: bool
    identifiers: tuple[int, ...]

    def merge(self, other: "Subscription") -> "Subscription":
        """Both at once: overlapping filters get one copy, at the higher quality of service."""
        return Subscription(
            self.at_least_once or other.at_least_once,
            self.no_local and other.no_local,
            self.retain_as_published or other.retain_as_published,
            self.identifiers + other.identifiers,
        )


def valid_filter(pattern: str) -> bool:
    """Whether `+` and `#` stand alone in their levels and `#` comes last."""
    levels = pattern.split("/")
    return bool(pattern) and all(
        level == "+" or (level == "#" and at == len(levels) - 1) or not has_wildcard(level)
        for at, level in enumerate(levels)
    )


def has_wildcard(text: str) -> bool:
    """Whether it holds `+` or `#`, which no topic of a message may."""
    return "+" in text or "#" in text


def matches(pattern: str, topic: str) -> bool:
    """Whether a valid filter covers `topic`: `a/#` covers `a`, `#` covers nothing that starts with $."""
    if topic.startswith("$") and pattern[0] in "+#":
        return False
    wanted, levels = pattern.split("/"), topic.split("/")
    for at, level in enumerate(wanted):
        if level == "#":
            return True
        if at == len(levels) or level not in ("+", levels[at]):
            return False
    return len(wanted) == len(levels)


class Subscriptions:
    """Filters to clients; the answer for a topic is worked out once and remembered until a filter changes."""

    def __init__(self) -> None:
        self._exact: dict[str, dict[str, Subscription]] = {}
        self._wild: dict[str, dict[str, Subscription]] = {}
        self._known: dict[str, Mapping[str, Subscription]] = {}

    def add(self, client_id: str, pattern: str, subscription: Subscription) -> bool:
        """Subscribe, or replace an earlier subscription to the same filter: true if there was one."""
        clients = self._table(pattern).setdefault(pattern, {})
        existed = client_id in clients
        clients[client_id] = subscription
        self._known.clear()
        return existed

    def discard(self, client_id: str, pattern: str) -> bool:
        """Unsubscribe; false if there was no such subscription."""
        table = self._table(pattern)
        clients = table.get(pattern, {})
        if clients.pop(client_id, None) is None:
            return False
        if not clients:
            del table[pattern]
        self._known.clear()
        return True

    def of(self, topic: str) -> Mapping[str, Subscription]:
        """The clients that get a message on `topic`; ValueError if a message cannot have this topic."""
        known = self._known.get(topic)
        if known is None:
            known = self._find(topic)
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[topic] = known
        return known

    def _find(self, topic: str) -> Mapping[str, Subscription]:
        if has_wildcard(topic):
            raise ValueError(f"a message cannot be published to the filter {topic!r}: name one topic")
        found = dict(self._exact.get(topic, {}))
        for pattern, clients in self._wild.items():
            if matches(pattern, topic):
                for client_id, subscription in clients.items():
                    earlier = found.get(client_id)
                    found[client_id] = earlier.merge(subscription) if earlier else subscription
        return found

    def _table(self, pattern: str) -> dict[str, dict[str, Subscription]]:
        return self._wild if has_wildcard(pattern) else self._exact
