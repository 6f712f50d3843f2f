"""`python -m ops dlq settle`: a person decides about a mail of which nobody knows whether it was sent."""

import itertools
import time

import pytest

from chalicelib.errors import InDoubt
from chalicelib.reactions.once import AT_IT, Once
from ops import dlq
from tests.fakes.clock import Clock
from tests.fakes.sqs import MemorySqs
from tests.fakes.table import MemoryTable
from tests.operators import a_stage
from tests.unit.reactions.events import DETAIL, body

MAIN, DEAD = "guestlist-prod-send-email", "guestlist-prod-send-email-dlq"
MOVED, DELETED = f"1 moved from {DEAD} to {MAIN}.", f"1 moved from {DEAD} to nowhere."


class Shop:
    """Orders' mails, of which some are parked."""

    def __init__(self, operate):
        self._operate = operate
        self.clock = Clock(time.time() - 7_300)
        full = itertools.chain.from_iterable(dlq.names(dlq.template.read(dlq.template.RESOURCES), "prod").values())
        self.sqs, self.table = MemorySqs(self.clock, *filter(None, full)), MemoryTable()
        numbers = itertools.count()
        self.once = Once(self.table, self.clock, lambda: f"attempt-{next(numbers)}")
        self.sent = []

    def mails(self, order_id, fails=None):
        def send():
            self.sent.append(order_id)
            if fails:
                raise fails

        self.once.at_most(order_id, "send-email", send)

    def parks(self, order_id):
        """The mail is begun, nobody hears of it again, and its event is set aside."""
        with pytest.raises(InDoubt):
            self.mails(order_id, InDoubt("no answer"))
        self.gives_up(order_id)

    def gives_up(self, order_id):
        self.sqs.put(DEAD, body(detail=DETAIL | {"orderId": order_id}))

    def run(self, *words):
        result = self._operate("dlq", "settle", *words, into=a_stage(sqs=self.sqs, once=self.once))
        return result.exit_code, result.output


@pytest.fixture
def shop(operate):
    return Shop(operate)


def test_what_is_known_of_each_parked_order_is_shown_and_nothing_is_changed(shop):
    shop.parks("o-1")
    shop.gives_up("o-2")
    shop.mails("o-3")
    shop.gives_up("o-3")
    shop.sqs.put(DEAD, "no event")
    code, said = shop.run("send-email")
    assert (code, said.splitlines()) == (
        0,
        [
            "order  letters  send-email",
            "o-1    1        begun 2 h ago, and nobody knows whether it was done",
            "o-2    1        not begun",
            "o-3    1        done 2 h ago",
        ],
    )
    assert "u-1" not in said, "who ordered is personal data"
    assert len(shop.sqs.visible(DEAD)) == 4


def test_a_mail_that_was_not_sent_is_sent_again_once_and_the_others_stay_parked(shop):
    shop.parks("o-1")
    shop.parks("o-2")
    shop.clock.now += AT_IT
    code, said = shop.run("send-email", "--order", "o-1", "--again")
    assert (code, said.splitlines()[-2:]) == (0, ["send-email of o-1 is not begun.", MOVED])
    assert (len(shop.sqs.bodies(MAIN)), len(shop.sqs.visible(DEAD))) == (1, 1)
    shop.mails("o-1")
    with pytest.raises(InDoubt):
        shop.mails("o-2")
    assert shop.sent == ["o-1", "o-2", "o-1"]
    code, said = shop.run("send-email", "--order", "o-1", "--again")
    assert (code, said.splitlines()[-1].startswith("send-email of o-1 is done")) == (0, True)
    assert len(shop.sqs.bodies(MAIN)) == 1


def test_a_mail_that_was_sent_is_never_sent_again_and_its_letter_is_gone(shop):
    shop.parks("o-1")
    shop.clock.now += AT_IT
    for said_last in (DELETED, "send-email of o-1 is done 2 h ago."):
        code, said = shop.run("send-email", "--order", "o-1", "--done")
        assert (code, said.splitlines()[-1]) == (0, said_last)
    shop.mails("o-1")
    assert shop.sent == ["o-1"]
    assert shop.sqs.bodies(DEAD) == shop.sqs.bodies(MAIN) == []


