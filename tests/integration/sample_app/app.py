"""A small application with every kind of handler that the local runtime forwards events to.

What a handler saw is written to the conversations table, under the handler's name.
"""

import json
import os
import time

import boto3
from chalice import AuthResponse, Chalice, Rate

SETTINGS = (
    "GREETING",
    "BASE_URL",
    "STAGE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_SQS",
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_CONFIG_FILE",
)

app = Chalice("sample")
table = boto3.resource("dynamodb").Table("guestlist-local-conversations")
queue = boto3.client("sqs")


def saw(handler, what):
    table.put_item(Item={"pk": handler, "sk": str(time.time_ns()), "what": json.dumps(what, default=str)})


@app.route("/")
def index():
    return {name: os.environ.get(name) for name in SETTINGS}


@app.authorizer()
def doorkeeper(request):
    return AuthResponse(routes=["*"] if request.token == "Bearer sesame" else [], principal_id="guest")


@app.route("/closed", authorizer=doorkeeper)
def closed():
    return {"principal": app.current_request.context["authorizer"]["principalId"]}


@app.on_sqs_message(queue="guestlist-local-inbound.fifo", batch_size=10)
def receive(event):
    """Does what each message says: `sleep` seconds, `fail` at the first receive, come `again_in` seconds."""
    failed = []
    for record in event:
        message, instruction = record.to_dict(), json.loads(record.body)
        receives = int(message["attributes"]["ApproximateReceiveCount"])
        saw("receive", {**instruction, "receives": receives, "at": time.time()})
        time.sleep(instruction.get("sleep", 0))
        if instruction.get("fail") and receives == 1:
            failed.append({"itemIdentifier": message["messageId"]})
            if "again_in" in instruction:
                queue.change_message_visibility(
                    QueueUrl=queue.get_queue_url(QueueName="guestlist-local-inbound.fifo")["QueueUrl"],
                    ReceiptHandle=record.receipt_handle,
                    VisibilityTimeout=instruction["again_in"],
                )
    return {"batchItemFailures": failed}


@app.on_dynamodb_record(
    stream_arn="arn:aws:dynamodb:eu-west-1:000000000000:table/guestlist-local-campaigns/stream/latest",
    starting_position="TRIM_HORIZON",
)
def follow(event):
    for record in event:
        saw("follow", record.new_image)


@app.schedule(Rate(1, unit=Rate.MINUTES))
def tick(event):
    saw("tick", event.to_dict())


@app.on_cw_event({"source": ["sample"]})
def hear(event):
    saw("hear", event.to_dict()["detail"])


@app.lambda_function()
def add(event, context):
    if "a" not in event:
        raise KeyError("a")
    return {
        "sum": event["a"] + event["b"],
        "function": context.function_name,
        "remaining": context.get_remaining_time_in_millis(),
    }
