"""What of the process worlds take the place of: AWS's client, time, HTTP, and waiting."""

import contextlib
import functools
import io

import pytest
import requests
from jinja2 import Environment

from chalicelib import clock, wiring
from chalicelib.aws.tables import DynamoTable
from chalicelib.events.publisher import Publisher
from chalicelib.reactions import mail
from tests.operators import start_anew

ENVIRONMENT = {
    "STAGE": "local",
    "AWS_REGION": "eu-west-1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "BASE_URL": "https://fans.example",
    "MESSENGER_API_URL": "http://127.0.0.1:1",
    "SLACK_API_URL": "http://127.0.0.1:1",
    "PAYMENTS": "stripe",
    "STRIPE_API_URL": "https://stripe.example",
    "WAREHOUSE_URL": "https://warehouse.example/orders",
}


class _Taken:
    by = None
    """The world that is there."""
    caches = ()


@contextlib.contextmanager
def worlds():
    """Makes worlds possible in this process."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        start_anew(patch)
        patch.setattr(wiring, "client", _client)
        patch.setattr(clock, "system", lambda: _Taken.by.now)
        patch.setattr(requests, "Session", Session)
        patch.setattr(mail, "Environment", functools.partial(_compiled_once, {}))
        for class_ in (DynamoTable, Publisher):
            patch.setitem(class_.__init__.__kwdefaults__, "sleep", no_sleep)
        caches = (built for built in vars(wiring).values() if hasattr(built, "cache_clear"))
        patch.setattr(_Taken, "caches", [built for built in caches if built is not wiring.read_settings])
        yield


@contextlib.contextmanager
def taken_by(world):
    """Inside, the world is there, and nothing is printed."""
    before, _Taken.by = _Taken.by, world
    new_container()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        _Taken.by = before


def new_container():
    """Nothing is wired yet."""
    for built in _Taken.caches:
        built.cache_clear()


def no_sleep(_seconds):
    """Pauses within one function are not worth telling."""


class Session:
    """In the place of a `requests.Session`."""

    def __init__(self):
        self.request, self.post = _Taken.by.request_stripe, _Taken.by.post_to_warehouse


def _client(service):
    return _Taken.by.client(service)


def _compiled_once(kept, **options):
    """Compiling templates takes longer than a whole order."""
    return kept.setdefault("environment", Environment(**options))  # noqa: S701  # as it is asked for
