"""The dialogue, as one pure function: `step(state, message, scene) -> turn`; and `notice`, for what a fan is told unasked.

A message is tried in this order: is it about the conversation itself (language, stop, delete, help, …)? Is it a start? Else it is an
answer, if the campaign waits for one. Whatever it is, one reply follows, or two where a ticket's picture comes along: feedback and
next question stand together, because a platform's sends are what runs out first.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from chalicelib.campaigns.model import Campaign, Language, Opening, Question, moment
from chalicelib.dialogue import buying, matching, texts
from chalicelib.dialogue.model import Act, Answered, Begin, Card, Choice, Finish, Forget, Message, Reply, State, Turn
from chalicelib.tickets.model import Entry

if TYPE_CHECKING:
    from chalicelib.orders.model import Order

DISCLOSURE_GAP = 24 * 60 * 60 * 1000
"""Milliseconds of silence after which the bot says again that it is automated, as Meta asks:
https://developers.facebook.com/docs/messenger-platform/policy ."""

_DAY = 24 * 60 * 60 * 1000
REACH: Mapping[str, int] = {"messenger": _DAY, "slack": 30 * _DAY}
"""For how many milliseconds after a fan's last message a channel takes what we say unasked: Messenger's is its standard messaging window
(https://developers.facebook.com/docs/messenger-platform/policy/policy-overview), Slack's is as long as we remember the fan. On no other
channel is a fan told: the web chat's page shows it to those who come back."""

DUE: Mapping[Act, tuple[Opening, ...]] = {"opening": ("open", "ended"), "closing": ("ended",)}
"""When those who wait for an act are told: as soon as their campaign is so. An opening that never comes ends a wait, too."""

ANSWER_LIMIT = 200
"""Characters: longer than any answer, so it is not taken as a wrong one."""


class Scene(NamedTuple):
    """What a turn may need to know besides the conversation and the message."""

    now: float
    """Seconds since the epoch."""
    tickets_url: str
    """Where tickets are shown: a ticket's code is added to it."""
    campaign: Campaign | None = None
    """The campaign that the message is about: named by its link or button, or the one being played."""
    entry: Entry | None = None
    """What the fan did in this campaign before; given where the conversation does not play it yet."""
    held: str = ""
    """The code of the ticket that the entry won, or empty."""
    sold_out: bool = False
    elsewhere: tuple[tuple[Campaign, str], ...] = ()
    """The tickets that the fan holds in other campaigns, and their codes; given where `asks_for_tickets`."""
    order: "Order | None" = None
    """The order that has ended, where the message is about one."""


def step(state: State, message: Message, scene: Scene) -> Turn:
    """What this message leads to. A turn whose effect is `Finish` has no replies yet: `conclude` knows them."""
    if message.kind == "order":
        return _told(state, message, scene)
    known = state._replace(
        language=state.language or _guess(message, scene.campaign), last_at=max(state.last_at, message.at)
    )
    turn = _Dialogue(known, message, scene, late=message.at < state.last_at).turn()
    turn = turn._replace(state=_waiting(turn.state, scene))
    if message.at - state.last_at > DISCLOSURE_GAP:
        turn = turn._replace(replies=_disclosed(turn))
    return turn


def notice(state: State, channel: str, scene: Scene) -> Turn | None:
    """What a fan is told whose wait (`state.waits`) for the scene's campaign may be over: None when it is not.

    Nothing is said to a fan who cannot be reached any more; the wait is over all the same.
    """
    campaign, act = scene.campaign, state.waits
    assert campaign and act  # noqa: S101, PT018  # who waits, waits for something
    if campaign.opening(scene.now) not in DUE[act]:
        return None
    after, silence = _waiting(state, scene), scene.now * 1000 - state.last_at
    if not reaches(channel, silence):
        return Turn(after, ())
    turn = Turn(after, (_news(state, campaign, scene),))
    return turn._replace(replies=_disclosed(turn)) if silence > DISCLOSURE_GAP else turn


def reaches(channel: str, silence: float) -> bool:
    """Whether we may speak unasked to a fan whose last message is so many milliseconds ago; on the web chat's page, always."""
    return silence <= REACH.get(channel, silence)


