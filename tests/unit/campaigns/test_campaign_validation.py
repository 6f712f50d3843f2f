"""What is refused when a campaign is saved, and with which words."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.campaigns.model import dump, encode, load
from chalicelib.campaigns.validation import decode
from chalicelib.errors import Invalid
from tests.builders import a_campaign, a_campaign_document

DEMO = Path(__file__).parents[3] / "infra/demo/birthday-bash.json"


def complaints(document) -> dict[str, str]:
    """The message for each field that is wrong."""
    with pytest.raises(Invalid) as refused:
        decode(document)
    return dict(refused.value.errors)


def with_question(index=0, **changes):
    """The builder's campaign with one question changed; a change to `None` leaves the field out."""
    document = a_campaign_document()
    question = {**document["questions"][index], **changes}
    document["questions"][index] = {name: value for name, value in question.items() if value is not None}
    return document


def choices(*titles):
    return [{"id": f"c{index}", "text": {"en": title, "nl": title}} for index, title in enumerate(titles)]


def test_the_demo_campaign_is_what_the_contract_promises():
    demo = decode(DEMO.read_bytes())
    assert (demo.campaign_id, demo.ref, demo.stock, demo.mode, demo.state) == (
        "birthday-bash",
        "bash",
        25,
        "instant",
        "live",
    )
    assert (demo.languages, demo.pass_mark) == (("en", "nl"), 3)
    assert [question.kind for question in demo.questions] == ["choice", "choice", "text"]
    assert demo.opening(now=1_795_000_000) == demo.opening(now=4_000_000_000) == "open"


def test_what_get_answers_can_be_put_back():
    campaign = decode(DEMO.read_bytes())
    assert decode({**encode(campaign), "ticketsLeft": 7}) == campaign


def test_what_was_stored_is_what_was_saved():
    campaign = a_campaign(opens_at="2026-12-05T20:00", welcome={"en": "Hi", "nl": "Hoi"})
    assert load(dump(campaign)) == campaign


def test_a_function_of_the_last_release_reads_what_the_next_one_saved():
    stored = json.loads(dump(a_campaign()))
    assert load(json.dumps({**stored, "confetti": True})) == a_campaign()


def test_null_is_the_same_as_missing():
    document = {**a_campaign_document(), "opensAt": None, "welcome": None, "terms": None}
    assert decode(document) == a_campaign()
    assert complaints({**document, "stock": None}) == {"stock": "is missing"}


def test_every_wrong_field_is_named_at_once():
    document = with_question(
        1, choices=choices("A title of 27 characters !!", "Fine"), answer="neither", text={"en": 5, "nl": ""}
    )
    del document["name"]
    document |= {
        "stock": "many",
        "mode": "draw",
        "passMark": 4,
        "closesAt": "tomorrow",
        "languages": ["en", "nl", "en"],
    }
    assert complaints(document) == {
        "name": "is missing",
        "stock": 'must be a whole number from 0 to 100000, not "many"',
        "mode": 'must be instant, the only mode so far, not "draw"',
        "closesAt": "must be a date and time such as 2026-12-05T20:00, with an offset (+01:00) if it is not in the campaign's time zone",
        "languages": "has 3; there must be 1 to 2 languages",
        "questions[1].text.en": "must be a text, not a number",
        "questions[1].text.nl": "is empty: write a text",
        "questions[1].choices[0].text.en": "has 27 characters; buttons hold at most 20: shorten it",
        "questions[1].choices[0].text.nl": "has 27 characters; buttons hold at most 20: shorten it",
        "questions[1].answer": 'must be the id of a choice, not "neither"',
        "passMark": "is 4, which nobody can reach: the questions are 3",
    }


@pytest.mark.parametrize(
    "email", ["anna@example.org", "a.b+c@mail.example.co.uk", "o'hara@x-y.example", "a" * 64 + "@example.org"]
)
def test_a_report_may_go_to_an_address_that_mail_servers_take(email):
    [reader] = decode(a_campaign_document(reports=[{"email": email}])).reports
    assert (reader.email, reader.timezone, reader.language) == (email, "", None)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "anna",
        "anna@localhost",
        "Anna <anna@example.org>",
        "anna@example.org\nBcc: eve@example.org",
        "anna@example.org\n",
        "a@b@example.org",
        "anna@-example.org",
        "anna@example..org",
        "änna@example.org",
        "a" * 65 + "@example.org",
        "a@" + "example." * 32 + "org",
        5,
    ],
)
def test_a_report_cannot_go_to_what_is_no_address(email):
    wrong = complaints(a_campaign_document() | {"reports": [{"email": email}]})
    assert "must be an e-mail address such as anna@example.org" in wrong["reports[0].email"]


