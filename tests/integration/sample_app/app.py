"""A small application with every kind of handler that the local runtime forwards events to.

What a handler saw is written to the conversations table, under the handler's name.
"""

import json
import os
import time

import boto3
from chalice import AuthResponse, Chalice, Rate

app = Chalice("sample")
table = boto3.resource("dynamodb").Table("guestlist-local-conversations")


def saw(handler, what):
    table.put_item(Item={"pk": handler, "sk": str(time.time_ns()), "what": json.dumps(what, default=str)})


@app.route("/")
def index():
    return {name: os.environ.get(name) for name in ("GREETING", "BASE_URL", "STAGE", "AWS_ENDPOINT_URL", "AWS_PROFILE")}


@app.authorizer()
def doorkeeper(request):
    return AuthResponse(routes=["*"] if request.token == "Bearer sesame" else [], principal_id="guest")


@app.route("/closed", authorizer=doorkeeper)
def closed():
    return {"principal": app.current_request.context["authorizer"]["principalId"]}


@app.on_sqs_message(queue="guestlist-local-inbound.fifo", batch_size=10)
def receive(event):
    failed = []
    for record in event:
        instruction = json.loads(record.body)
        saw("receive", instruction)
        if instruction.get("fail"):
            failed.append({"itemIdentifier": record.to_dict()["messageId"]})
        time.sleep(instruction.get("sleep", 0))
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
