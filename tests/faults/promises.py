"""What the lives of a state directory promised, held against the directory."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from ingest.series.embedded import EmbeddedStore
from tests.faults.checker import Report, Sent, check
from tests.faults.life import basis_of, script


def acked_in(said: Sequence[str]) -> tuple[int, ...]:
    """The batches of the script that were acknowledged."""
    return tuple(int(text.split()[1]) for text in said if text.startswith("acked"))


def shown_in(said: Sequence[str]) -> list[tuple[str, str]]:
    """(address, key) of what the phone, which honours keys, showed: each once, however often it was sent."""
    sends = (text.split() for text in said if text.startswith("shown"))
    return list(dict.fromkeys((address, key) for _, address, key in sends))


def reconciled(state: Path, said: Sequence[str], *, drained: bool) -> Report:
    """After a life that ended in order, with database and phone; else what was promised until it ended."""
    acked = acked_in(said)
    sent = [
        Sent(packet.topic, bytes(packet.payload or b""), number in acked)
        for number, (_, packets) in enumerate(script())
        for packet in packets
    ]
    told = max((int(text.split()[1]) for text in said if text.startswith("told")), default=0)
    if not drained:
        return check(state, sent, drained=False, told=told, load=basis_of)
    with closing(EmbeddedStore(state / "series.db")) as store:
        return check(state, sent, shown={"sms": shown_in(said)}, points=store.read, load=basis_of)
