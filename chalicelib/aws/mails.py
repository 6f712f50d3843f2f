"""Mails by SES: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html ."""

from typing import NamedTuple

from chalicelib.aws.client import AwsError, Client
from chalicelib.errors import InDoubt, Unavailable


class Mail(NamedTuple):
    to: str
    subject: str
    text: str
    html: str


class SesMailer:
    def __init__(self, client: Client, sender: str) -> None:
        self._client = client
        self._sender = sender

    def send(self, mail: Mail) -> None:
        """Send it, or raise `Unavailable` where it was not sent, `InDoubt` where nobody knows."""
        body = {"Text": _content(mail.text), "Html": _content(mail.html)}
        try:
            self._client.call(
                "SendEmail",
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [mail.to]},
                Content={"Simple": {"Subject": _content(mail.subject), "Body": body}},
            )
        except AwsError as error:
            kind = InDoubt if error.in_doubt else Unavailable
            raise kind(f"SES: {error.code}") from None  # its text may hold the address


def _content(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}
