"""1,000 who want one e-mail address at once, and two who change one version of a user: on the emulator's real conditions."""

import contextlib
import functools
import itertools
import threading
import uuid
from collections import Counter

import pytest

from chalicelib import settings
from chalicelib.aws.client import Client
from chalicelib.aws.signature import Credentials
from chalicelib.aws.tables import Change, Create, DynamoTable, Put
from chalicelib.users.store import UserStore
from tests.user_site import UserSite, a_user

APPLICANTS = 1_000


class CarelessTable:
    """Writes without the conditions that make an address unique and a change one version's."""

    def __init__(self, table):
        self._table = table
        self.get, self.query, self.page = table.get, table.query, table.page

    def write(self, *steps):
        self._table.write(*map(self._careless, steps))

    @staticmethod
    def _careless(step):
        match step:
            case Create(item):
                return Put(item)
            case Change():
                return step._replace(expect={})
        return step


class TogetherStore(UserStore):
    """All have looked before anybody writes."""

    looked = threading.Barrier(2)

    def replace(self, old, new):
        self.looked.wait()
        return super().replace(old, new)


@pytest.fixture
def accounts(resources):
    """The table of users."""
    read = settings.read(resources.environ())
    client = Client("dynamodb", read, Credentials("test", "test"), timeout=60)
    with contextlib.closing(client):
        yield DynamoTable(client, read.name("users"))


def statuses(requests):
    """How often each status is answered to these requests, all sent at once."""
    barrier, answered = threading.Barrier(len(requests)), []

    def send(request):
        barrier.wait()
        answered.append(request().status)

    threads = [threading.Thread(target=send, args=(request,)) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(answered)


def applications(table, count=APPLICANTS):
    """Whose address it is afterwards, and what the applicants were answered."""
    site, email = UserSite(table), f"{uuid.uuid4().hex}@example.org"
    cased = itertools.cycle([email, email.upper(), email.title()])
    answered = statuses([functools.partial(site.post, email=next(cased)) for _ in range(count)])
    return table.get(f"email#{email}", "email"), answered


def test_of_1000_who_want_one_address_at_once_one_gets_it_and_999_are_refused(accounts):
    taken, answered = applications(accounts)
    assert answered == {201: 1, 409: APPLICANTS - 1}
    assert accounts.get("users", taken["userId"])


def test_without_the_condition_more_than_one_gets_it(accounts):
    """The negative control."""
    _, answered = applications(CarelessTable(accounts), 20)
    assert answered[201] > 1


def test_of_100_equal_requests_with_one_key_one_makes_a_user_and_the_others_learn_of_it_or_wait(accounts):
    site, key = UserSite(accounts), uuid.uuid4().hex
    body = a_user(email=f"{key}@example.org")
    answers = []
    answered = statuses([lambda: answers.append(site.ask("POST", body=body, key=key)) or answers[-1]] * 100)
    made = {answer.body["userId"] for answer in answers if answer.status == 201}
    assert len(made) == 1
    assert answered.keys() <= {201, 409}
    assert all("Retry-After" in answer.headers for answer in answers if answer.status == 409)
    assert site.ask("POST", body=body, key=key).body["userId"] in made


def changes(table):
    """What two are answered who have seen the same version, and the user afterwards."""
    site = UserSite(table, store=TogetherStore)
    made = site.post(email=f"{uuid.uuid4().hex}@example.org")
    path = f"/users/{made.body['userId']}"

    def change(name):
        return lambda: site.ask("PATCH", path, {"name": name}, tag=made.etag)

    return statuses([change("Anne"), change("Annie")]), site.ask("GET", path)


def test_of_two_who_change_one_version_one_does_and_the_other_gets_412(accounts):
    answered, user = changes(accounts)
    assert answered == {200: 1, 412: 1}
    assert user.etag == '"2"'


def test_without_the_condition_both_do_and_one_is_lost(accounts):
    """The negative control."""
    answered, _ = changes(CarelessTable(accounts))
    assert answered == {200: 2}
