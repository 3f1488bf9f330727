"""A soak as tables."""

from collections.abc import Callable

from rich.box import ROUNDED
from rich.console import Console
from rich.table import Table

from bench.machine import describe
from bench.soak.figures import Course, Soaked

MB = 1e6

COUNTS: tuple[tuple[str, Callable[[Soaked], str]], ...] = (
    ("messages published", lambda s: f"{s.messages.published:,}"),
    ("journaled", lambda s: f"{s.messages.journaled:,}"),
    ("lost", lambda s: f"{s.messages.lost:,}"),
    ("never published", lambda s: f"{s.messages.foreign:,}"),
    ("duplicates", lambda s: f"{s.messages.duplicates:,}"),
    ("watches; not stored in time", lambda s: f"{s.messages.watches:,}; {s.messages.late:,}"),
    ("transitions as a replay tells them", lambda s: f"{s.compared.equal:,}"),
    ("changed", lambda s: f"{s.compared.changed + s.compared.faults:,}"),
    ("missing; unexpected", lambda s: f"{s.compared.missing:,}; {s.compared.unexpected:,}"),
    ("bundles applied; notes of blind time", lambda s: f"{s.bundles:,}; {s.blind:,}"),
    ("deliveries", lambda s: ", ".join(f"{n:,} {state}" for state, n in s.deliveries.items())),
    ("journal on disk, MB", lambda s: f"{s.journal / MB:,.0f}"),
    ("memory of the soak itself, MB, first and last", lambda s: " ".join(f"{n / MB:,.0f}" for n in s.own)),
)
# By name in `Soaked.courses`: what is said of it, and its unit.
COURSES = {"memory": ("memory, MB", MB), "handles": ("file handles", 1.0), "threads": ("threads", 1.0)}
FIGURES: tuple[tuple[str, Callable[[Course], float]], ...] = (
    ("first", lambda c: c.first),
    ("last", lambda c: c.last),
    ("most", lambda c: c.most),
    ("an hour", lambda c: c.slope),
    ("growth of a life, at most", lambda c: c.growth),
)


def show(soaked: Soaked, console: Console) -> None:
    """Three tables, and the verdict."""
    console.print(describe(soaked.machine), highlight=False)
    for table in (_faults(soaked), _counts(soaked), _courses(soaked)):
        table.box = ROUNDED if console.is_terminal else None
        console.print(table)
    for finding in soaked.findings or ["nothing lost, nothing changed, ready after every fault"]:
        console.print(finding, highlight=False)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _faults(soaked: Soaked) -> Table:
    title = f"{soaked.seconds / 3600:.2f} h, seed {soaked.seed}: faults"
    table = _table(title, "times", "survived", "ready p50, s", "ready max, s")
    for kind in soaked.kinds:
        times = f"{kind.times:,}", f"{kind.survived:,}"
        table.add_row(kind.name, *times, f"{kind.ready_p50:.1f}", f"{kind.ready_most:.1f}")
    times, survived = (sum(getattr(kind, name) for kind in soaked.kinds) for name in ("times", "survived"))
    table.add_row("all", f"{times:,}", f"{survived:,}")
    return table


def _counts(soaked: Soaked) -> Table:
    table = _table(f"{soaked.rate:,.0f} messages/s of {soaked.sensors:,} sensors", "")
    for name, figure in COUNTS:
        table.add_row(name, figure(soaked))
    return table


def _courses(soaked: Soaked) -> Table:
    table = _table("the daemon, after the warm-up of each life", *(name for name, _ in FIGURES), "lives")
    for name, (words, unit) in COURSES.items():
        course = soaked.courses[name]
        figures = (f"{figure(course) / unit:,.1f}" for _, figure in FIGURES)
        table.add_row(words, *figures, f"{course.lives:,}")
    return table
