"""Other rules on live data: what they would raise is written down and sent to nobody."""

import asyncio
import json
import signal
import sys
from pathlib import Path

from rules.transition import Transition, line
from tests.tocsin.test_apply import MANY, Post, flooded, posted
from tests.tocsin.village import RULES, bundle, write
from tocsin.bundle import Bundle
from tocsin.shadow import Compared, Shadow, follow

RED = ("stage >= 3 m, 10min)\n      red: stage >= 4 m", "stage >= 2.15 m, 1min)\n      red: stage >= 2.2 m")


def other(post: Post) -> Bundle:
    files = post.daemon.storage.bundles.load(post.in_force)
    return Bundle(files.main, {**files.texts, "rules/all.yaml": RULES.replace(*RED)})


async def test_it_follows_what_comes_in_by_its_own_rules_and_counts_how_it_differs(tmp_path: Path) -> None:
    async with posted(tmp_path, sensors_csv=MANY) as post:
        shadow = Shadow(post.state, other(post), post.daemon.clock)
        found, counts, stop = list[Transition](), list[Compared](), asyncio.Event()
        following = asyncio.create_task(follow(shadow, found.append, stop, counts.append))
        await flooded(post.daemon, 10)
        async with asyncio.timeout(20):
            while len(found) < 10 or not counts or counts[-1].live + counts[-1].both < 10:
                await asyncio.sleep(0.01)
        stop.set()
        await following
        shadow.close()
        live = {str(w.grade) for w in post.daemon.judging.judge.warnings()}

    assert live == {"yellow"}
    assert sorted(str(t.after) for t in found) == ["red"] * 5 + ["yellow"] * 5
    assert counts[-1] == Compared(both=5, live=5, shadow=5)


async def test_what_is_open_is_carried_into_it_and_the_change_itself_is_told(tmp_path: Path) -> None:
    async with posted(tmp_path, sensors_csv=MANY) as post:
        await flooded(post.daemon, 10)
        shadow = Shadow(post.state, other(post), post.daemon.clock)
        found = [*shadow.follow()]
        again = [*shadow.follow()]
        shadow.close()

    assert [(str(t.before), str(t.after)) for t in found] == [("yellow", "red")] * 5
    assert again == []


async def test_it_changes_nothing_of_the_daemon_and_stays_with_its_rules_when_others_come(
    tmp_path: Path,
) -> None:
    async with posted(tmp_path, sensors_csv=MANY) as post:
        first = post.in_force
        shadow = Shadow(post.state, other(post), post.daemon.clock)
        post.edit("rules/all.yaml", "stage >= 4 m", "stage >= 3.9 m")
        assert await post.daemon.reload(post.settings)
        await flooded(post.daemon, 2)
        found = [*shadow.follow()]
        shadow.close()
        applied = [hash_ for _, hash_ in post.daemon.storage.bundles.applied()]

    assert applied == [first, post.in_force]
    assert sorted(str(t.after) for t in found) == ["red", "yellow"]
    assert all(line(t) for t in found)


async def test_as_a_process_it_writes_lines_and_ends_on_sigterm(tmp_path: Path) -> None:
    async with posted(tmp_path, sensors_csv=MANY) as post:
        await flooded(post.daemon, 4)
        settings = write(tmp_path / "other", other(post))
        lines = tmp_path / "shadow.jsonl"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tocsin", "shadow", str(settings), "--state", str(post.state),
            "--to", str(lines), "--compare", stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(60):
            while not lines.exists() or lines.read_text().count("\n") < 2:
                assert process.returncode is None, await process.communicate()
                await asyncio.sleep(0.02)
            process.send_signal(signal.SIGTERM)
            _, err = await process.communicate()

    assert process.returncode == 0
    assert {json.loads(text)["to"] for text in lines.read_text().splitlines()} == {"red"}
    assert err.decode().splitlines()[-1] == "both 0, only live 0, only here 2"
    assert bundle().texts["rules/all.yaml"] == RULES
