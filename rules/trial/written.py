"""Where a time of a test stands, as its author wrote it."""

from ingest.document import Document
from ingest.document.composer import Path, Plain
from ingest.duration import DurationError, parse_duration


def written_at(document: Document, path: Path, time: int) -> Path:
    """The path of what stands under `time` (ms) in the mapping of times at `path`; `path` for none."""
    data: Plain = document.data
    for part in document.nearest(path):
        if isinstance(data, dict):
            data = data[str(part)]
        elif isinstance(data, list):
            data = data[int(part)]
    times = data if isinstance(data, dict) else {}
    return next(((*path, written) for written in times if _is_time(written, time)), path)


def _is_time(written: str, time: int) -> bool:
    try:
        return parse_duration(written) == time
    except DurationError:
        return False
