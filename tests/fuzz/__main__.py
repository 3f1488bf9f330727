"""`python -m tests.fuzz TARGET [COUNT] [--start N] [--only N]`: a long run, or one input again.

Prints every crash that differs from those before it by where it was raised; exit code 1 if there was any.
"""

import argparse
import sys
import time
import traceback

from tests.fuzz.fuzzing import Crash, corpus, crashes, numbered
from tests.fuzz.oracles import TARGETS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("count", type=int, nargs="?", default=10_000)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--only", help="a number, or the name of a file of the corpus")
    args = parser.parse_args()
    inputs = [pair for pair in corpus(args.target) if args.only in (None, pair[0])]
    if args.only is None:
        made = numbered(args.target, range(args.start, args.start + args.count))
    else:
        made = numbered(args.target, [int(args.only)] if args.only.isdigit() else [])
    began = time.process_time()
    places: dict[str, int] = {}
    for crash in crashes(args.target, (pair for some in (inputs, made) for pair in some)):
        place = _place(crash)
        places[place] = places.get(place, 0) + 1
        if places[place] == 1:
            sys.stdout.write(f"{crash}\n{place}\n")
            sys.stdout.flush()
    took = time.process_time() - began
    line = (
        f"{args.target}: {args.count} from {args.start}, {took:.0f} s of CPU, {sum(places.values())} crashes"
    )
    sys.stdout.write(f"{line}\n")
    return 1 if places else 0


def _place(crash: Crash) -> str:
    frames = traceback.extract_tb(crash.error.__traceback__)
    own = [frame for frame in frames if "site-packages" not in frame.filename]
    return " < ".join(f"{frame.filename.rsplit('/', 2)[-1]}:{frame.lineno}" for frame in reversed(own[-3:]))


if __name__ == "__main__":
    sys.exit(main())
