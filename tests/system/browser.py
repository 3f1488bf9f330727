"""A real browser, without a screen, on a page that lies on disk."""

import asyncio
from pathlib import Path

WIDTH, HEIGHT = 1366, 768
BROWSER = (
    "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
    "--enable-logging=stderr", f"--window-size={WIDTH},{HEIGHT}",
)  # fmt: skip


async def browse(*arguments: str, home: Path) -> tuple[str, str]:
    """What the browser printed, and what it logged."""
    process = await asyncio.create_subprocess_exec(
        *BROWSER, f"--user-data-dir={home}", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(120):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return out.decode(), err.decode()
