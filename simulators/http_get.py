"""One GET from a server on the loopback: what a starter polls until its server answers."""

import asyncio


async def http_get(port: int, path: str) -> bytes:
    """The whole answer with its header; empty while nobody listens."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return b""
    writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer
