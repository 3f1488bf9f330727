"""Ports of servers that are processes of their own: tests run beside each other, and servers start again."""

import socket
import subprocess
import sys
from pathlib import Path

from simulators.free_port import free_port

MANY = 50


def test_nobody_is_given_the_port_of_another() -> None:
    assert len({free_port() for _ in range(MANY)}) == MANY


def test_a_port_at_which_somebody_listens_is_passed_over() -> None:
    with socket.create_server(("127.0.0.1", free_port() + 1)) as taken:
        assert taken.getsockname()[1] not in {free_port() for _ in range(MANY)}


def test_the_kernel_gives_none_of_them_to_a_connection_while_its_server_is_down() -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])

    assert max(free_port() for _ in range(MANY)) < lowest


def test_processes_beside_each_other_are_given_different_ones() -> None:
    printed = f"from simulators.free_port import free_port; print(*(free_port() for _ in range({MANY})))"
    processes = [
        subprocess.Popen([sys.executable, "-c", printed], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    given = [port for process in processes for port in process.communicate()[0].split()]

    assert len(set(given)) == 3 * MANY
