"""The kinds of error that an edge can answer. Each says what the caller can do about it."""

from typing import NamedTuple


class FieldError(NamedTuple):
    """What is wrong with one field: `field` is its path (`questions[2].text.nl`), `message` names the limit and the way out."""

    field: str
    message: str


class GuestlistError(Exception):
    """An error that we foresaw. Its text may be shown to the caller, so it holds no secret and no personal data."""


class Invalid(GuestlistError):
    """What was sent breaks a rule; `errors` names every field at once."""

    def __init__(self, detail: str, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.errors = errors


class Unauthenticated(GuestlistError):
    """No proof, or a wrong one, of who is calling."""


class Forbidden(GuestlistError):
    """We know who is calling, and they may not."""


class NotFound(GuestlistError):
    """There is no such thing."""


class Conflict(GuestlistError):
    """The thing's present state does not allow this; `facts` go into the answer beside the text, and `errors`, where it is about fields."""

    def __init__(self, detail: str, errors: tuple[FieldError, ...] = (), **facts: str | int) -> None:
        super().__init__(detail)
        self.errors = errors
        self.facts = facts


class Busy(Conflict):
    """The same is being done at this moment: `retry_after` seconds later the answer is there."""

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class PreconditionFailed(GuestlistError):
    """The thing is in another version than the caller wanted to change: read it again, and decide anew."""


class TooLarge(GuestlistError):
    """The body is over the limit."""


class Unprocessable(GuestlistError):
    """It can be read, and yet not be done: it contradicts what the caller sent before."""


class Unavailable(GuestlistError):
    """Something that we depend on refuses or is missing: the caller keeps the message and tries again."""


class InDoubt(Unavailable):
    """What was asked may have been done, or not: nobody knows. What must not be done twice is not asked again."""
