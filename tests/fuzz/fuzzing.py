"""Runs one target over numbered inputs and says which of them broke it."""

import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from tests.fuzz.mutation import Mutator
from tests.fuzz.oracles import CORPUS, TARGETS
from tests.fuzz.words_of import words_of

# CPU seconds for one input of at most 20 kB; the slowest honest one takes a fraction.
MOST_SECONDS = 10.0


class Hang(BaseException):
    """An input took more CPU than any may: no `except` of the product can swallow it."""


@dataclass(frozen=True, slots=True)
class Crash:
    """Input `number` (a corpus file's name, or a number) and what it led to."""

    target: str
    number: str
    data: bytes
    error: BaseException

    def __str__(self) -> str:
        again = f"python -m tests.fuzz {self.target} --only {self.number}"
        what = f"{self.target} {self.number}: {type(self.error).__name__}: {self.error}"
        return f"{what}\n{self.data[:400]!r}\n{again}"


def mutator(target: str) -> Mutator:
    """The target's inputs: mutations of every file of its corpus."""
    return Mutator(target, [data for _, data in corpus(target)], words_of(target))


def corpus(target: str) -> list[tuple[str, bytes]]:
    """Names and contents of the target's seeds, found inputs among them."""
    return [(path.name, path.read_bytes()) for path in sorted(Path(CORPUS, target).iterdir())]


def numbered(target: str, numbers: Iterable[int]) -> Iterator[tuple[str, bytes]]:
    """The mutated inputs of these numbers, with their names."""
    source = mutator(target)
    return ((str(number), source.input(number)) for number in numbers)


def crashes(
    target: str,
    inputs: Iterable[tuple[str, bytes]],
    check: Callable[[bytes], None] | None = None,
    seconds: float = MOST_SECONDS,
) -> Iterator[Crash]:
    """Those inputs for which the target's check (or another) raises anything, or takes too much CPU."""
    check = check or TARGETS[target]
    before = signal.signal(signal.SIGVTALRM, _hang)
    try:
        for number, data in inputs:
            signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
            try:
                check(data)
            except (KeyboardInterrupt, SystemExit):
                raise
            # A panic of the codec is a BaseException, and so is `Hang`.
            except BaseException as error:  # noqa: BLE001
                yield Crash(target, number, data, error)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _hang(_: int, __: FrameType | None) -> None:
    raise Hang("more CPU than any input may take")
