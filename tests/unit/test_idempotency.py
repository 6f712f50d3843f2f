"""A request that is sent again counts once, whatever happened to it the first time."""

import contextlib
import json
from typing import NamedTuple

import pytest
from chalice.app import Request
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import errors, http
from chalicelib.aws.tables import ConditionFailed, Create
from chalicelib.idempotency import ASK_AGAIN, KEEP_SECONDS, LEASE_SECONDS, Idempotency
from tests.fakes.clock import Clock
from tests.fakes.table import MemoryTable
from tests.unit.test_crash_points import Crash, Fuse


class Shop:
    """Makes one thing for each act; `made` and `asked` count."""

    def __init__(self, *, careful=True, table=None):
        self.clock = Clock()
        self.table = MemoryTable() if table is None else table
        self.things = MemoryTable()
        self.asked = 0
        self.fails = []
        self.careful = careful
        self.restart()

    def restart(self, *, wrapped=lambda store: store):
        self.once = Idempotency(wrapped(self.table), self.clock).once
        self._things = wrapped(self.things)

    @property
    def made(self):
        return len(list(self.things))

    def post(self, body=b"{}", key="key-1", **request):
        return self.once(a_request(body, key=key, **request), self.make)

    def make(self, act):
        self.asked += 1
        if self.fails and (fault := self.fails.pop(0)):
            raise fault
        name = act.id if self.careful else f"{act.id}-{self.asked}"
        with contextlib.suppress(ConditionFailed):  # it was made before
            self._things.write(Create({"pk": name, "sk": "thing"}))
        return http.json_response({"id": act.id, "at": act.at}, 201, {"Location": f"/things/{act.id}"})


def a_request(body=b"{}", *, key="key-1", by="shop", role="service", path="/things", parameters=None):
    return Request(
        {
            "multiValueQueryStringParameters": None,
            "headers": {} if key is None else {"Idempotency-Key": key},
            "pathParameters": parameters,
            "requestContext": {
                "httpMethod": "POST",
                "resourcePath": path,
                "authorizer": {"name": by, "role": role, "campaigns": ""},
            },
            "body": body.decode(),
            "stageVariables": None,
        }
    )


def told(answer):
    """All that the caller gets."""
    return answer.to_dict()


@pytest.fixture
def shop():
    return Shop()


def test_the_same_request_again_gets_the_same_answer_and_makes_nothing(shop):
    first = shop.post()
    shop.clock.now += KEEP_SECONDS - 1
    assert told(shop.post()) == told(first)
    assert (first.status_code, shop.made, shop.asked) == (201, 1, 1)


def test_without_a_key_each_request_makes_something(shop):
    first, second = shop.post(key=None), shop.post(key=None)
    assert told(first) != told(second)
    assert shop.made == 2
    assert not list(shop.table)


@pytest.mark.parametrize(
    "other",
    [
        {"key": "key-2"},
        {"by": "another shop"},
        {"role": "organiser"},
        {"path": "/others"},
        {"parameters": {"thing": "2"}},
    ],
)
def test_a_key_counts_for_one_caller_and_one_route(shop, other):
    shop.post(parameters={"thing": "1"})
    shop.post(**{"parameters": {"thing": "1"}, **other})
    assert shop.made == 2


def test_another_body_with_the_same_key_is_refused_whether_the_first_is_done_or_not(shop):
    shop.post(b'{"n": 1}')
    with pytest.raises(errors.Unprocessable, match="another body"):
        shop.post(b'{"n": 2}')
    shop.fails = [KeyError()]
    with pytest.raises(KeyError):
        shop.post(b'{"n": 1}', key="key-2")
    with pytest.raises(errors.Unprocessable):
        shop.post(b'{"n": 2}', key="key-2")
    assert shop.made == 1


@pytest.mark.parametrize("key", ["", " ", "a key", "ключ", "x" * 101, "a\nb"])
def test_a_key_that_is_none_is_told_so(shop, key):
    with pytest.raises(errors.Invalid, match="1 to 100 ASCII characters"):
        shop.post(key=key)
    assert shop.asked == 0


