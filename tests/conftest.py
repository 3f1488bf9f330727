"""Without the real servers their tests are left out, loudly; under CI they run, and fail without them."""

import os
import shutil

import pytest
from hypothesis import HealthCheck, settings

# What commands print is compared in English, whatever the machine speaks.
os.environ["LANG"] = "C.UTF-8"

# How many cases a property is tried on; `make test-deep` raises it. Machines are shared: no case is timed.
EXAMPLES = int(os.environ.get("TOCSIN_EXAMPLES", "300"))
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("tocsin", max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW)
settings.load_profile("tocsin")

SEARCHED = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin"))
SERVERS = ("mosquitto", "victoria-metrics", "influxd", "gcc", "chromium")


def missing() -> list[str]:
    return [name for name in SERVERS if shutil.which(name, path=SEARCHED) is None]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not missing() or os.environ.get("CI"):
        return
    left_out = [item for item in items if item.get_closest_marker("system")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if absent := missing():
        terminalreporter.write_line(f"LEFT OUT: the tests that need {', '.join(absent)}", red=True)
