"""When a device reports, as operators write it: `periodic 5min`, `on_change`, `event`."""

from typing import Annotated

from pydantic import BeforeValidator, Field, InstanceOf

from ingest.document.source_text import did_you_mean
from ingest.duration import parse_duration
from ingest.finding import quoted, words
from ingest.kinds import Reporting, ReportingMode

EXAMPLES = words("write periodic 5min, on_change or event")


class ReportingError(ValueError):
    """Text that says nothing about reporting; `suggestion` says what to write."""

    code = "E152"

    def __init__(self, message: str, suggestion: str = EXAMPLES) -> None:
        super().__init__(message)
        self.suggestion = suggestion


def parse_reporting(text: str) -> Reporting:
    """Raises ReportingError, or DurationError for the interval."""
    mode, _, interval = text.strip().partition(" ")
    if mode not in list(ReportingMode):
        raise ReportingError(
            words("{value} is no way of reporting", value=quoted(text)), did_you_mean(mode, ReportingMode)
        )
    periodic = mode == ReportingMode.PERIODIC
    if periodic and not interval:
        raise ReportingError(words("{mode} needs interval", mode=mode))
    if interval and not periodic:
        raise ReportingError(words("{mode} has no interval", mode=mode))
    length = parse_duration(interval) if periodic else 0
    if periodic and length == 0:
        raise ReportingError(words("the interval must be longer than 0s"))
    return Reporting(ReportingMode(mode), length)


def _reporting(value: object) -> Reporting:
    if isinstance(value, str):
        return parse_reporting(value)
    raise ReportingError(words("{value} is no way of reporting", value=quoted(value)))


_Text = Annotated[str, Field(pattern=r"^\s*(periodic\s+\S.*|on_change|event)\s*$")]

ReportingText = Annotated[InstanceOf[Reporting], BeforeValidator(_reporting, json_schema_input_type=_Text)]
"""A field of a configuration model: text in the file, `Reporting` in the model."""