def test_nobody_gets_a_report_twice_and_no_more_than_ten_get_it():
    twice = complaints(a_campaign_document(reports=[{"email": "anna@example.org"}, {"email": "Anna@example.org"}]))
    assert twice == {"reports[1].email": "is the address of another reader too: change one of them"}
    many = complaints(a_campaign_document(reports=[{"email": f"a{n}@example.org"} for n in range(11)]))
    assert many == {"reports": "has 11; there must be 0 to 10 readers of the report"}


def test_a_reader_of_the_report_lives_in_a_time_zone_and_reads_a_language_that_we_speak():
    reader = {"email": "anna@example.org", "timezone": "Mars/Olympus", "language": "fr", "phone": "112"}
    assert complaints(a_campaign_document(reports=[reader])).keys() == {
        "reports[0].timezone",
        "reports[0].language",
        "reports[0].phone",
    }


@pytest.mark.parametrize("stock", [-1, 100_001, True, 2.0, 2.5, float("nan"), float("inf"), "25", [], {}, 10**30])
def test_stock_is_a_whole_number_within_bounds(stock):
    assert "must be a whole number from 0 to 100000" in complaints(a_campaign_document() | {"stock": stock})["stock"]


@pytest.mark.parametrize("stock", [0, 100_000])
def test_the_bounds_of_stock_are_allowed(stock):
    assert decode(a_campaign_document(stock=stock)).stock == stock


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("campaignId", "Birthday Bash", "1 to 40 of a-z, 0-9 and -"),
        ("campaignId", "a" * 41, "1 to 40"),
        ("campaignId", "bash\n", "1 to 40"),
        ("campaignId", "", "1 to 40"),
        ("name", "n" * 81, "has 81 characters; a card's title holds at most 80: shorten it"),
        ("name", "two\nlines", "holds a line break"),
        ("name", "bell\a", "control character U+0007"),
        ("name", "half \ud83d", "control character U+D83D"),
        ("name", " \u00a0", "is empty"),
        ("state", "open", "must be draft or live or paused or ended"),
        ("state", ["live"], "must be draft or live or paused or ended"),
        ("mode", "draw", 'not "draw"'),
        ("mode", "x" * 10_000, "…"),
        ("ref", "bäsh", "1 to 150"),
        ("ref", "a b", "1 to 150"),
        ("ref", "r" * 151, "1 to 150"),
        ("languages", [], "has 0; there must be 1 to 2"),
        ("languages", "en", "must be a list, not a text"),
        ("timezone", "Europe/Rotterdam", "must be an IANA time zone such as Europe/Amsterdam"),
        ("timezone", "../etc/passwd", "must be an IANA time zone"),
        ("timezone", "localtime", "must be an IANA time zone"),
        ("timezone", ["Europe/Amsterdam"], "must be an IANA time zone"),
        ("passMark", -1, "must be a whole number from 0 to 20"),
        ("passMark", 21, "must be a whole number from 0 to 20"),
        ("attempts", 0, "must be a whole number from 1 to 10"),
        ("attempts", 11, "must be a whole number from 1 to 10"),
        ("prize", "a ticket", "must be an object, not a text"),
        ("terms", "https://example.com", "must be an object, not a text"),
        ("questions", [], "has 0; there must be 1 to 20 questions"),
        ("questions", {}, "must be a list, not an object"),
        ("colour", "red", "is not known here; the fields are "),
        ("opensAt", "2026-12-05", "must be a date and time such as"),
        ("opensAt", "2026-12-05T25:00", "hour must be in"),
        ("opensAt", "2026-02-30T20:00", "day is out of range"),
        ("opensAt", "2027-03-28T02:30", "does not exist in Europe/Amsterdam, where the clocks go forward over it: write 2027-03-28T03:30"),
        ("opensAt", "2026-10-25T02:30", "write 2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00"),
    ],
)  # fmt: skip
def test_a_field_out_of_its_limits_is_refused(field, value, message):
    found = complaints({**a_campaign_document(), field: value})
    assert list(found)[:1] == [field]
    assert message in found[field]


