"""The same tests on the fake and on the emulator."""

import contextlib
import threading

import pytest

from chalicelib import settings
from chalicelib.aws.client import AwsError, Client
from chalicelib.aws.queues import SqsQueue
from chalicelib.aws.signature import Credentials
from chalicelib.aws.tables import DynamoTable
from tests.fakes.dynamodb import MemoryDynamo, Refused
from tests.fakes.table import MemoryTable


class InMemory:
    """In the place of our client."""

    def __init__(self):
        self._dynamo, self._lock = MemoryDynamo(), threading.Lock()

    def call(self, operation, **asked):
        try:
            with self._lock:
                return self._dynamo.call(operation, asked)
        except Refused as refused:
            raise AwsError(operation, refused.code, refused.details) from None


@pytest.fixture
def aws(resources):
    """Builds our client for a service of the emulator's stage `local`."""
    read = settings.read(resources.environ())
    with contextlib.ExitStack() as closing:

        def client(service):
            made = Client(service, read, Credentials("test", "test"))
            closing.callback(made.close)
            return made

        yield client


@pytest.fixture
def of_table():
    """Which one it is: a module may say another."""
    return "campaigns"


@pytest.fixture(params=["fake", "fake DynamoDB", "emulator"])
def table(request, of_table):
    if request.param == "fake":
        return MemoryTable()
    if request.param == "fake DynamoDB":
        return DynamoTable(InMemory(), f"guestlist-local-{of_table}")
    return DynamoTable(request.getfixturevalue("aws")("dynamodb"), f"guestlist-local-{of_table}")


@pytest.fixture
def real_queue(aws):
    return SqsQueue(aws("sqs"), "guestlist-local-inbound.fifo")