def conclude(turn: Turn, scene: Scene, code: str) -> Turn:
    """The end of a turn whose effect is `Finish`; `code` is the ticket's that was won, empty when it was lost or all are taken."""
    state, campaign = turn.state._replace(ticket=code), scene.campaign
    assert campaign is not None  # noqa: S101  # only a campaign can be finished
    facts = {"correct": state.correct, "count": len(campaign.questions), "needed": campaign.pass_mark}
    feedback = turn.replies[0].text + " "
    if code:
        return turn._replace(
            state=state,
            replies=(
                Reply(feedback + _say(state, campaign, "won", **facts)),
                card(state.language, campaign, code, scene.tickets_url),
            ),
        )
    if isinstance(turn.effect, Finish) and turn.effect.passed:
        return turn._replace(state=state, replies=(Reply(feedback + _say(state, campaign, "sold_out")),))
    retry = _retry(state, campaign)
    lost = retry._replace(text=f"{feedback}{_say(state, campaign, 'lost', **facts)} {retry.text}")
    return turn._replace(state=state, replies=(lost,))


def may_name_campaign(state: State, message: Message, campaign: Campaign | None) -> bool:
    """Whether a typed text may be a campaign's ref: one word that is not the right answer to the question being asked."""
    if message.kind != "text" or len(message.text.split()) != 1:
        return False
    return not _answers(state, campaign, message.text)


def asks_for_tickets(state: State, message: Message, campaign: Campaign | None) -> bool:
    """Whether the message is the command for all tickets that the fan holds."""
    return _command(state, message, campaign) == "ticket"


def _told(state: State, message: Message, scene: Scene) -> Turn:
    """What became of an order, and the question again that is being asked: on some platforms a new message takes its buttons away."""
    if scene.order is None or state.stopped:
        return Turn(state, ())
    return _Dialogue(state, message, scene, late=False).besides(buying.standing(state.language, scene.order))


