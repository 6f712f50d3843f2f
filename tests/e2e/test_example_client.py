"""The Python client of docs/examples, and the program that shows it, against the running application."""

import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter

from docs.examples.guestlist import Conflict, Guestlist, NotFound, Problem

PROGRAM = Path(__file__).parents[2] / "docs" / "examples" / "merchandise.py"
TOKEN = "local-organiser-token"


class Losing(HTTPAdapter):
    """Loses the answer to each request the first time, when everything is done."""

    def __init__(self):
        super().__init__()
        self._seen = set()

    def send(self, request, **options):
        answer = super().send(request, **options)
        key = request.headers.get("Idempotency-Key")
        if key and key not in self._seen:
            self._seen.add(key)
            raise requests.ConnectionError
        return answer


@pytest.fixture
def guestlist(local_run):
    with requests.Session() as session:
        session.mount("http://", Losing())
        yield Guestlist(local_run.web, TOKEN, session=session, sleep=lambda _: None)


@pytest.fixture
def shirt(guestlist):
    """The path of a new product with 50 in stock."""
    body = {"productId": f"shirt-{uuid.uuid4().hex[:8]}", "name": "Shïrt", "priceCents": 1999, "stock": 50}
    return f"/products/{guestlist.create('/products', body)['productId']}"


def test_the_example_runs_and_tells_what_it_does(local_run):
    command = [sys.executable, PROGRAM, local_run.web, TOKEN]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603  # ours
    assert ended.returncode == 0, ended.stderr
    for told in (
        "made       Tour shirt, 50 in stock",
        "delivered  once, though sent twice: 80 in stock",
        "on sale    for 14.99 EUR",
        "refused    100 cannot be taken away: 80 are in stock (reason: below_zero)",
        "name: ",
        "priceCents: must be a whole number from 0 to 100000000",
        "+30 Delivered (organiser)",
        "among them: False",
    ):
        assert told in ended.stdout


def test_what_is_sent_twice_because_an_answer_was_lost_counts_once(guestlist, shirt):
    assert guestlist.create(f"{shirt}/stock", {"delta": -2, "reason": "Damaged"})["stock"] == 48
    assert [adjustment["delta"] for adjustment in guestlist.every(f"{shirt}/stock", limit=1)] == [50, -2]


def test_lists_are_read_page_by_page(guestlist, shirt):
    found = [f"/products/{product['productId']}" for product in guestlist.every("/products", limit=1)]
    assert found.count(shirt) == 1
    assert found == sorted(found)


def test_refusals_are_errors_that_say_what_is_wrong(guestlist, shirt):
    with pytest.raises(Problem) as refused:
        guestlist.create("/products", {"name": "", "priceCents": -1, "colour": "red"})
    assert refused.value.errors.keys() == {"name", "priceCents", "colour"}
    with pytest.raises(Conflict) as refused:
        guestlist.create(f"{shirt}/stock", {"delta": -51, "reason": "Damaged"})
    assert refused.value.members["stock"] == 50
    guestlist.delete(shirt)
    guestlist.delete(shirt)
    with pytest.raises(NotFound):
        guestlist.get(shirt)


def test_of_many_who_change_a_product_at_once_nobody_undoes_what_another_did(local_run, guestlist, shirt):
    def note(letter):
        with requests.Session() as session:
            own = Guestlist(local_run.web, TOKEN, session=session, sleep=lambda _: None)
            own.update(shirt, lambda product: {"name": product["name"] + letter})

    threads = [threading.Thread(target=note, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(guestlist.get(shirt)["name"].removeprefix("Shïrt")) == list("abcd")
