"""A time-series database over HTTP: InfluxDB's client, with its retries off and its errors made ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from ingest.series.store import StoreRefused, StoreUnavailable

T = TypeVar("T")

# To connect and to answer, ms.
TIMEOUT = (2_000, 10_000)
# What these say of a write is true for ever. Others of 4xx (no such bucket, bad token, too many requests)
# end when somebody mends the database or the settings, and until then the data waits.
DEFECT = (400, 413, 422)
LONGEST_REASON = 300


class Server:
    """One database. All methods but `ping` and `close` raise StoreUnavailable."""

    def __init__(self, url: str, org: str, bucket: str, token: str) -> None:
        # Never the whole URL in a message: it may hold a password.
        self.name = urlsplit(url).netloc.rpartition("@")[2] or "the url of the series store"
        self.bucket = bucket
        self._token = token
        # Any: most of the library's methods have no types.
        self._client: Any = InfluxDBClient(url=url, token=token, org=org, timeout=TIMEOUT, retries=False)
        self._writing: Any = self._client.write_api(write_options=SYNCHRONOUS)

    def write(self, lines: bytes) -> None:
        """Line protocol with times in ms. Raises StoreRefused where the lines are at fault."""
        with self._translated("/api/v2/write", DEFECT):
            self._writing.write(self.bucket, record=lines, write_precision=WritePrecision.MS)

    def get(self, path: str, query: dict[str, str]) -> Iterator[bytes]:
        """The lines of the answer while they arrive; an answer that breaks off raises."""
        with self._translated(path):
            response = self._client.api_client.call_api(
                path,
                "GET",
                query_params=list(query.items()),
                _return_http_data_only=True,
                _preload_content=False,
            )
            try:
                yield from response
            finally:
                # A connection with an answer half read must not be used again; after a whole one it is free.
                response.close()

    def records(self, path: str, query: dict[str, str], decoder: msgspec.json.Decoder[T]) -> Iterator[T]:
        """The answer as one JSON value a line."""
        try:
            for line in self.get(path, query):
                yield decoder.decode(line)
        except msgspec.DecodeError as error:
            said = f"{path}: an answer this store does not understand, {error}; is the url right?"
            raise StoreUnavailable(self.name, said) from error

    def ping(self) -> bool:
        return bool(self._client.ping())

    def close(self) -> None:
        self._writing.close()
        self._client.close()

    @contextmanager
    def _translated(self, path: str, refusing: tuple[int, ...] = ()) -> Iterator[None]:
        try:
            yield
        except ApiException as error:
            refusal = StoreRefused if error.status in refusing else StoreUnavailable
            raise refusal(self.name, f"{path}: {self._discreet(_told(error))}"[:LONGEST_REASON]) from error
        except HTTPError as error:
            raise StoreUnavailable(self.name, f"{path}: {error}"[:LONGEST_REASON]) from error

    def _discreet(self, said: str) -> str:
        """A server in between may answer with the request, and its token."""
        return said.replace(self._token, "(token)") if self._token else said


def _told(error: ApiException) -> str:
    """The client gives what TLS says as a `reason` with status 0, and a server's words as text or bytes."""
    if not error.status:
        return str(error.reason)
    said = error.message.decode(errors="replace") if isinstance(error.message, bytes) else error.message
    return f"HTTP {error.status}: {str(said).strip()}"