class _Dialogue:
    """One turn: the same state, message and scene throughout."""

    def __init__(self, state: State, message: Message, scene: Scene, *, late: bool) -> None:
        self.state = state
        self.message = message
        self.scene = scene
        self.late = late
        self.campaign = scene.campaign

    def turn(self) -> Turn:
        command = _command(self.state, self.message, self.campaign)
        if self.message.kind == "deletion" or command == "delete:yes":
            return self._forget()
        if self.message.kind == "start" or command == "start":
            return self._start()
        if command.startswith("language:"):
            return self._speak(command.removeprefix("language:"))
        if self.state.stopped and command != "delete":
            return self._only(self._reply("is_stopped", (self._button("start_button", "start"),)))
        kept = self.state.deleting
        self.state = self.state._replace(deleting=False)
        commands = {
            "stop": self._stop,
            "delete": self._ask_to_delete,
            "help": lambda: self._go_on("help"),
            "language": self._ask_language,
            "ticket": self._show_tickets,
            "restart": self._restart,
        }
        return commands.get(command, (lambda: self._go_on("kept")) if kept else self._play)()

    def besides(self, text: str) -> Turn:
        """Say something that the campaign is not about, and ask its question again where one is being asked."""
        campaign = self.campaign
        asks = campaign and campaign.campaign_id == self.state.campaign and self.state.step == "question"
        if campaign is None or not asks or closed(campaign, self.scene.now):
            return self._only(Reply(text))
        return self._only(self._ask(campaign, text))

    def _forget(self) -> Turn:
        """Everything goes. Who asked the platform cannot be answered; who asked us here, can."""
        replies = () if self.message.kind == "deletion" else (self._reply("deleted"),)
        return Turn(State(), replies, Forget())

    def _stop(self) -> Turn:
        self.state = self.state._replace(stopped=True)
        return self._only(self._reply("stopped", (self._button("start_button", "start"),)))

    def _ask_to_delete(self) -> Turn:
        self.state = self.state._replace(deleting=True)
        buttons = (self._button("delete_yes", "delete:yes"), self._button("delete_no", "no"))
        return self._only(self._reply("delete", buttons))

    def _ask_language(self) -> Turn:
        names = tuple(Choice(texts.NAMES[code], f"language:{code}") for code in texts.LANGUAGES)
        return self._only(self._reply("language", names))

    def _show_tickets(self) -> Turn:
        """The ones of other campaigns too: one chat serves them all."""
        language, link = self.state.language, self.scene.tickets_url
        elsewhere = [card(language, campaign, code, link) for campaign, code in self.scene.elsewhere]
        here = self._go_on("" if self.state.ticket or elsewhere else "no_ticket")
        return here._replace(replies=(*elsewhere, *here.replies))

    def _speak(self, language: str) -> Turn:
        self.state = self.state._replace(language=language if language in texts.LANGUAGES else self.state.language)
        return self._go_on("language_set")

    def _start(self) -> Turn:
        self.state = self.state._replace(stopped=False, deleting=False)
        if self.campaign is None:
            return self._only(self._reply("unknown_ref" if self.message.ref else "no_campaign"))
        return self._enter(self.campaign) if self.state.campaign != self.campaign.campaign_id else self._go_on("")

    def _restart(self) -> Turn:
        if self.campaign is None:
            return self._only(self._reply("no_campaign"))
        if self.state.campaign != self.campaign.campaign_id:
            return self._enter(self.campaign)
        if self.state.ticket or closed(self.campaign, self.scene.now) or self.state.step in {"", "consent"}:
            return self._go_on("")
        if self.state.step == "question" and self.state.attempt >= self.campaign.attempts:
            return self._go_on("no_restart")
        used_up = self.state.attempt >= self.campaign.attempts or self.scene.sold_out
        return self._go_on("") if used_up else self._begin(self.campaign, "")

    def _play(self) -> Turn:
        """The message is none of our commands: an answer, or something to be kind about."""
        if self.campaign is None:
            return self._only(self._reply("no_campaign"))
        if self.state.campaign != self.campaign.campaign_id:  # the first message on its page, or a button of long ago
            return self._enter(self.campaign)
        if closed(self.campaign, self.scene.now) or self.state.step == "finished":
            return self._go_on("")
        if self.state.step == "consent":
            return self._consent(self.campaign)
        if self.message.kind == "media":
            return self._go_on("media")
        if self.message.kind == "choice":
            return self._press(self.campaign)
        return self._type(self.campaign)

    def _enter(self, campaign: Campaign) -> Turn:
        """The fan comes to a campaign that the conversation does not play yet."""
        entry = self.scene.entry or Entry()
        language = self.state.language
        self.state = State(
            language=language if language in campaign.languages else campaign.languages[0],
            campaign=campaign.campaign_id,
            step="finished" if entry.attempts else "",
            attempt=len(entry.attempts),
            ticket=self.scene.held,
            last_at=self.state.last_at,
        )
        return self._go_on("")

    def _welcome(self, campaign: Campaign) -> str:
        language = _spoken(self.state, campaign)
        count = len(campaign.questions)
        questions = "one_question" if count == 1 else "questions"
        terms = campaign.terms
        prize = texts.say(
            language, "prize", questions=texts.say(language, questions, count=count), prize=campaign.prize[language]
        )
        lines = (
            (self._text("welcome"), texts.say(language, "automated")),
            (campaign.welcome[language] if campaign.welcome else "", prize),
            (_terms(campaign, language) if terms and terms.consent == "notice" else "",),
            (texts.say(language, "switch") if len(campaign.languages) > 1 else "",),
        )
        return "\n".join(filter(None, (" ".join(filter(None, line)) for line in lines)))

    def _consent(self, campaign: Campaign) -> Turn:
        match self.message.payload or texts.command(matching.normalised(self.message.text)):
            case "yes":
                return self._begin(campaign, "")
            case "no":
                return self._go_on("consent_refused")
        return self._go_on("not_understood")

    def _begin(self, campaign: Campaign, before: str) -> Turn:
        self.state = self.state._replace(step="question", question=0, correct=0, attempt=self.state.attempt + 1)
        return Turn(self.state, (self._ask(campaign, before),), Begin())

    def _press(self, campaign: Campaign) -> Turn:
        question = _asked(self.state, campaign)
        asked, _, choice = self.message.payload.rpartition(":")
        if asked != _payload(self.state, campaign, question) or choice not in {known.id for known in question.choices}:
            return self._go_on("stale")
        return self._answered(campaign, right=choice == question.answer)

    def _type(self, campaign: Campaign) -> Turn:
        question = _asked(self.state, campaign)
        text = self.message.text
        if self.late:  # typed before the question was asked, delivered after: https://developers.facebook.com/docs/messenger-platform/webhooks
            return self._go_on("late")
        if len(text) > ANSWER_LIMIT:
            return self._go_on("too_long")
        if not matching.normalised(text):
            return self._go_on("emoji")
        if question.kind == "text":
            return self._answered(campaign, right=_is_right(question, text))
        language = _spoken(self.state, campaign)
        chosen = matching.choice(text, [choice.text[language] for choice in question.choices])
        if chosen is None:
            return self._go_on("not_understood")
        return self._answered(campaign, right=question.choices[chosen].id == question.answer)

    def _answered(self, campaign: Campaign, *, right: bool) -> Turn:
        feedback = self._text("right" if right else "wrong")
        answered = Answered(_asked(self.state, campaign).id, right)
        self.state = self.state._replace(question=self.state.question + 1, correct=self.state.correct + right)
        if self.state.question < len(campaign.questions):
            return Turn(self.state, (self._ask(campaign, feedback),), answered=answered)
        self.state = self.state._replace(step="finished", question=0)
        finished = Finish(passed=self.state.correct >= campaign.pass_mark)
        return Turn(self.state, (Reply(feedback),), finished, answered)

    def _go_on(self, key: str) -> Turn:
        """Say the text of this key, if any, and then whatever the fan needs to go on from here."""
        before = self._text(key) if key else ""
        campaign = self.campaign
        if campaign is None or campaign.campaign_id != self.state.campaign:
            return self._only(Reply(before or self._text("no_campaign")))
        if self.state.ticket:
            text = " ".join(filter(None, (before, _say(self.state, campaign, "have_ticket"))))
            return self._only(
                Reply(text), card(self.state.language, campaign, self.state.ticket, self.scene.tickets_url)
            )
        opening = campaign.opening(self.scene.now)
        if opening != "open":
            when = campaign.opens(_spoken(self.state, campaign), self.scene.now)
            told = _say(self.state, campaign, opening, when=when)
            promise = self._text("will_tell") if opening == "early" and self._can_tell(campaign) else ""
            return self._then(before, Reply(" ".join(filter(None, (told, promise)))))
        if self.state.step == "question":
            hint = _asked(self.state, campaign).hint
            if hint and key in {"help", "not_understood"}:
                before = f"{before} {hint[_spoken(self.state, campaign)]}"
            return self._only(self._ask(campaign, before))
        if self.scene.sold_out:
            return self._then(before, Reply(_say(self.state, campaign, "sold_out")))
        if self.state.step == "finished":
            return self._then(before, _retry(self.state, campaign))
        return self._open(campaign, before)

    def _can_tell(self, campaign: Campaign) -> bool:
        """Whether the fan can be reached when it opens, should this be their last message."""
        opens = moment(campaign.opens_at or "", campaign.timezone).timestamp() * 1000
        return opens - self.message.at < REACH.get(self.message.channel, 0)

    def _open(self, campaign: Campaign, before: str) -> Turn:
        """A fan who may play and has not begun: the welcome, and the first question or the terms."""
        before = "\n\n".join(filter(None, (before, "" if self.state.step == "consent" else self._welcome(campaign))))
        if campaign.terms is None or campaign.terms.consent == "notice":
            return self._begin(campaign, before)
        self.state = self.state._replace(step="consent")
        text = texts.say(self.state.language, "consent", url=campaign.terms.url)
        buttons = (self._button("consent_yes", "yes"), self._button("consent_no", "no"))
        return self._then(before, Reply(text, buttons))

    def _ask(self, campaign: Campaign, before: str) -> Reply:
        question = _asked(self.state, campaign)
        language = _spoken(self.state, campaign)
        count = len(campaign.questions)
        text = texts.say(
            language,
            "question",
            number=campaign.questions.index(question) + 1,
            count=count,
            text=question.text[language],
        )
        asked = _payload(self.state, campaign, question)
        choices = tuple(Choice(choice.text[language], f"{asked}:{choice.id}") for choice in question.choices)
        return Reply("\n\n".join(filter(None, (before, text))), choices)

    def _then(self, before: str, reply: Reply) -> Turn:
        return self._only(reply._replace(text="\n\n".join(filter(None, (before, reply.text)))))

    def _only(self, *replies: Reply) -> Turn:
        return Turn(self.state, replies)

    def _reply(self, key: str, choices: tuple[Choice, ...] = ()) -> Reply:
        return Reply(self._text(key), choices)

    def _text(self, key: str) -> str:
        return _say(self.state, self.campaign, key)

    def _button(self, key: str, payload: str) -> Choice:
        return Choice(self._text(key), payload)


