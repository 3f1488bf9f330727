"""/healthz, /readyz and /metrics on a loopback port."""

import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route


@dataclass(frozen=True, slots=True)
class Figure:
    """One number the daemon shows; a counter if it only ever grows."""

    name: str
    help: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()
    counter: bool = False


Figures = Callable[[], Iterable[Figure]]


class FigureCollector(Collector):
    """Reads the figures when they are asked for: the pipeline keeps plain integers and no instruments."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        families: dict[str, Metric] = {}
        for figure in self._figures():
            family = families.setdefault(figure.name, _family(figure))
            family.add_sample(
                figure.name + ("_total" if figure.counter else ""), dict(figure.labels), figure.value
            )
        return families.values()


def _family(figure: Figure) -> Metric:
    kind = CounterMetricFamily if figure.counter else GaugeMetricFamily
    return kind(figure.name, figure.help)


def application(
    figures: Figures,
    problems: Callable[[], dict[str, str]],
    notices: Callable[[], dict[str, str]],
    callbacks: Sequence[Route] = (),
) -> Starlette:
    """By part: `problems` are what is wrong, none means ready; `notices` are over, but people should know.

    `callbacks` are what gateways call.
    """
    registry = CollectorRegistry()
    registry.register(FigureCollector(figures))

    # Coroutines, though nothing is awaited: Starlette runs plain functions in threads, and there the judge
    # would change what they go through.
    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        found = problems()
        body = {"ready": not found, "problems": found, "notices": notices()}
        return JSONResponse(body, 503 if found else 200)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), media_type="text/plain; version=0.0.4; charset=utf-8")

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            *callbacks,
        ]
    )


def door(port: int) -> socket.socket:
    """A listening socket on loopback; OSError if the port is taken, 0 is any free one."""
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise OSError(f"127.0.0.1:{port}: {error.strerror}; free it, or choose another http.port") from error


class HealthServer:
    """Serves an application on a socket that listens on loopback."""

    def __init__(self, app: Starlette, listening: socket.socket) -> None:
        self._socket = listening
        self.port: int = self._socket.getsockname()[1]
        self._server = _Server(uvicorn.Config(app, log_level="warning", lifespan="off"))

    async def run(self) -> None:
        await self._server.serve([self._socket])

    async def stop(self) -> None:
        """`run` returns soon after."""
        self._server.should_exit = True


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The daemon handles signals."""
        yield
