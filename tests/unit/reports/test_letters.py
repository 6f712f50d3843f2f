"""What the mail says, and that nobody's name or answer says more in it than a name."""

import csv
import email
import email.policy
import io
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.aws.mails import written
from chalicelib.campaigns.model import Reader
from chalicelib.reports.letters import Way
from chalicelib.reports.model import Need
from chalicelib.reports.sheet import harmless, sheet
from chalicelib.reports.texts import SAY
from chalicelib.statistics.model import Answers, Question, Statistics, Tally
from tests.builders import a_campaign
from tests.unit.reports.office import LETTERS
from tests.unit.reports.reports import a_report

ANNA = Reader(email="anna@example.org", name="Anna")
BRAM = Reader(email="bram@example.org", language="nl")
EVIL = "<img src=x onerror=alert(1)>\"'&{{7*7}}</style><script>"
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", " =1+1", "\n@x", "\uff1d1+1", "'=1", "|calc"]


class Page(HTMLParser):
    """What a mail program sees of HTML."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.texts, self.attributes = [], [], []
        self.feed(html)
        self.text = " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes

    def handle_data(self, data):
        self.texts.append(data)


def rows(report, language="en"):
    """The table as a spreadsheet reads it."""
    text = sheet(report, language).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=SEPARATORS[language]))


SEPARATORS = {"en": ",", "nl": ";"}


def test_yesterday_is_told_beside_the_day_before_and_the_total():
    report = a_report(
        of_day=Statistics(Tally(starts=1_120, revenue_cents=123_456)),
        of_day_before=Statistics(Tally(starts=950, revenue_cents=200_000)),
        total=Statistics(Tally(starts=4_500, revenue_cents=900_000)),
    )
    mail = LETTERS.write(report, ANNA)
    assert mail.subject == "Birthday Bash: 1,120 fans on Sunday 29 November"
    for said in (Page(mail.html).text, " ".join(mail.text.split())):
        assert "1,120 fans began to play, 18% more than the day before." in said
        assert re.search(r"Began to play 1,120 ▲ 18% \(?day before 950,? in all 4,500", said)
        assert re.search(r"Revenue € 1,234.56 ▼ 38% \(?day before € 2,000.00,? in all € 9,000.00", said)


def test_the_same_in_dutch_with_dutch_numbers():
    mail = LETTERS.write(a_report(of_day=Statistics(Tally(starts=1_120, revenue_cents=123_456))), BRAM)
    assert mail.subject == "Birthday Bash: 1.120 fans op zondag 29 november"
    assert "1.120 fans begonnen te spelen, de dag ervoor niemand." in Page(mail.html).text
    assert "€ 1.234,56" in mail.text


def test_both_languages_say_the_same_things():
    assert SAY["en"].keys() == SAY["nl"].keys()


@pytest.mark.parametrize(
    ("now", "before", "told"),
    [
        (1, 0, "1 fan began to play, nobody had the day before."),
        (2, 2, "2 fans began to play, as many as the day before."),
        (1, 4, "1 fan began to play, 75% fewer than the day before."),
        (0, 9, "It was a quiet day: nobody began to play."),
    ],
)
def test_the_day_is_summed_up_in_a_sentence(now, before, told):
    mail = LETTERS.write(
        a_report(of_day=Statistics(Tally(starts=now)), of_day_before=Statistics(Tally(starts=before))), ANNA
    )
    assert told in mail.text
    assert told in Page(mail.html).text


def test_the_funnel_the_busiest_hours_the_hardest_question_and_the_sources_are_told():
    report = a_report(
        sources={"poster": "The poster"},
        of_day=Statistics(
            Tally(scans=200, starts=100, finishes=60, wins=30),
            by_hour={9: Tally(messages_in=5), 20: Tally(messages_in=80), 21: Tally(messages_in=70), 3: Tally(scans=1)},
            by_source={"poster": Tally(starts=70, wins=20), "": Tally(starts=20), "gone": Tally(starts=10)},
            by_question={"first-set": Question(Answers(80, 20)), "style": Question(Answers(30, 40))},
        ),
    )
    mail = LETTERS.write(report, ANNA)
    for said in (Page(mail.html).text, " ".join(mail.text.split())):
        assert "60 60%" in said
        assert "Busiest: 20:00 to 21:00 (80), 21:00 to 22:00 (70), 09:00 to 10:00 (5)" in said
        assert re.search("What will be played\\?.{0,30}(43% right|◆ hardest)", said)
        assert re.search(r"The poster:? 70,?( 70%)? 20", said)
        assert re.search(r"Without a source:? 30,?( 30%)? 0", said)
    assert report.hardest() == "style"


def test_what_needs_attention_is_told_and_that_nothing_does():
    needs = (
        Need("dead_letters", "inbound-dlq.fifo", 1),
        Need("dead_letters", "alert-dlq", 1_200),
        Need("unreachable_fans", amount=1_200),
        Need("stock_low", "", 3),
        Need("stock_low", "Tour <b>shirt</b>", 4),
        Need("sold_out"),
        Need("silent", "messenger", 41),
    )
    mail = LETTERS.write(a_report(needs=needs), ANNA)
    for said in (Page(mail.html).text, mail.text):
        assert "1 message in inbound-dlq.fifo was given up" in said
        assert "1,200 messages in alert-dlq were given up" in said
        assert "1,200 fans could not be reached" in said
        assert "Only 3 tickets are left." in said
        assert "Only 4 of Tour <b>shirt</b> are left." in said
        assert "There are no tickets left" in said
        assert "Nothing came in by Messenger all day, and 41 messages did the day before" in said
    assert "<b>shirt" not in mail.html
    assert "Nothing needs your attention." in LETTERS.write(a_report(), ANNA).text


@pytest.mark.parametrize(
    ("reader", "count", "told"),
    [
        (ANNA, 1, "1 fan could not be reached"),
        (BRAM, 1, "1 fan was niet te bereiken"),
        (BRAM, 1_200, "1.200 fans waren niet te bereiken"),
    ],
)
def test_lost_fans_are_told_as_many_as_they_are_in_both_languages(reader, count, told):
    mail = LETTERS.write(a_report(needs=(Need("unreachable_fans", amount=count),)), reader)
    for said in (Page(mail.html).text, mail.text):
        assert told in said


def test_a_mail_program_finds_nothing_to_run_or_to_fetch():
    page = Page(LETTERS.write(a_busy_report("Bash"), ANNA).html)
    assert not {"script", "img", "link", "iframe", "form", "svg", "base"}.intersection(page.tags)
    assert not {name for name, _ in page.attributes if name.startswith("on") or name in {"src", "background"}}
    assert "url(" not in str(page.attributes) + page.text


def a_busy_report(text):
    """One in which all that others write is this text."""
    campaign = a_campaign(name=text)
    questions = tuple(replace(question, text={"en": text, "nl": text}) for question in campaign.questions)
    return a_report(
        campaign=replace(campaign, questions=questions),
        sources={"poster": text},
        of_day=Statistics(
            Tally(starts=3),
            by_source={"poster": Tally(starts=2), "": Tally(starts=1)},
            by_channel={"web": Tally(starts=3)},
            by_language={"en": Tally(starts=3)},
            by_question={"first-set": Question(Answers(1, 2))},
            by_hour={20: Tally(messages_in=9)},
        ),
        needs=(Need("stock_low", text, 1),),
    )


def test_markup_in_names_and_questions_is_text():
    mail = LETTERS.write(a_busy_report(EVIL), Reader(email="anna@example.org", name=EVIL), Way("https://x.example/u"))
    page, plain = Page(mail.html), Page(LETTERS.write(a_busy_report("Bash"), ANNA, Way("https://x.example/u")).html)
    assert page.tags == plain.tags
    assert [name for name, _ in page.attributes] == [name for name, _ in plain.attributes]
    assert EVIL in page.text
    assert "49" not in page.text


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=60))
def test_whatever_a_name_holds_the_subject_is_one_line_and_the_table_has_the_same_cells(text):
    mail = LETTERS.write(a_busy_report(text), ANNA)
    parsed = email.message_from_bytes(written(mail, "Guestlist <a@example.com>"), policy=email.policy.default)
    assert sorted(parsed.keys()) == ["Content-Type", "From", "MIME-Version", "Subject", "To"]
    assert parsed["To"] == "anna@example.org"
    assert [len(row) for row in rows(a_busy_report(text))] == [6] * len(rows(a_busy_report("Bash")))


def test_a_header_that_a_name_brings_stays_in_the_subject():
    mail = LETTERS.write(a_busy_report("Bash\r\nBcc: eve@example.org\r\n\r\nHello"), ANNA)
    parsed = email.message_from_bytes(written(mail, "Guestlist <a@example.com>"), policy=email.policy.default)
    assert parsed["Bcc"] is None
    assert parsed["Subject"].startswith("Bash Bcc: eve@example.org Hello")


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(text):
    for language in ("en", "nl"):
        for row in rows(a_busy_report(text), language):
            for cell in row:
                assert not re.match(r"\s*[=+\-@\uff0b\uff0d\uff1d\uff20]", cell)
                assert not set(cell) & set("\t\r\n")


@given(st.text(max_size=30))
def test_a_harmless_cell_is_what_it_was_but_for_a_mark_before_it(text):
    cell = harmless(text)
    assert [letter for letter in cell.removeprefix("'") if letter != " "] == [
        letter for letter in text.removeprefix("'") if letter not in " \t\r\n\v\f\0"
    ]
    assert cell[:1] not in {"=", "+", "-", "@", "\t", "\r"}


def test_the_table_has_every_number_of_the_day_the_day_before_and_in_all():
    report = a_report(
        of_day=Statistics(
            Tally(starts=5),
            by_channel={"web": Tally(starts=5)},
            by_question={"style": Question(Answers(2, 1), by_hour={20: Answers(2)}, by_language={"nl": Answers(0, 1)})},
        ),
        of_day_before=Statistics(Tally(starts=4), by_channel={"slack": Tally(starts=4)}),
        total=Statistics(Tally(starts=9)),
    )
    found = rows(report)
    assert found[0] == ["Part", "Item", "Measure", "Day", "Day before", "In all"]
    assert ["Campaign", "Birthday Bash", "Began to play", "5", "4", "9"] in found
    assert ["Channel", "Web chat", "Began to play", "5", "0", "0"] in found
    assert ["Channel", "Slack", "Began to play", "0", "4", "0"] in found
    assert ["Question", "style", "Right answers", "2", "0", "0"] in found
    assert ["Question", "style / 20:00", "Right answers", "2", "0", "0"] in found
    assert ["Question", "style / Dutch", "Wrong answers", "1", "0", "0"] in found
    assert rows(report, "nl")[0] == ["Deel", "Onderdeel", "Maat", "Dag", "Dag ervoor", "In totaal"]


def test_a_reader_finds_the_way_out_in_the_mail_and_mail_programs_in_its_headers():
    way = Way("https://x.example/unsubscribe/t", (("List-Unsubscribe", "<https://x.example/unsubscribe/t>"),))
    mail = LETTERS.write(a_report(), ANNA, way)
    assert "https://x.example/unsubscribe/t" in mail.text
    assert ("href", "https://x.example/unsubscribe/t") in Page(mail.html).attributes
    assert mail.headers == way.headers


def test_the_mail_is_in_the_campaigns_first_language_where_the_reader_names_none():
    report = a_report(campaign=a_campaign(languages=("nl", "en")))
    assert LETTERS.write(report, Reader(email="anna@example.org")).text.startswith("Dagrapport")
