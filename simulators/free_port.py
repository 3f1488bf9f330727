"""A port of the loopback for a server that is started as a process of its own."""

import itertools
import os
import socket
from contextlib import suppress

# Below those that the kernel hands out by itself: nobody takes one while its server is down.
_FIRST, _MANY = 20_000, 12_000
# Their golden section: processes that are started one after the other begin far from each other.
_APART = 7_416
_turns = itertools.count(os.getpid() * _APART)


def free_port() -> int:
    """One at which nobody listens, and that this process was not given before."""
    while True:
        port = _FIRST + next(_turns) % _MANY
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