def card(language: str, campaign: Campaign, code: str, tickets_url: str) -> Reply:
    """The ticket with this code, as a picture with a link."""
    link = f"{tickets_url}{code}"
    ticket = Card(
        title=texts.say(language, "ticket_title", campaign=campaign.name),
        subtitle=campaign.prize[campaign.language(language)],
        image=f"{link}.png",
        link=link,
        link_title=texts.say(language, "ticket_link"),
    )
    return Reply("", card=ticket)


def closed(campaign: Campaign, now: float) -> bool:
    return campaign.opening(now) != "open"


def _waiting(state: State, scene: Scene) -> State:
    """The state with what the fan waits for in it: who came before it opened, or in a pause; or who plays what will close."""
    campaign = scene.campaign
    if campaign is None or campaign.campaign_id != state.campaign:
        return state
    waits: Act | Literal[""] = ""
    opening = campaign.opening(scene.now)
    if state.stopped or state.ticket:
        waits = ""
    elif opening == "open":
        waits = "closing" if campaign.closes_at and state.step in {"consent", "question"} else ""
    elif opening != "ended" and (state.step != "finished" or state.attempt < campaign.attempts):
        waits = "opening"
    return state._replace(waits=waits)


def _news(state: State, campaign: Campaign, scene: Scene) -> Reply:
    """That the campaign is open, or over, and why."""
    if campaign.opening(scene.now) == "ended":
        when = campaign.closes(_spoken(state, campaign), scene.now)
        return Reply(_say(state, campaign, "closed" if campaign.time_is_up(scene.now) else "ended", when=when))
    if scene.sold_out and state.step != "question":  # who is at a question may go on to the end
        return Reply(_say(state, campaign, "sold_out"))
    return Reply(_say(state, campaign, "opened"), (Choice(_say(state, campaign, "start_button"), "start"),))


