"""Fans order, pay and are told, on the running application: in Messenger, in Slack and in the web chat."""

import re
import time
import uuid

import pytest
import requests

from tests.e2e.test_fans import MessengerFan
from tests.e2e.test_slack_fans import SlackFan
from tests.local_runtime import wait_until

SERVICE = {"Authorization": "Bearer local-service-token"}
PAY = "/payments/([A-Za-z0-9_-]+)"


class WebFan:
    """A fan on the page of the web chat, which looks into the transcript again and again."""

    def __init__(self, run):
        self._address = f"{run.web}/chat/birthday-bash/messages"
        self._session = {}

    def types(self, text):
        body = {**self._session, "messageId": uuid.uuid4().hex, "text": text}
        answer = requests.post(self._address, json=body, timeout=20)
        self._session = {"session": answer.json()["session"]}

    def messages(self):
        if not self._session:
            return []
        answer = requests.get(self._address, params=self._session, timeout=20).json()
        return [message for message in answer["messages"] if message["from"] == "bot"]


@pytest.fixture(params=[MessengerFan, SlackFan, WebFan])
def fan(request, local_run):
    return request.param(local_run)


def says(fan, text, expected):
    """The fan types, and the bot's next message matches."""
    before = len(fan.messages())
    fan.types(text)
    return hears(fan, before, expected)


def hears(fan, before, expected):
    def heard():
        new = [message["text"] for message in fan.messages()[before:]]
        return next((found for text in new if (found := re.search(expected, text))), None)

    return wait_until(heard, 20, lambda: str(fan.messages()[before:]))


def order(run, order_id):
    return requests.get(f"{run.web}/orders/{order_id}", headers=SERVICE, timeout=10).json()


@pytest.mark.parametrize(
    ("method", "status", "told", "shown"),
    [
        ("pm_card_visa", "PLACED", "Paid, and yours: 2 x VIP package", "It is yours"),
        ("pm_card_chargeDeclined", "REJECTED", "The payment was declined. Nothing was charged", "Not ordered"),
    ],
)
def test_a_fan_orders_pays_and_is_told(local_run, fan, method, status, told, shown):
    says(fan, "buy 2 VIP packages", "e-mail address")
    says(fan, f"{uuid.uuid4().hex}@example.org", "2 x VIP package: € 198.00 in all")
    order_id = says(fan, "yes", PAY)[1]
    page = f"{local_run.web}/payments/{order_id}"
    assert "€ 198.00" in requests.get(page, timeout=10).text
    before, began = len(fan.messages()), time.monotonic()
    assert requests.post(page, data={"method": method}, timeout=10).ok
    wait_until(lambda: order(local_run, order_id)["status"] == status, 20, lambda: str(order(local_run, order_id)))
    ended = time.monotonic() - began
    hears(fan, before, told)
    assert ended < 5
    assert shown in requests.get(page, timeout=10).text
    assert order(local_run, order_id)["timeline"][-1]["what"] == "NOTIFIED"