def test_in_america_too_a_time_that_the_clocks_skip_is_refused():
    document = a_campaign_document(timezone="America/New_York", opensAt="2027-03-14T02:30", closesAt="2026-11-01T01:30")
    assert complaints(document) == {
        "opensAt": "does not exist in America/New_York, where the clocks go forward over it: write 2027-03-14T03:30",
        "closesAt": "happens twice in America/New_York, where the clocks go back: "
        "write 2026-11-01T01:30:00-04:00 or 2026-11-01T01:30:00-05:00",
    }


def test_with_an_offset_every_time_is_clear():
    decode(a_campaign_document(opensAt="2026-10-25T02:30+02:00", closesAt="2026-10-25T02:30+01:00"))


@pytest.mark.parametrize("closes", ["2026-12-05T20:00", "2026-12-05T19:00Z", "2026-12-05T13:59:59-05:00"])
def test_it_closes_after_it_opens(closes):
    document = a_campaign_document(opensAt="2026-12-05T20:00", closesAt=closes)
    assert complaints(document) == {"closesAt": "must be later than opensAt"}


def test_thirteen_choices_are_what_messenger_shows():
    titles = [f"Choice {number}" for number in range(14)]
    decode(with_question(choices=choices(*titles[:13]), answer="c12"))
    found = complaints(with_question(choices=choices(*titles), answer="c13"))
    assert found == {"questions[0].choices": "has 14; there must be 2 to 13 choices: Messenger shows at most 13"}


def test_a_list_that_is_far_too_long_is_one_error():
    assert len(complaints(with_question(choices=[5] * 5000))) <= 1 + 13


def test_twenty_characters_fit_a_button_and_an_emoji_counts_as_two():
    decode(with_question(choices=choices("12345678901234567890", "é" * 20), answer="c0"))
    found = complaints(with_question(choices=choices("🎂" * 11, "Fine"), answer="c0"))
    expected = "has 22 characters (an emoji counts as two); buttons hold at most 20: shorten it"
    assert found["questions[0].choices[0].text.en"] == expected


def test_two_choices_that_look_the_same_are_refused():
    found = complaints(with_question(choices=choices("A boat", "a  BOAT"), answer="c0"))
    assert found == {
        f"questions[0].choices[1].text.{language}": "is the title of another choice too: change one of them"
        for language in ("en", "nl")
    }


def test_ids_are_unique():
    document = a_campaign_document()
    document["questions"][1]["id"] = "first-set"
    document["questions"][1]["choices"][0]["id"] = "waltz"
    document["questions"][1]["answer"] = "waltz"
    assert complaints(document) == {
        "questions[1].id": "is the id of another question too: change one of them",
        "questions[1].choices[1].id": "is the id of another choice too: change one of them",
    }


def test_a_text_is_needed_in_every_language_of_the_campaign():
    document = with_question(text={"en": "Where?"})
    assert complaints(document) == {"questions[0].text.nl": "is missing"}
    assert complaints({**document, "prize": {"nl": "Kaartje"}}) == {
        "questions[0].text.nl": "is missing",
        "prize.en": "is missing",
    }


def test_a_text_in_a_language_that_is_switched_off_may_stay_but_not_one_that_we_do_not_speak():
    document = a_campaign_document(languages=["en"])
    assert decode(document).prize["nl"] == "Eén gratis kaartje"
    document["prize"]["de"] = "Freikarte"
    assert complaints(document) == {"prize.de": "is not known here; the fields are en, nl"}