def _command(state: State, message: Message, campaign: Campaign | None) -> str:
    """The command that the message is, or empty. The right answer to a question is never one."""
    if message.kind == "choice":
        return message.payload
    text = message.text
    if message.kind != "text" or len(text) > ANSWER_LIMIT or _answers(state, campaign, text):
        return ""
    command = texts.command(matching.normalised(text))
    return "delete:yes" if state.deleting and command in {"yes", "delete"} else command


def _guess(message: Message, campaign: Campaign | None) -> str:
    """The language to begin in."""
    if campaign:
        return campaign.language(message.locale)
    return message.locale[:2] if message.locale[:2] in texts.LANGUAGES else texts.LANGUAGES[0]


def _spoken(state: State, campaign: Campaign) -> Language:
    """The fan's language, as far as the campaign speaks it."""
    return campaign.language(state.language)


def _asked(state: State, campaign: Campaign) -> Question:
    """The question that is being asked; the last one where the organiser has taken questions out meanwhile."""
    return campaign.questions[min(state.question, len(campaign.questions) - 1)]


def _answers(state: State, campaign: Campaign | None, text: str) -> bool:
    """Whether a typed text is the right answer to the question that is being asked."""
    if campaign is None or state.campaign != campaign.campaign_id or state.step != "question":
        return False
    return _is_right(_asked(state, campaign), text)


def _is_right(question: Question, text: str) -> bool:
    """Whether a typed text answers a free-text question; a right answer in any of the campaign's languages is right."""
    return matching.accepts(text, [answer for answers in question.accept.values() for answer in answers])


def _payload(state: State, campaign: Campaign, question: Question) -> str:
    """Of the buttons of a question: they count for this campaign, attempt and question only."""
    return f"answer:{campaign.campaign_id}:{state.attempt}:{question.id}"


def _retry(state: State, campaign: Campaign) -> Reply:
    if state.attempt >= campaign.attempts:
        return Reply(_say(state, campaign, "no_attempts"))
    return Reply(_say(state, campaign, "retry"), (Choice(_say(state, campaign, "retry_button"), "restart"),))


def _terms(campaign: Campaign, language: Language) -> str:
    assert campaign.terms is not None  # noqa: S101  # asked only where there are terms
    if campaign.terms.text:
        return f"{campaign.terms.text[language]} {campaign.terms.url}"
    return texts.say(language, "terms", url=campaign.terms.url)


def _say(state: State, campaign: Campaign | None, key: str, **values: object) -> str:
    return texts.say(state.language, key, campaign=campaign.name if campaign else "", **values)


def _disclosed(turn: Turn) -> tuple[Reply, ...]:
    """The replies, the first of which says that we are automated, unless it says so already or there is none to say it to."""
    automated = texts.say(turn.state.language, "automated")
    if not turn.replies or automated in turn.replies[0].text:
        return turn.replies
    first = turn.replies[0]
    return (first._replace(text=f"{automated} {first.text}"), *turn.replies[1:])
