"""The same job as one would usually write it: Chalice and boto3, and little else.

It is spared what ours does besides: its secret and the addresses of its queues come from the environment, it has one route, and
its dialogue is an echo. Each client is made when it is first needed, so the webhook does not pay for DynamoDB's.
"""

import functools
import hashlib
import hmac
import json
import os
import time
from typing import Any

import boto3
from chalice.app import Chalice, Response, SQSEvent, UnauthorizedError

app = Chalice(app_name="usual")


@functools.cache
def client(service: str) -> Any:  # noqa: ANN401  # boto3's clients have no types
    return boto3.client(service)


@app.route("/webhooks/messenger", methods=["POST"])
def webhook() -> Response:
    request: Any = app.current_request
    proof = hmac.digest(os.environ["APP_SECRET"].encode(), request.raw_body, hashlib.sha256).hex()
    if not hmac.compare_digest(request.headers.get("x-hub-signature-256", ""), f"sha256={proof}"):
        raise UnauthorizedError
    for entry in json.loads(request.raw_body)["entry"]:
        for event in entry["messaging"]:
            client("sqs").send_message(
                QueueUrl=os.environ["INBOUND"],
                MessageBody=json.dumps(event),
                MessageGroupId=event["sender"]["id"],
                MessageDeduplicationId=event["message"]["mid"],
            )
    return Response("EVENT_RECEIVED", {"Content-Type": "text/plain"})


@app.on_sqs_message(queue="inbound.fifo")
def bot(event: SQSEvent) -> dict[str, Any]:
    for record in event:
        message = json.loads(record.body)
        table = os.environ["CONVERSATIONS"]
        before = client("dynamodb").query(
            TableName=table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": message["conversation"]}},
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=1,
        )
        turn = before["Count"] + 1
        client("dynamodb").put_item(
            TableName=table,
            Item={
                "pk": {"S": message["conversation"]},
                "sk": {"S": f"turn#{turn:07}"},
                "said": {"S": message.get("text", "")},
                "expiresAt": {"N": str(int(time.time()) + 2_592_000)},
            },
            ConditionExpression="attribute_not_exists(pk)",
        )
        client("sqs").send_message(
            QueueUrl=os.environ["OUTBOUND"],
            MessageBody=json.dumps({"conversation": message["conversation"], "text": "You said that."}),
            MessageGroupId=hashlib.sha256(message["conversation"].encode()).hexdigest(),
            MessageDeduplicationId=message["id"],
        )
    return {"batchItemFailures": []}