@pytest.mark.parametrize(
    ("index", "changes", "field", "message"),
    [
        (0, {"answer": None}, "answer", "is missing: a question of kind choice needs it"),
        (0, {"choices": None}, "choices", "is missing: a question of kind choice needs it"),
        (0, {"accept": {"en": ["x"], "nl": ["x"]}}, "accept", "belongs to questions of kind text: remove it, or change the kind"),
        (2, {"accept": None}, "accept", "is missing: a question of kind text needs it"),
        (2, {"answer": "boat"}, "answer", "belongs to questions of kind choice: remove it, or change the kind"),
        (0, {"kind": "number"}, "kind", 'must be choice or text, not "number"'),
        (0, {"answer": "train"}, "answer", 'must be the id of a choice, not "train"'),
        (0, {"text": {"en": "x" * 601, "nl": "x"}}, "text.en", "has 601 characters; with the feedback before it, it must fit one message"),
        (0, {"hint": {"en": "x" * 301, "nl": "x"}}, "hint.en", "has 301 characters; a hint holds at most 300: shorten it"),
        (0, {"choices": [{"id": "a"}, {"id": "b", "text": {"en": "b", "nl": "b"}}], "answer": "a"}, "choices[0].text", "is missing"),
        (0, {"choices": choices("One"), "answer": "c0"}, "choices", "has 1; there must be 2 to 13 choices"),
        (2, {"accept": {"en": [], "nl": ["x"]}}, "accept.en", "has 0; there must be 1 to 50 answers"),
        (2, {"accept": {"en": ["x"] * 51, "nl": ["x"]}}, "accept.en", "has 51; there must be 1 to 50 answers"),
        (2, {"accept": {"en": ["x" * 81], "nl": ["x"]}}, "accept.en[0]", "has 81 characters; nobody types more than 80: shorten it"),
        (2, {"accept": {"en": ["🎂?!"], "nl": ["x"]}}, "accept.en[0]", "holds no letter or digit"),
        (2, {"accept": {"en": "x", "nl": ["x"]}}, "accept.en", "must be a list, not a text"),
    ],
)  # fmt: skip
def test_a_question_is_what_its_kind_needs(index, changes, field, message):
    found = complaints(with_question(index, **changes))
    assert list(found) == [f"questions[{index}].{field}"]
    assert message in found[f"questions[{index}].{field}"]


@pytest.mark.parametrize(
    "url", ["http://a.com", "https://", "https://[", "https://a b", "javascript:alert(1)", 5, "https://x/" + "y" * 200]
)
def test_the_terms_are_behind_an_https_address(url):
    found = complaints(a_campaign_document(terms={"url": url}))
    assert found == {"terms.url": "must be an address that starts with https://, of at most 200 characters"}


def test_terms_are_noticed_or_asked_for():
    assert decode(a_campaign_document(terms={"url": "https://example.com"})).terms.consent == "notice"
    assert decode(a_campaign_document(terms={"url": "https://example.com", "consent": "ask"})).terms.consent == "ask"
    found = complaints(a_campaign_document(terms={"url": "https://example.com", "consent": "maybe"}))
    assert found == {"terms.consent": 'must be notice or ask, not "maybe"'}


@pytest.mark.parametrize("document", [b"", b"{", b"\xff\xfe", "[" * 100_000, b'{"stock": ' + b"9" * 5000 + b"}"])
def test_what_is_not_json_is_refused(document):
    with pytest.raises(Invalid, match="is not"):
        decode(document)


@pytest.mark.parametrize("document", [b"[]", b"5", b"null", b'"text"', b"true"])
def test_what_is_not_an_object_is_refused(document):
    with pytest.raises(Invalid, match="A campaign is a JSON object, not"):
        decode(document)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)


def outcome(document):
    """The campaign, or the errors."""
    try:
        return decode(document), ()
    except Invalid as refused:
        return None, refused.errors


def _paths(value, path=()):
    """Every place in a JSON document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(*path, key) for key, _ in inner] + [deeper for key, item in inner for deeper in _paths(item, (*path, key))]


@settings(max_examples=300)
@given(st.sampled_from(_paths(json.loads(DEMO.read_bytes()))), json_values)
def test_whatever_stands_in_a_field_it_is_either_saved_as_it_is_or_refused_with_that_field(path, value):
    document = json.loads(DEMO.read_bytes())
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    campaign, errors = outcome(json.dumps(document))
    if campaign:
        assert decode(encode(campaign)) == campaign == load(dump(campaign))
    else:
        assert all(error.field and error.message for error in errors)
        assert errors
