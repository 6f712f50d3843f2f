"""Server-sent events: what happens on a screen, for as long as it is open."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import Response, StreamingResponse

HEARTBEAT_S = 15

Json = dict[str, Any]


def stream(phones: set[asyncio.Queue[Json]], first: Json) -> Response:
    """All that there is already, then each thing that is put into the queue that stands in `phones` meanwhile."""
    return StreamingResponse(
        _events(phones, first), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


async def _events(phones: set[asyncio.Queue[Json]], first: Json) -> AsyncIterator[str]:
    phone: asyncio.Queue[Json] = asyncio.Queue()
    phones.add(phone)
    try:
        yield _event(first)
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    news = await phone.get()
            except TimeoutError:
                yield ": still here\n\n"
            else:
                yield _event(news)
    finally:
        phones.discard(phone)


def _event(news: Json) -> str:
    return f"data: {json.dumps(news)}\n\n"
