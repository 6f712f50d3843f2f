"""How calls are written and answers read, against botocore's own serializers and against answers as AWS documents them."""

import json
from urllib.parse import urlencode

import botocore.config
import botocore.serialize
import botocore.session
import pytest

from chalicelib.aws.protocols import SERVICES

MODELS = botocore.session.Session()
NAMED = {"ses": "sesv2", "states": "stepfunctions"}
"""What botocore calls otherwise than its signatures."""
CONTENT = {"Simple": {"Subject": {"Data": "één"}, "Body": {"Text": {"Data": "Hi", "Charset": "UTF-8"}}}}
MAIL = {"FromEmailAddress": "a@example.org", "Destination": {"ToAddresses": ["b@example.org"]}, "Content": CONTENT}
CALLS = {
    "dynamodb": ("GetItem", {"TableName": "één", "Key": {"pk": {"S": "1"}}}),
    "events": ("PutEvents", {"Entries": [{"EventBusName": "b", "Source": "s", "DetailType": "d", "Detail": "{}"}]}),
    "secretsmanager": ("GetSecretValue", {"SecretId": "a/b"}),
    "ses": ("SendEmail", MAIL),
    "sns": ("Publish", {"TopicArn": "arn:aws:sns:eu-west-1:1:alerts", "Subject": "één & zwei", "Message": "a+b=c"}),
    "states": ("StartExecution", {"stateMachineArn": "arn:aws:states:eu-west-1:1:stateMachine:o", "name": "n"}),
    "sqs": ("GetQueueUrl", {"QueueName": "inbound.fifo"}),
}


def test_every_service_is_tried():
    assert CALLS.keys() == SERVICES.keys()


@pytest.mark.parametrize("service", CALLS)
def test_a_call_is_what_botocore_sends(service):
    operation, parameters = CALLS[service]
    model = MODELS.get_service_model(NAMED.get(service, service))
    serializer = botocore.serialize.create_serializer(model.resolved_protocol)
    theirs = serializer.serialize_to_request(parameters, model.operation_model(operation))
    ours = SERVICES[service].speech.post(operation, parameters)
    assert (theirs["method"], theirs["url_path"]) == ("POST", ours.path)
    target = {name: value for name, value in theirs["headers"].items() if name == "X-Amz-Target"}
    assert target == {name: value for name, value in ours.headers.items() if name == "X-Amz-Target"}
    if service == "sns":
        assert ours.body.decode() == urlencode(theirs["body"])
    else:
        assert json.loads(ours.body) == json.loads(theirs["body"])


@pytest.mark.parametrize("service", CALLS)
def test_a_service_is_where_botocore_looks_for_it(service):
    client = MODELS.create_client(
        NAMED.get(service, service),
        region_name="eu-west-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=botocore.config.Config(ignore_configured_endpoint_urls=True),
    )
    one = SERVICES[service]
    assert client.meta.endpoint_url == f"https://{one.host or one.name}.eu-west-1.amazonaws.com"
    assert client.meta.service_model.signing_name == one.name


REFUSED = b"""<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>Throttling</Code>
<Message>Rate &amp; more</Message></Error><RequestId>9dd01905</RequestId></ErrorResponse>"""
KEPT = b"""<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>567910cd</MessageId>
</PublishResult><ResponseMetadata><RequestId>d74b8436</RequestId></ResponseMetadata></PublishResponse>"""


def test_an_answer_in_xml_is_its_texts_by_their_names():
    """As https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Examples has them."""
    read = SERVICES["sns"].speech.answer
    assert read(KEPT, "") == ("", {"MessageId": "567910cd", "RequestId": "d74b8436"})
    code, details = read(REFUSED, "")
    assert (code, details["Message"]) == ("Throttling", "Rate & more")


@pytest.mark.parametrize("service", CALLS)
def test_a_page_of_somebody_else_is_no_answer(service):
    assert SERVICES[service].speech.answer(b"<html><title>Please log in</title></html>", "") is None


def test_the_error_of_a_rest_service_is_in_its_header():
    """See https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization ."""
    read = SERVICES["ses"].speech.answer
    body = b'{"message": "Email address is not verified"}'
    assert read(body, "MessageRejected:http://internal.amazon.com/coral/").code == "MessageRejected"
