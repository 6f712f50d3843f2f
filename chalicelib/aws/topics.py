"""A topic of SNS: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html ."""

from typing import NamedTuple

from chalicelib.aws.client import AwsError, Client
from chalicelib.errors import InDoubt, Unavailable


class Place(NamedTuple):
    """Where a topic is: an event tells its own."""

    region: str
    account: str


class SnsTopic:
    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._name = name

    def publish(self, place: Place, subject: str, message: str) -> None:
        """Tell all subscribers, or raise `Unavailable` where nobody was told, `InDoubt` where nobody knows.

        A subject is ASCII, of at most 100 characters.
        """
        arn = f"arn:aws:sns:{place.region}:{place.account}:{self._name}"
        try:
            self._client.call("Publish", TopicArn=arn, Subject=subject, Message=message)
        except AwsError as error:
            raise (InDoubt if error.in_doubt else Unavailable)(f"SNS: {error.code}") from error