def test_what_was_sent_by_hand_though_it_was_never_begun_counts_as_done(shop):
    shop.gives_up("o-1")
    assert shop.run("send-email", "--order", "o-1", "--done")[0] == 0
    shop.mails("o-1")
    assert shop.sent == []


def test_what_is_known_to_be_done_is_not_done_again(shop):
    shop.mails("o-1")
    shop.gives_up("o-1")
    code, said = shop.run("send-email", "--order", "o-1", "--again")
    assert (code, said.splitlines()[-1]) == (0, DELETED)
    shop.mails("o-1")
    assert shop.sent == ["o-1"]


@pytest.mark.parametrize("answer", ["--done", "--again"])
def test_while_somebody_may_be_at_it_nobody_decides(shop, answer):
    shop.clock.now = time.time()
    shop.parks("o-1")
    code, said = shop.run("send-email", "--order", "o-1", answer)
    assert (code, "is being done: look again in" in said) == (1, True)
    assert len(shop.sqs.visible(DEAD)) == 1
    shop.clock.now += AT_IT
    with pytest.raises(InDoubt):
        shop.mails("o-1")


@pytest.mark.parametrize("answer", ["--done", "--again"])
def test_an_order_of_which_nothing_is_known_is_said_to_be_none(shop, answer):
    code, said = shop.run("send-email", "--order", "o-7", answer)
    assert (code, f"{DEAD} has no letter of it" in said) == (1, True)
    assert list(shop.table) == []


def test_without_its_letter_a_mail_keeps_its_mark_as_nothing_would_send_it(shop):
    with pytest.raises(InDoubt):
        shop.mails("o-1", InDoubt("no answer"))
    shop.clock.now += AT_IT
    assert shop.run("send-email", "--order", "o-1", "--again")[0] == 1
    assert shop.once.mark("o-1", "send-email").state == "begun"


def test_wherever_a_decision_breaks_off_it_can_be_made_again(shop):
    """Between taking the mark away and moving the letter, and between sending and deleting it."""
    shop.parks("o-1")
    shop.clock.now += AT_IT
    shop.once.settle("o-1", "send-email", done=False)
    shop.sqs.keeps[body(detail=DETAIL | {"orderId": "o-1"})] = "Expired"
    assert shop.run("send-email", "--order", "o-1", "--again")[0] == 1
    shop.mails("o-1")
    shop.sqs.keeps.clear()
    assert shop.run("send-email", "--order", "o-1", "--again")[0] == 0
    assert shop.sqs.bodies(DEAD) == []
    assert shop.sent == ["o-1", "o-1"], "once, and once again"


def test_of_two_who_decide_at_once_one_is_heard(shop):
    shop.parks("o-1")
    shop.clock.now += AT_IT
    write = shop.table.write

    def write_after_another(*steps):
        shop.table.write = write
        shop.once.settle("o-1", "send-email", done=True)
        write(*steps)

    shop.table.write = write_after_another
    code, said = shop.run("send-email", "--order", "o-1", "--again")
    assert (code, "was begun or settled just now: look again" in said) == (1, True)
    assert shop.once.mark("o-1", "send-email").is_done
    assert len(shop.sqs.visible(DEAD)) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("notify-warehouse",), "only send-email and alert can be in doubt: redrive notify-warehouse"),
        (("send-email", "--done"), "Name the order"),
    ],
)
def test_what_cannot_be_decided_is_a_wrong_call(shop, words, told):
    code, said = shop.run(*words)
    assert (code, told in said) == (2, True)


def test_an_alert_is_decided_about_in_the_same_way(shop):
    with pytest.raises(InDoubt):
        shop.once.at_most("o-1", "alert", lambda: (_ for _ in ()).throw(InDoubt("no answer")))
    shop.clock.now += AT_IT
    shop.sqs.put("guestlist-prod-alert-dlq", body())
    assert shop.run("alert", "--order", "o-1", "--again")[0] == 0
    assert len(shop.sqs.bodies("guestlist-prod-alert")) == 1
