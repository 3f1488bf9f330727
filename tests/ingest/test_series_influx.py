"""What the store makes of a database that answers badly or not at all."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from ingest.kinds import Kinds
from ingest.reading import Readings
from ingest.registry import Registry
from ingest.series import Block, Store, StoreRefused, StoreUnavailable
from ingest.series.influx import Flavour, InfluxStore
from ingest.series.server import Server

LINES = b"rain,sensor=r1 rain=0.1,q=0 1527422400000\n"


class Scripted(ThreadingHTTPServer):
    """Answers every request with `status` and `body`; notes what was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.status = 204
        self.body = b""
        self.promised = 0
        self.asked: list[tuple[str, str, str | None, bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    server: Scripted
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.command, self.path, self.headers.get("Authorization"), body))
        self.send_response(self.server.status)
        if self.server.status != 204:
            self.send_header("Content-Length", str(len(self.server.body) + self.server.promised))
        self.end_headers()
        self.wfile.write(self.server.body)
        self.close_connection = bool(self.server.promised)

    do_POST = do_GET  # noqa: N815  the base class finds it by this name

    def log_message(self, *_: object) -> None:
        """The test says what went wrong."""


@pytest.fixture
def database() -> Iterator[Scripted]:
    with Scripted() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def server(database: Scripted) -> Iterator[Server]:
    server = Server(database.url, "county", "tocsin", "s3cret")
    yield server
    server.close()


@pytest.fixture(params=["influxdb", "victoriametrics"])
def store(request: pytest.FixtureRequest, database: Scripted) -> Iterator[Store]:
    flavour: Flavour = request.param
    store = InfluxStore(flavour, database.url, "county", "tocsin", "s3cret")
    yield store
    store.close()


def test_lines_are_posted_as_they_are(server: Server, database: Scripted) -> None:
    server.write(LINES)

    [(method, path, token, body)] = database.asked
    assert (method, token, body) == ("POST", "Token s3cret", LINES)
    assert path == "/api/v2/write?org=county&bucket=tocsin&precision=ms"


@pytest.mark.parametrize("status", [400, 413, 422])
def test_what_the_database_will_never_take_is_refused(
    server: Server, database: Scripted, status: int
) -> None:
    database.status, database.body = status, b'{"code": "invalid", "message": "field type conflict"}'

    with pytest.raises(StoreRefused, match=rf"/api/v2/write: HTTP {status}: field type conflict"):
        server.write(LINES)


@pytest.mark.parametrize("status", [302, 401, 403, 404, 408, 429, 500, 502, 503])
def test_what_can_be_mended_is_unavailable(server: Server, database: Scripted, status: int) -> None:
    """A wrong token or a missing bucket is no reason to throw data away. It is asked once, not retried."""
    database.status, database.body = status, b"not now\n"

    with pytest.raises(StoreUnavailable, match=rf"127.0.0.1:\d+: /api/v2/write: HTTP {status}: not now$"):
        server.write(LINES)
    assert len(database.asked) == 1


def test_nobody_there_is_unavailable(store: Store, database: Scripted) -> None:
    database.shutdown()
    database.server_close()

    with pytest.raises(StoreUnavailable, match="refused"):
        store.count()
    with pytest.raises(StoreUnavailable, match="refused"):
        store.read("r1", "rain", 0, 1)
    assert not store.ping()


def test_an_answer_that_breaks_off_is_no_answer(store: Store, database: Scripted) -> None:
    """Half a history would pass for a whole one."""
    database.status, database.promised = 200, 100

    with pytest.raises(StoreUnavailable, match="IncompleteRead"):
        store.count()


def test_an_error_within_a_good_status_is_one(database: Scripted) -> None:
    """InfluxDB answers 200 and says in the body that the database does not exist."""
    database.status = 200
    database.body = b'{"results":[{"statement_id":0,"error":"database not found: tocsin"}]}\n'
    store = InfluxStore("influxdb", database.url, "", "tocsin", "")

    with pytest.raises(StoreUnavailable, match="database not found: tocsin"):
        store.read("r1", "rain", 0, 1)
    store.close()


@pytest.mark.parametrize("flavour", ["influxdb", "victoriametrics"])
def test_an_answer_of_another_kind_of_server_is_unavailable(flavour: Flavour, database: Scripted) -> None:
    database.status, database.body = 200, b"<html>It works!</html>"
    store = InfluxStore(flavour, database.url, "", "tocsin", "")

    with pytest.raises(StoreUnavailable, match="does not understand"):
        store.count()
    store.close()


def test_a_start_time_that_is_not_told_is_unavailable(database: Scripted) -> None:
    """Without it a restart could pass unseen, and what it lost would be missing for ever."""
    database.status, database.body = 200, b"vm_rows 7\n"
    store = InfluxStore("victoriametrics", database.url, "", "tocsin", "")

    with pytest.raises(StoreUnavailable, match="/metrics does not say when it was started"):
        store.incarnation()

    database.body = b"vm_rows 7\nprocess_start_time_seconds 1795296996\n"
    assert store.incarnation() == "1795296996"
    store.close()


@pytest.mark.parametrize("status", [400, 401, 413])
def test_a_question_is_never_refused(store: Store, database: Scripted, status: int) -> None:
    """Only a write can be given up; a server that does not understand us may be the wrong one for now."""
    database.status = status

    with pytest.raises(StoreUnavailable, match=f"HTTP {status}"):
        store.count()


def test_what_tls_says_is_told(database: Scripted) -> None:
    server = Server(database.url.replace("http:", "https:"), "", "tocsin", "")

    with pytest.raises(StoreUnavailable, match="/api/v2/write: SSLError"):
        server.write(LINES)
    server.close()


def test_a_question_after_half_an_answer_gets_its_own(database: Scripted) -> None:
    """The rest of what was not read must not be taken for the next answer."""
    store = InfluxStore("victoriametrics", database.url, "", "tocsin", "")
    database.status, database.body = 200, b"process_start_time_seconds 1\n" + b"x\n" * 100_000
    assert store.incarnation() == "1"

    database.body = b"process_start_time_seconds 2\n"
    assert store.incarnation() == "2"
    store.close()


def test_a_password_in_the_url_is_not_told() -> None:
    server = Server("http://tocsin:hunter2@127.0.0.1:9", "", "tocsin", "")

    with pytest.raises(StoreUnavailable) as raised:
        server.write(LINES)
    assert "hunter2" not in str(raised.value)
    server.close()


def test_nothing_to_write_asks_nothing(store: Store, database: Scripted) -> None:
    none = np.zeros(0, np.int64)
    readings = Readings(
        sequence=1,
        received=0,
        message=none.astype(np.int32),
        slot=none.astype(np.int32),
        column=none.astype(np.int16),
        value=none,
        observed=none,
        stamp=none,
        period=none,
        quality=none.astype(np.uint8),
    )
    store.write([Block(Kinds({}, (), ()), Registry.of([], {}), readings)])

    assert database.asked == []


def test_a_cursor_may_follow_influxdb_at_once_and_victoriametrics_after_a_minute() -> None:
    influxdb = InfluxStore("influxdb", "http://127.0.0.1:9", "", "tocsin", "")
    victoriametrics = InfluxStore("victoriametrics", "http://127.0.0.1:9", "", "tocsin", "")

    assert (influxdb.trail, victoriametrics.trail) == (0, 60_000)
    influxdb.close()
    victoriametrics.close()
