"""Work in a process beside this one, so that two passes over one record take as long as one."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Generic, TypeVar

Found = TypeVar("Found")
Tell = Callable[[int], None]


class Beside(Generic[Found]):
    """What the other process has come to: how far it is, and in the end what it found."""

    def __init__(self, receiver: Connection) -> None:
        self._receiver = receiver
        self._ended: tuple[Found] | None = None
        self.reached = 0

    def look(self) -> int:
        """The last number that the work told of."""
        while self._ended is None and self._receiver.poll():
            self._take()
        return self.reached

    def result(self) -> Found:
        """Wait for the end. ChildProcessError if there is none: what the work raised stands on stderr."""
        while self._ended is None:
            self._take()
        return self._ended[0]

    def _take(self) -> None:
        try:
            said = self._receiver.recv()
        except EOFError:
            raise ChildProcessError(
                "the process that judged the other side is gone; is there memory for two?"
            ) from None
        if isinstance(said, int):
            self.reached = said
        else:
            self._ended = said


@contextmanager
def beside(work: Callable[[Tell], Found]) -> Iterator[Beside[Found]]:
    """Begin `work` in a copy of this process: nothing is handed over, and only what it found comes back.

    To be called while no other thread runs, and with no database open: neither lives on in the copy.
    """
    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    # What lies in memory is shared as long as nobody touches it; the collector would.
    gc.freeze()
    process = context.Process(target=_run, args=(work, receiver, sender), daemon=True)
    process.start()
    sender.close()
    try:
        yield Beside(receiver)
    finally:
        gc.unfreeze()
        receiver.close()
        process.terminate()
        process.join()


def _run(work: Callable[[Tell], Found], receiver: Connection, sender: Connection) -> None:
    # Else its own copy would keep the pipe open, and it would never hear that whoever listened is gone.
    receiver.close()
    sender.send((work(sender.send),))