def test_while_the_first_is_being_done_the_second_waits(shop):
    def meanwhile(act):
        with pytest.raises(errors.Busy) as busy:
            shop.post()
        assert busy.value.retry_after == ASK_AGAIN
        shop.clock.now += LEASE_SECONDS - 0.5
        with pytest.raises(errors.Busy) as busy:
            shop.post()
        assert busy.value.retry_after == 1
        return shop.make(act)

    shop.once(a_request(), meanwhile)
    assert shop.made == 1


def test_a_refusal_is_an_answer_that_is_kept_too(shop):
    shop.fails = [errors.Conflict("Taken", reason="taken")]
    first = shop.post()
    assert json.loads(first.body)["reason"] == "taken"
    assert told(shop.post()) == told(first)
    assert (first.status_code, shop.asked, shop.made) == (409, 1, 0)


@pytest.mark.parametrize("fault", [errors.Unavailable("Away"), errors.Busy("Later", 1)])
def test_what_could_not_be_done_is_tried_at_once_when_it_comes_again(shop, fault):
    shop.fails = [fault]
    with pytest.raises(type(fault)):
        shop.post()
    assert shop.post().status_code == 201
    assert (shop.asked, shop.made) == (2, 1)


def test_after_a_day_the_key_is_new_even_before_the_table_forgets_it(shop):
    first = shop.post(b'{"n": 1}')
    shop.clock.now += KEEP_SECONDS + 1
    second = shop.post(b'{"n": 2}')
    assert told(second) != told(first)
    assert told(shop.post(b'{"n": 2}')) == told(second)
    assert shop.made == 2


def test_an_attempt_that_was_taken_over_answers_what_the_other_answered(shop):
    def slowly(act):
        shop.clock.now += LEASE_SECONDS
        quick.append(shop.post())
        shop.clock.now += 1
        return http.json_response({"something": "else"})

    quick = []
    slow = shop.once(a_request(), slowly)
    assert told(slow) == told(quick[0])
    assert shop.made == 1


class Outcome(NamedTuple):
    made: int
    answer: dict
    waited: float


def until_answered(shop, fuse):
    """Send the request until it is answered, each time to a process that remembers nothing."""
    began = shop.clock.now
    while True:
        shop.restart(wrapped=fuse.wrapped)
        try:
            answer = shop.post()
        except Crash:
            continue
        except errors.Busy as busy:
            shop.clock.now += busy.retry_after
        else:
            return Outcome(shop.made, told(answer), shop.clock.now - began)


def crashed_at(step, **shop):
    fuse = Fuse(step)
    return until_answered(Shop(**shop), fuse), fuse.steps


UNDISTURBED, STEPS = crashed_at(0)


def test_the_request_undisturbed_makes_one_thing_at_once():
    assert (UNDISTURBED.made, UNDISTURBED.waited) == (1, 0)
    assert STEPS == 6, "before and after the record, the effect, the answer"


@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_a_crash_at_any_step_makes_nothing_twice_and_holds_nobody_up_for_a_minute(step):
    outcome, _ = crashed_at(step)
    assert outcome.made == 1
    assert outcome.waited < 60
    assert outcome.answer["statusCode"] == 201


@given(st.lists(st.integers(1, 12), min_size=1, max_size=4))
def test_several_crashes_make_nothing_twice_either(distances):
    """Each of them so many steps after the one before."""
    shop, fuse, blows = Shop(), Fuse(distances[0]), iter(distances[1:])

    class Refused(Fuse):
        def step(self):
            fuse.steps += 1
            if fuse.steps == fuse.at:
                fuse.steps, fuse.at = 0, next(blows, 0)
                raise Crash

    assert until_answered(shop, Refused()).made == 1


def test_without_the_acts_id_a_crash_makes_a_second_thing():
    """The negative control."""
    assert 2 in {crashed_at(step, careful=False)[0].made for step in range(1, STEPS + 1)}
