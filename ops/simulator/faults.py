import asyncio
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

Channel = Literal["messenger", "slack"]


class DroppedConnectionError(Exception):
    """The caller is to get no answer at all: the server hangs up."""


class Fault(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An order: the next `count` messages sent on this channel fail so.

    `status` 0 drops the connection without an answer; 200 answers well, but `delay` late. `code` is the platform's own:
    a number of Meta's, a word of Slack's (whose refusals have status 200). `retry_after` and `delay` are seconds. `method` is
    one of Slack's (`chat.update`) or the end of an address of Meta's (`subscribed_apps`): the others are spared. What sends nothing
    fails only where it is named.
    """

    channel: Channel
    status: Annotated[int, Meta(ge=0, le=599)]
    code: int | str | None = None
    count: Annotated[int, Meta(ge=1)] = 1
    retry_after: Annotated[int, Meta(ge=0)] | None = None
    subcode: int | None = None
    delay: Annotated[float, Meta(ge=0, le=600)] = 0
    method: str | None = None

    async def suffer(self) -> None:
        await asyncio.sleep(self.delay)
        if self.status == 0:
            raise DroppedConnectionError

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}


class Faults:
    """The orders not used up yet; each channel follows its own in the order they came."""

    def __init__(self) -> None:
        self._standing: list[Fault] = []

    def order(self, fault: Fault) -> None:
        self._standing.append(fault)

    def standing(self) -> list[Fault]:
        return list(self._standing)

    def forget(self) -> None:
        self._standing.clear()

    def met(
        self, channel: Channel, method: str | None = None, *, spend: bool = True, sends: bool = True
    ) -> Fault | None:
        """The fault that the next call on this channel meets. Only messages spend it: a sender action merely suffers it."""
        for index, fault in enumerate(self._standing):
            if fault.channel == channel and fault.method in ((None, method) if sends else (method,)):
                if spend:
                    self._standing[index : index + 1] = (
                        [replace(fault, count=fault.count - 1)] if fault.count > 1 else []
                    )
                return fault
        return None
