"""`python -m bench.evidence DATA` (docs/evidence.md).

Exit codes: 0 all claims hold, 1 one does not, 3 no data.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.evidence import amsterdam, circuit, dead_run, germany, injected
from bench.evidence.judging import Progress
from bench.evidence.page import Section, markdown, moment
from ingest.clock import DAY

INTRODUCTION = """# Evidence

What Tocsin makes of real records that nobody wrote for it. The records are not part of this repository: some
must not be passed on. Each is turned into the messages that its sensors would have sent, received at their
stamps, and goes through the daemon's own path (decoder, screen, quality control, rule engine) under the
shipped `configs/kinds.yaml` and the shipped rules that are named. This page is the output of

```sh
make evidence DATA=<directory>
```

(`.venv/bin/python -m bench.evidence <directory> --page docs/evidence.md`; `--only germany` is one record)
with a directory that holds

| Files | What it is |
|---|---|
| `rain/amsterdam_2016-05_2016-08_5min.csv.gz` | private weather stations, de Vos and others |
| `rain/amsterdam_stations.csv` | their places |
| `rain/DE_*.txt` | Global Sub-Daily Rainfall, from open data of the German Weather Service |
| `stage/USGS_01589330_2018-06_5min.csv` | US Geological Survey, public domain |
| `electrical/skab_*.csv` | Skoltech Anomaly Benchmark |

It ends with exit code 1 if a claim does not hold.
"""


def main(
    data: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The directory of the records.")],
    page: Annotated[Path | None, typer.Option(help="Write what is printed here, too.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Names of records; all of them otherwise.")] = None,
) -> None:
    """Judges the records and prints what was found, as Markdown."""
    found: list[Section] = []
    for name, judge in records(data).items():
        if only and name not in only:
            continue
        began = time.process_time()
        with told(name) as progress:
            found.append(judge(progress))
        # Not on the page: the same record gives the same page on every machine.
        sys.stderr.write(f"{name}: {time.process_time() - began:.0f} s of CPU\n")
        print_out(markdown(found[-1]))
    if page is not None:
        page.write_text("\n".join([INTRODUCTION, *map(markdown, found)]), encoding="utf-8")
    failed = [claim.text for section in found for claim in section.claims if not claim.holds]
    if failed:
        raise SystemExit("does not hold: " + "; ".join(failed))


def records(data: Path) -> dict[str, Callable[[Progress], Section]]:
    """What judges each record, by name."""
    return {
        "amsterdam": lambda progress: amsterdam.amsterdam(amsterdam.read(data), progress),
        "storm": lambda progress: injected.injected(amsterdam.read(data), progress),
        "germany": lambda progress: germany.germany(germany.read(data), progress),
        "dead-run": lambda progress: dead_run.dead_run(dead_run.read(data), progress),
        "circuit": lambda progress: circuit.circuit(circuit.read(data), progress),
    }


@contextmanager
def told(name: str) -> Iterator[Progress]:
    """Shows which day of the record is being judged; off a terminal, every tenth one."""
    console = Console(stderr=True)
    console.print(name)
    day = -1
    with console.status("reading") as status:

        def tell(instant: int) -> None:
            nonlocal day
            if instant // DAY == day:
                return
            day = instant // DAY
            if console.is_terminal:
                status.update(moment(instant)[:10])
            elif day % 10 == 0:
                console.print(moment(instant)[:10], highlight=False)

        yield tell


def print_out(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        typer.run(main)
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(3) from None
