"""One HTTP call, on the event loop and without a thread, so that a call under way never holds up the program's end."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

import h11

NO_ANSWER = 0


class Answer(NamedTuple):
    """`status` is NO_ANSWER when there was none: nobody listens, the line broke, or, `late`, it took too long."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}
    """By their names in lower case."""
    late: bool = False


async def call(method: str, url: str, headers: Mapping[str, str], body: bytes = b"", timeout_s: float = 5) -> Answer:
    try:
        async with asyncio.timeout(timeout_s):
            return await _call(method, url, headers, body)
    except TimeoutError:  # an OSError too, hence first
        return Answer(NO_ANSWER, late=True)
    except (OSError, h11.RemoteProtocolError):
        return Answer(NO_ANSWER)


async def _call(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    parts = urlsplit(url)
    secure = ssl.create_default_context() if parts.scheme == "https" else None
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or (443 if secure else 80), ssl=secure)
    try:
        line = h11.Connection(h11.CLIENT)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        everything = {"Host": parts.netloc, "Connection": "close", "Content-Length": str(len(body)), **headers}
        request = h11.Request(method=method, target=target, headers=list(everything.items()))
        for part in (request, h11.Data(data=body), h11.EndOfMessage()):
            writer.write(line.send(part) or b"")
        await writer.drain()
        return _answer([event async for event in _events(line, reader)])
    finally:
        writer.close()


async def _events(line: h11.Connection, reader: asyncio.StreamReader) -> AsyncIterator[h11.Event]:
    while True:
        event = line.next_event()
        if not isinstance(event, h11.Event):
            line.receive_data(await reader.read(65536))
            continue
        yield event
        if isinstance(event, h11.EndOfMessage):
            return


def _answer(events: Iterable[h11.Event]) -> Answer:
    response = next(event for event in events if isinstance(event, h11.Response))
    headers = {name.decode(): value.decode("latin-1") for name, value in response.headers}
    body = b"".join(bytes(event.data) for event in events if isinstance(event, h11.Data))
    return Answer(response.status_code, body, headers)
