"""The check of a Messenger page, against the simulator's Graph API, and against a platform that answers anything."""

import sys
from urllib.parse import quote

import pytest
import requests

from chalicelib.channels.checks import Problem
from chalicelib.channels.messenger.subscription import FIELDS, SOON, MessengerCheck
from chalicelib.errors import Unavailable
from chalicelib.settings import Settings
from ops.local import launch, processes
from tests.contract.messenger.graph import Answer, Graph, error
from tests.local_runtime import answers, free_port, wait_until

NOW = 1_796_000_000
PAGE_TOKEN, APP_SECRET = "local-page-token", "local-messenger-app-secret"
SECRET = {
    "page_token": PAGE_TOKEN,
    "page_id": "1000",
    "app_secret": APP_SECRET,
    "verify_token": "local-verify-token",
}


class Webhook(Graph):
    """Ours: answers Meta's challenge."""

    def answer(self, asked):
        return Answer(200, asked.query["hub.challenge"][0].encode())


class Secrets:
    def __init__(self, secret):
        self._secret = secret

    def get(self, _name):
        if self._secret is None:
            raise Unavailable("it has no value")
        return self._secret


class Bench:
    def __init__(self, graph_url, base_url="https://fans.example", **secret):
        self.lines = []
        self.session = requests.Session()
        settings = Settings("local", "eu-west-1", base_url, graph_url, 1.0, False, "", "")
        self.check = MessengerCheck(self.session, settings, Secrets({**SECRET, **secret}), lambda: NOW, self._log)

    def _log(self, event, **fields):
        self.lines.append((event, fields))

    def problems(self):
        return [problem.what for problem in self.check.problems()]

    @property
    def mended(self):
        return [fields["what"] for event, fields in self.lines if event == "mended"]


@pytest.fixture
def webhook():
    webhook = Webhook()
    yield webhook
    webhook.close()


@pytest.fixture
def simulator(webhook):
    """A new one, whose application is the webhook."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    environ = {"SIM_PORT": str(port), "APP_URL": webhook.url}
    process = processes.start([sys.executable, "-m", "ops.simulator"], environ, folder=launch.PROJECT)
    wait_until(lambda: answers(url), process=process)
    yield url
    processes.end([process], patience=3.0)


@pytest.fixture
def graph():
    graph = Graph()
    yield graph
    graph.close()


def ask(method, url, token=PAGE_TOKEN, **options):
    answer = requests.request(method, url, headers={"Authorization": f"Bearer {token}"}, timeout=5, **options)
    answer.raise_for_status()
    return answer


def test_what_the_page_or_the_app_does_not_send_is_asked_for_and_then_all_is_well(simulator, webhook):
    bench = Bench(simulator, webhook.url)
    assert bench.problems() == []
    assert bench.mended == ["subscribed_apps", "subscriptions"]
    [app] = ask("GET", f"{simulator}/v23.0/me/subscribed_apps").json()["data"]
    assert app["subscribed_fields"] == list(FIELDS)
    assert Bench(simulator, webhook.url).problems() == []
    ask("DELETE", f"{simulator}/v23.0/me/subscribed_apps")
    for mended in (["subscribed_apps"], []):
        again = Bench(simulator, webhook.url)
        assert (again.problems(), again.mended) == ([], mended)


def test_a_page_that_stays_unsubscribed_is_told(simulator, webhook):
    bench = Bench(simulator, webhook.url)
    bench.problems()
    ask("DELETE", f"{simulator}/v23.0/me/subscribed_apps")
    send = bench.session.request

    def lost(method, address, **options):
        if method == "POST":
            address = address.replace("me/subscribed_apps", "me/messenger_profile")
            options["json"] = {}
        return send(method, address, **options)

    bench.session.request = lost
    assert bench.problems() == ["unsubscribed"]


def test_an_app_that_calls_another_address_is_left_to_a_person(simulator, webhook):
    Bench(simulator, webhook.url).problems()
    assert Bench(simulator, "https://another.example").problems() == ["other_address"]
    token = f"2000|{APP_SECRET}"
    [found] = ask("GET", f"{simulator}/v23.0/2000/subscriptions", token).json()["data"]
    assert found["callback_url"] == f"{webhook.url}/webhooks/messenger"


def test_a_token_of_another_page_or_none_that_counts_is_told(simulator, webhook):
    assert Bench(simulator, webhook.url, page_id="1001").problems() == ["other_page"]
    assert Bench(simulator, webhook.url, page_token="EAAdead").problems() == ["token_dead"]


@pytest.mark.parametrize("path", ["debug_token", "subscribed_apps", "subscriptions"])
@pytest.mark.parametrize("status", [0, 429, 500])
def test_where_meta_does_not_say_nobody_is_called_and_no_token_is_told(simulator, webhook, path, status, capsys):
    Bench(simulator, webhook.url).problems()
    fault = {"channel": "messenger", "status": status, "code": 2 if status == 500 else None, "method": path}
    ask("POST", f"{simulator}/faults", json={name: value for name, value in fault.items() if value is not None})
    bench = Bench(simulator, webhook.url)
    with pytest.raises(Unavailable) as told:
        bench.problems()
    for secret in (PAGE_TOKEN, APP_SECRET):
        for text in (str(bench.lines), str(told.value), capsys.readouterr().out):
            assert secret not in text
            assert quote(secret) not in text
    assert told.value.__cause__ is None
    assert bench.problems() == []


def test_a_fault_of_the_check_is_none_of_a_send(simulator):
    ask("POST", f"{simulator}/faults", json={"channel": "messenger", "status": 500, "method": "debug_token"})
    message = {"recipient": {"id": "77"}, "messaging_type": "RESPONSE", "message": {"text": "Hello"}}
    assert ask("POST", f"{simulator}/v23.0/me/messages", json=message).json()["message_id"]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (error(190), "token_dead"),
        (error(10), "not_permitted"),
        (error(100), "permanent"),
        (Answer(200, {"data": {"is_valid": False, "error": {"code": 190}}}), "token_dead"),
        (Answer(200, {"data": "what?"}), "token_dead"),
        (Answer(200, {}), "token_dead"),
    ],
)
def test_what_meta_refuses_for_good_is_told_by_its_class(graph, answer, problem):
    graph.profile = answer
    assert Bench(graph.url).problems() == [problem]


@pytest.mark.parametrize("answer", [Answer(200, b"<html>"), Answer(502, b"<html>"), Answer(drop=True), error(613)])
def test_whatever_else_answers_leaves_it_open(graph, answer):
    graph.profile = answer
    with pytest.raises(Unavailable):
        Bench(graph.url).problems()


def test_a_token_that_ends_soon_or_lacks_a_permission_is_told_in_time(graph):
    known = {"is_valid": True, "app_id": "2000", "profile_id": "1000", "scopes": ["pages_messaging"]}
    graph.profile = Answer(200, {"data": {**known, "expires_at": NOW + SOON - 1}})
    problems = Bench(graph.url).check.problems()
    assert [next(problems), next(problems)] == [Problem("token_expires"), Problem("not_permitted")]


@pytest.mark.parametrize("secret", [None, {}, {"page_token": ""}])
def test_a_stage_without_a_page_has_no_problem_and_asks_nobody(graph, secret):
    bench = Bench(graph.url)
    settings = Settings("local", "eu-west-1", "https://fans.example", graph.url, 1.0, False, "", "")
    check = MessengerCheck(bench.session, settings, Secrets(secret), lambda: NOW, lambda *_, **__: None)
    assert list(check.problems()) == []
    assert graph.asked == []
