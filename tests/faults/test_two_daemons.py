"""Two daemons on one state directory: whoever comes second refuses, however close behind."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROUNDS, RIVALS = 20, 4

# In each round all rivals start at once; the one that got in stays until all others have said why not.
RACE = """
import os, sys
from pathlib import Path
from ingest.journal import Retention
from rules.realm import Realm
from tocsin.storage import Storage

def rival(state, go, say, leave):
    os.read(go, 1)
    try:
        storage = Storage.open(state, Realm.LIVE, Retention())
    except BaseException as error:
        os.write(say, f"{error!r}\\n".encode())
        os._exit(3)
    os.write(say, b"in\\n")
    os.read(leave, 1)
    storage.close()
    os._exit(0)

for _ in range(int(sys.argv[2])):
    (go, start), (listen, say), (leave, end) = os.pipe(), os.pipe(), os.pipe()
    pids = []
    for _ in range(int(sys.argv[3])):
        pid = os.fork()
        if pid == 0:
            os.close(start), os.close(end)
            rival(Path(sys.argv[1]), go, say, leave)
        pids.append(pid)
    os.write(start, bytes(len(pids)))
    said = b""
    while said.count(b"\\n") < len(pids):
        said += os.read(listen, 65536)
    os.write(end, b".")
    for pid in pids:
        os.waitpid(pid, 0)
    for descriptor in (go, start, listen, say, leave, end):
        os.close(descriptor)
    print(said.decode().replace("\\n", "|"))
"""


def test_of_daemons_that_start_together_one_gets_the_directory(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", RACE, tmp_path / "state", str(ROUNDS), str(RIVALS)],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    rounds = [line.strip("|").split("|") for line in ran.stdout.splitlines()]

    assert len(rounds) == ROUNDS
    for said in rounds:
        assert said.count("in") == 1
        refused = [reason for reason in said if reason != "in"]
        assert len(refused) == RIVALS - 1
        assert all(
            "AlreadyRunning" in reason and "in use by process" in reason and "--state" in reason
            for reason in refused
        )
