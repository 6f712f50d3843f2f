import pytest

from ops.simulator import limits
from ops.simulator.graph_error import GraphError

FLAG = "🎟"  # two UTF-16 units


def a_call(**message):
    return {"recipient": {"id": "7"}, "messaging_type": "RESPONSE", "message": message}


def quick_reply(title="Yes", payload="yes"):
    return {"content_type": "text", "title": title, "payload": payload}


def postback(title="Yes", payload="yes"):
    return {"type": "postback", "title": title, "payload": payload}


def template(**payload):
    return a_call(attachment={"type": "template", "payload": payload})


def buttons(text="Well?", count=1, **button):
    return template(template_type="button", text=text, buttons=[postback(**button)] * count)


def generic(count=1, **element):
    return template(template_type="generic", elements=[{"title": "T", "subtitle": "S", **element}] * count)


@pytest.mark.parametrize(
    "call",
    [
        a_call(text="x" * 2000),
        a_call(text=FLAG * 1000),
        a_call(text="Hi", quick_replies=[quick_reply("t" * 20, "p" * 1000)] * 13),
        a_call(text="Hi", metadata="order 7"),
        a_call(attachment={"type": "image", "payload": {"url": "https://example.com/a.png", "is_reusable": True}}),
        buttons("x" * 640, 3, title="t" * 20, payload="p" * 1000),
        generic(10, title="t" * 80, subtitle="s" * 80, image_url="http://example.com/a.png", buttons=[postback()] * 3),
        generic(default_action={"type": "web_url", "url": "https://example.com"}),
        template(
            template_type="button", text="Go", buttons=[{"type": "web_url", "title": "Go", "url": "https://a.example"}]
        ),
        a_call(text="Hi") | {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"},
        {"recipient": {"id": "7"}, "sender_action": "typing_on"},
    ],
)
def test_what_fits_exactly_is_accepted(call):
    limits.check(call)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (a_call(text="x" * 2001), "message[text] must be less than or equal to 2000"),
        (a_call(text=FLAG * 1001), "message[text] must be less than or equal to 2000"),
        (a_call(text=""), "message[text] must be a non-empty"),
        (a_call(text=" \n"), "message[text] must be a non-empty"),
        (a_call(text="half of \ud83c"), "half a surrogate pair"),
        (a_call(text=7), "message[text] must be a non-empty"),
        (a_call(), "must provide valid attachment or text"),
        (a_call(text="Hi", attachment={}), "must provide valid attachment or text"),
        (a_call(text="Hi", quickReplies=[]), 'Invalid keys "quickReplies"'),
        (a_call(text="Hi", quick_replies=[quick_reply()] * 14), "too many elements: 14, at most 13"),
        (a_call(text="Hi", quick_replies=[]), "message[quick_replies] has too few"),
        (a_call(text="Hi", quick_replies=[quick_reply(title="t" * 21)]), "[0][title] must be less than or equal to 20"),
        (a_call(text="Hi", quick_replies=[quick_reply(payload="p" * 1001)]), "less than or equal to 1000"),
        (a_call(text="Hi", quick_replies=[{"title": "Yes", "payload": "yes"}]), "[0][content_type] must be one of"),
        (a_call(text="Hi", quick_replies=["Yes"]), "message[quick_replies][0] must be an object"),
        (buttons("x" * 641), "[payload][text] must be less than or equal to 640"),
        (buttons(count=4), "too many elements: 4, at most 3"),
        (buttons(count=0), "[payload][buttons] has too few"),
        (buttons(title="t" * 21), "[buttons][0][title] must be less than or equal to 20"),
        (buttons(payload=""), "[buttons][0][payload]"),
        (template(template_type="button", text="Go", buttons=[{"type": "web_url", "title": "Go"}]), "valid URL"),
        (generic(11), "too many elements: 11, at most 10"),
        (generic(title="t" * 81), "[elements][0][title] must be less than or equal to 80"),
        (generic(subtitle="s" * 81), "[elements][0][subtitle] must be less than or equal to 80"),
        (generic(buttons=[postback()] * 4), "at most 3"),
        (generic(image_url="ticket.png"), "valid URL"),
        (template(template_type="generic", elements=[{"title": "Alone"}]), "besides its title"),
        (template(template_type="receipt"), "template_type"),
        (a_call(attachment={"type": "image", "payload": {}}), "valid URL"),
        (a_call(text="Hi") | {"messaging_type": None}, "messaging_type must be one of"),
        (a_call(text="Hi") | {"messaging_type": "MESSAGE_TAG", "tag": "ACCOUNT_UPDATE"}, "tag must be one of"),
        (a_call(text="Hi") | {"recipient": {}}, "recipient[id]"),
        (a_call(text="Hi") | {"sender_action": "typing_on"}, "cannot send both"),
        ({"recipient": {"id": "7"}}, "or neither"),
        ({"recipient": {"id": "7"}, "sender_action": "dance"}, "sender_action must be one of"),
    ],
)
def test_what_breaks_a_limit_is_refused_by_name_with_code_100(call, words):
    with pytest.raises(GraphError) as refusal:
        limits.check(call)
    assert words in str(refusal.value)
    assert refusal.value.code == 100
