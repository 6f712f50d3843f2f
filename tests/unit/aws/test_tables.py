"""What our table makes of DynamoDB's answers; what it promises is in tests/contract/test_tables.py."""

import pytest

from chalicelib.aws.client import AwsError
from chalicelib.aws.tables import TRANSACTION_ATTEMPTS, Change, ConditionFailed, Create, DynamoTable, Put
from chalicelib.errors import Unavailable

STEPS = (Create({"pk": "a", "sk": "1"}), Change("a", "2", add={"left": -1}, at_least={"left": 1}))


class Dynamo:
    """Answers as it is told: `plan` holds answers and errors, `{}` when it is empty."""

    def __init__(self, *plan):
        self.plan = list(plan)
        self.asked = []

    def call(self, operation, **parameters):
        self.asked.append((operation, parameters))
        answer = self.plan.pop(0) if self.plan else {}
        if isinstance(answer, AwsError):
            raise answer
        return answer


@pytest.fixture
def slept():
    return []


@pytest.fixture
def on(slept):
    """Builds a table on what is told to answer."""
    return lambda dynamo: DynamoTable(dynamo, "guestlist-test-campaigns", sleep=slept.append)


def cancelled(*codes):
    reasons = {"CancellationReasons": [{"Code": code} for code in codes]}
    return AwsError("TransactWriteItems", "TransactionCanceledException", reasons)


def test_a_transaction_that_others_got_in_the_way_of_is_tried_again_as_a_new_one(on, slept):
    dynamo = Dynamo(cancelled("None", "TransactionConflict"), cancelled("ThrottlingError", "None"))
    on(dynamo).write(*STEPS)
    assert len(dynamo.asked) == 3
    assert len({asked["ClientRequestToken"] for _, asked in dynamo.asked}) == 3
    assert len(slept) == 2


def test_a_transaction_that_others_always_get_in_the_way_of_is_given_up(on, slept):
    dynamo = Dynamo(*[cancelled("TransactionConflict", "None")] * 100)
    with pytest.raises(Unavailable, match="try again"):
        on(dynamo).write(*STEPS)
    assert len(dynamo.asked) == TRANSACTION_ATTEMPTS
    assert all(0 <= seconds <= 0.02 * 2**attempt for attempt, seconds in enumerate(slept))


def test_a_condition_that_did_not_hold_is_not_tried_again(on, slept):
    dynamo = Dynamo(cancelled("TransactionConflict", "ConditionalCheckFailed"))
    with pytest.raises(ConditionFailed) as failed:
        on(dynamo).write(*STEPS)
    assert failed.value.steps == {1}
    assert slept == []


@pytest.mark.parametrize("steps", [STEPS, STEPS[:1]])
def test_any_other_error_is_the_callers(on, steps):
    with pytest.raises(AwsError, match="ResourceNotFoundException"):
        on(Dynamo(AwsError("PutItem", "ResourceNotFoundException", {}))).write(*steps)


def test_one_step_is_one_request_and_no_transaction(on):
    dynamo = Dynamo()
    table = on(dynamo)
    table.write(STEPS[0])
    table.write(STEPS[1])
    assert [operation for operation, _ in dynamo.asked] == ["PutItem", "UpdateItem"]


def test_a_query_reads_page_after_page_and_no_more_than_it_needs(on):
    def page(*numbers, last=True):
        items = [{"pk": {"S": "a"}, "sk": {"S": str(number)}} for number in numbers]
        return {"Items": items} | ({} if last else {"LastEvaluatedKey": {"sk": {"S": str(numbers[-1])}}})

    dynamo = Dynamo(page(1, 2, last=False), page(3, last=False), page(4))
    assert [item["sk"] for item in on(dynamo).query("a")] == ["1", "2", "3", "4"]
    assert [asked.get("ExclusiveStartKey", {}).get("sk", {}).get("S") for _, asked in dynamo.asked] == [None, "2", "3"]
    dynamo = Dynamo(page(1, last=False), page(2, last=False))
    assert [item["sk"] for item in on(dynamo).query("a", limit=2)] == ["1", "2"]
    assert len(dynamo.asked) == 2


@pytest.mark.parametrize("value", [1.5, b"bytes", {1, 2}, object()])
def test_what_a_table_cannot_hold_is_refused_before_it_is_sent(on, value):
    dynamo = Dynamo()
    with pytest.raises(TypeError, match="is not stored"):
        on(dynamo).write(Put({"pk": "a", "sk": "1", "list": [{"deep": value}]}))
    assert dynamo.asked == []
