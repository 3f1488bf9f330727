"""What the commands that read the journal beside the daemon share."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest.journal import JournalReader, open_read_only
from tocsin.commands import ENVIRONMENT, fail
from tocsin.commands.progress import advancing
from tocsin.following import taken
from tocsin.sensing import Sensing, sensing_from


@contextmanager
def reading(state: Path) -> Iterator[JournalReader]:
    """The journal of a state directory, whose daemon may run; nothing is locked."""
    directory = state / "journal"
    if not directory.is_dir():
        fail(f"{directory} does not exist: no daemon has run with --state {state}", ENVIRONMENT)
    with open_read_only(directory) as journal:
        yield journal


def sensing(state: Path, journal: JournalReader, instant: int, warm_up: int) -> tuple[Sensing, bool]:
    """The judge's stages as of `instant` (ms), and whether exactly; a bar on a terminal meanwhile."""
    try:
        found, exact = sensing_from(state, journal, instant, warm_up)
    except KeyError as error:
        fail(f"{state}: {error.args[0]}: start a daemon once, then there is something to read", ENVIRONMENT)
    target = journal.before(instant)
    with advancing("journal", found.position, target) as advance:
        for _ in taken(journal, found, target):
            advance(found.position)
    return found, exact
