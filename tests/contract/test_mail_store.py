"""What is known of addresses, in a table; and mails as SES takes them."""

import base64
import uuid
from email import message_from_bytes, policy

import pytest
import requests

from chalicelib.aws.mails import Attachment, Mail, SesMailer
from chalicelib.aws.tables import DynamoTable
from chalicelib.errors import Unavailable
from chalicelib.mailing.model import Subscription, Word, name_of
from chalicelib.mailing.store import MailStore
from tests.fakes.table import MemoryTable

BOUNCED, ALLOWED = Word(refused=True, why="bounce: General", at=10), Word(refused=False, why="operator", at=20)


@pytest.fixture(params=["fake", "emulator"])
def store(request):
    if request.param == "fake":
        return MailStore(MemoryTable())
    return MailStore(DynamoTable(request.getfixturevalue("aws")("dynamodb"), "guestlist-local-users"))


@pytest.fixture
def name():
    return name_of(f"{uuid.uuid4().hex}@example.org")


@pytest.mark.parametrize(("first", "second"), [(BOUNCED, ALLOWED), (ALLOWED, BOUNCED), (ALLOWED, ALLOWED)])
def test_the_later_word_is_kept_whichever_comes_first(store, name, first, second):
    assert store.word(name) is None
    assert store.say(name, first)
    assert store.say(name, second) == (second.at > first.at)
    assert store.word(name) == ALLOWED


def test_an_address_is_on_a_list_or_not(store, name):
    one, other = Subscription("birthday-bash", name), Subscription("birthday", name)
    for _ in range(2):
        store.unsubscribe(one, 10)
        assert (store.unsubscribed(one), store.unsubscribed(other)) == (True, False)
    for _ in range(2):
        store.subscribe(one)
        assert not store.unsubscribed(one)
    assert store.word(name) is None


@pytest.fixture
def sent(resources):
    """The mails to an address that the emulator has sent."""

    def sent(address):
        found = requests.get(f"{resources.endpoint}/_ministack/ses/messages", timeout=5).json()["messages"]
        return [mail for mails in found.values() for mail in mails if mail["To"] == [address]]

    return sent


def test_a_mail_arrives_whole(aws, sent, name):
    to = f"{name[:20]}@example.org"
    report = Attachment("report.csv", "text/csv", "naam,aantal\r\nZoë,3\r\n".encode())
    mail = Mail(
        to, "Verslag van Zoë", "Tekst.\n", "<p>Tekst.</p>\n", [report], [("List-Unsubscribe", "<https://a.b/c>")]
    )
    SesMailer(aws("ses"), "Guestlist <tickets@guestlist.example>", "guestlist-local-mails").send(mail)
    [arrived] = sent(to)
    assert arrived["ConfigurationSetName"] == "guestlist-local-mails"
    found = message_from_bytes(base64.b64decode(arrived["Raw"]), policy=policy.default)
    assert (found["Subject"], found["List-Unsubscribe"]) == ("Verslag van Zoë", "<https://a.b/c>")
    [file] = found.iter_attachments()
    assert (file.get_filename(), file.get_payload(decode=True)) == ("report.csv", report.content)


def test_a_mail_of_another_domain_is_refused(aws, sent, name):
    to = f"{name[:20]}@example.org"
    with pytest.raises(Unavailable, match="SES: MessageRejected"):
        SesMailer(aws("ses"), "tickets@another.example", "guestlist-local-mails").send(Mail(to, "s", "t", "h"))
    assert sent(to) == []
