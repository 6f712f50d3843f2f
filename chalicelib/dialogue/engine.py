"""The dialogue, as one pure function: `step(state, message, scene) -> turn`; and `notice`, for what a fan is told unasked.

A message is tried in this order: is it about the conversation itself (language, stop, delete, help, …)? Is it a start? Else it is an
answer, if the campaign waits for one. Whatever it is, one reply follows, or two where a ticket's picture comes along: feedback and
next question stand together, because a platform's sends are what runs out first.
"""

from typing import TYPE_CHECKING

from chalicelib.campaigns.model import Campaign, Language, moment
from chalicelib.dialogue import asking, buying, matching, news, texts, wishes
from chalicelib.dialogue.buying import Stall
from chalicelib.dialogue.model import Answered, Begin, Card, Choice, Finish, Forget, Message, Reply, State, Turn
from chalicelib.dialogue.scene import DISCLOSURE_GAP, Scene, disclosed, say
from chalicelib.tickets.model import Entry

if TYPE_CHECKING:
    from chalicelib.orders.model import Order

ANSWER_LIMIT = 200
"""Characters: longer than any answer, so it is not taken as a wrong one."""


def step(state: State, message: Message, scene: Scene) -> Turn:
    """What this message leads to. A turn whose effect is `Finish` has no replies yet: `conclude` knows them."""
    if message.kind == "order":
        return _told(state, message, scene)
    known = state._replace(
        language=state.language or _guess(message, scene.campaign), last_at=max(state.last_at, message.at)
    )
    turn = _Dialogue(known, message, scene, late=message.at < state.last_at).turn()
    turn = turn._replace(state=news.waiting(turn.state, scene))
    if message.at - state.last_at > DISCLOSURE_GAP:
        turn = turn._replace(replies=disclosed(turn))
    return turn


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
                Reply(feedback + say(state, campaign, "won", **facts)),
                card(state.language, campaign, code, scene.tickets_url),
            ),
        )
    if isinstance(turn.effect, Finish) and turn.effect.passed:
        return turn._replace(state=state, replies=(Reply(feedback + say(state, campaign, "sold_out")),))
    retry = _retry(state, campaign)
    lost = retry._replace(text=f"{feedback}{say(state, campaign, 'lost', **facts)} {retry.text}")
    return turn._replace(state=state, replies=(lost,))


def may_name_campaign(state: State, message: Message, campaign: Campaign | None) -> bool:
    """Whether a typed text may be a campaign's ref: one word that is not the right answer to the question being asked."""
    if message.kind != "text" or len(message.text.split()) != 1:
        return False
    return not asking.answers(state, campaign, message.text)


def asks_for_tickets(state: State, message: Message, campaign: Campaign | None) -> bool:
    """Whether the message is the command for all tickets that the fan holds."""
    return _command(state, message, campaign) == "ticket"


def _told(state: State, message: Message, scene: Scene) -> Turn:
    """What became of an order, and the question again that is being asked: on some platforms a new message takes its buttons away."""
    if scene.order is None or state.stopped:
        return Turn(state, ())
    return _Dialogue(state, message, scene, late=False).besides(buying.standing(state.language, scene.order))


def asks_for_shop(state: State, message: Message, campaign: Campaign | None) -> bool:
    """Whether the message may be about buying something: what it is about is known once it is known what is sold."""
    ours = buying.command(state, message, _command(state, message, campaign))
    return ours not in ("", "order") or _may_be_wish(state, message, campaign)


def asks_for_order(state: State, message: Message, campaign: Campaign | None) -> str:
    """The id of the order that the message is about, or empty."""
    if message.kind == "order":
        return message.order
    asks = buying.command(state, message, _command(state, message, campaign)) == "order"
    return state.order if asks else ""


def introduced(turn: Turn, message: Message, scene: Scene, customer: str) -> Turn:
    """The end of a turn whose effect is `Introduce`: the fan is this user."""
    return _Dialogue(turn.state, message, scene._replace(customer=customer), late=False).stall().goes_on()


def bought(turn: Turn, message: Message, scene: Scene, order: "Order") -> Turn:
    """The end of a turn whose effect is `Buy`: the order is made."""
    return _Dialogue(turn.state, message, scene, late=False).stall().bought(order)


def refused(turn: Turn, message: Message, scene: Scene, *, customer: bool) -> Turn:
    """The same where it could not be made: for the `customer`, who is not there any more, or for what was wanted."""
    return _Dialogue(turn.state, message, scene, late=False).stall().refused(customer=customer)


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
        if buys := self._buy(command):
            return buys
        self.state = self.state._replace(asked="")
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
        campaign = self._asks()
        return self._only(self._ask(campaign, text) if campaign else Reply(text))

    def stall(self) -> Stall:
        def aside(state: State, text: str) -> Turn:
            self.state = state
            return self.besides(text)

        return Stall(self.state, self.scene.products, self.scene.customer, self.scene.new_order, aside)

    def _buy(self, command: str) -> Turn | None:
        """The turn of a message that is about buying; None for any other.

        Never at the cost of the question that is being asked: its right answer is one, and so is whatever begins as a wish and names
        nothing that is sold, or says one of the question's choices.
        """
        ours = buying.command(self.state, self.message, command)
        if ours == "order":
            found = self.scene.order
            return self.besides(buying.standing(self.state.language, found) if found else self._text("no_order"))
        if ours:
            return self.stall().offer("buy_offer") if ours == "shop" else self.stall().pressed(ours)
        if command or not _may_be_wish(self.state, self.message, self.campaign):
            return None
        text = self.message.text
        if buying.gives_address(self.state, self.message):
            return self.stall().hears_address(text)
        wish = wishes.read(text)
        if wish and not self._may_answer(text, named=self.stall().names(wish)):
            return self.stall().wants(wish)
        return self.stall().hears_address(text) if self.state.asked == "email" and not self._asks() else None

    def _asks(self) -> Campaign | None:
        """The campaign, if it waits for an answer to a question."""
        campaign = self.campaign
        here = campaign and campaign.campaign_id == self.state.campaign and self.state.step == "question"
        return campaign if campaign and here and not asking.closed(campaign, self.scene.now) else None

    def _may_answer(self, text: str, *, named: bool) -> bool:
        """Whether a text that could be a wish is rather taken for an answer; `named`: it names something that is sold."""
        campaign = self._asks()
        if campaign is None:
            return False
        question, language = asking.asked(self.state, campaign), asking.spoken(self.state, campaign)
        if question.kind == "text":
            return not named
        return matching.choice(text, [choice.text[language] for choice in question.choices]) is not None

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
        if self.state.ticket or asking.closed(self.campaign, self.scene.now) or self.state.step in {"", "consent"}:
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
        if asking.closed(self.campaign, self.scene.now) or self.state.step == "finished":
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
        self.state = self.state._replace(
            language=language if language in campaign.languages else campaign.languages[0],
            campaign=campaign.campaign_id,
            source=self.scene.source,
            step="finished" if entry.attempts else "",
            question=0,
            correct=0,
            attempt=len(entry.attempts),
            ticket=self.scene.held,
            stopped=False,
        )
        return self._go_on("")

    def _welcome(self, campaign: Campaign) -> str:
        language = asking.spoken(self.state, campaign)
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
        question = asking.asked(self.state, campaign)
        asked, _, choice = self.message.payload.rpartition(":")
        if asked != asking.payload(self.state, campaign, question) or choice not in {
            known.id for known in question.choices
        }:
            return self._go_on("stale")
        return self._answered(campaign, right=choice == question.answer)

    def _type(self, campaign: Campaign) -> Turn:
        question = asking.asked(self.state, campaign)
        text = self.message.text
        if self.late:  # typed before the question was asked, delivered after: https://developers.facebook.com/docs/messenger-platform/webhooks
            return self._go_on("late")
        if len(text) > ANSWER_LIMIT:
            return self._go_on("too_long")
        if not matching.normalised(text):
            return self._go_on("emoji")
        if question.kind == "text":
            return self._answered(campaign, right=asking.is_right(question, text))
        language = asking.spoken(self.state, campaign)
        chosen = matching.choice(text, [choice.text[language] for choice in question.choices])
        if chosen is None:
            return self._go_on("not_understood")
        return self._answered(campaign, right=question.choices[chosen].id == question.answer)

    def _answered(self, campaign: Campaign, *, right: bool) -> Turn:
        feedback = self._text("right" if right else "wrong")
        answered = Answered(asking.asked(self.state, campaign).id, right)
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
            text = " ".join(filter(None, (before, say(self.state, campaign, "have_ticket"))))
            return self._only(
                Reply(text), card(self.state.language, campaign, self.state.ticket, self.scene.tickets_url)
            )
        opening = campaign.opening(self.scene.now)
        if opening != "open":
            when = campaign.opens(asking.spoken(self.state, campaign), self.scene.now)
            told = say(self.state, campaign, opening, when=when)
            promise = self._text("will_tell") if opening == "early" and self._can_tell(campaign) else ""
            return self._then(before, Reply(" ".join(filter(None, (told, promise)))))
        if self.state.step == "question":
            hint = asking.asked(self.state, campaign).hint
            if hint and key in {"help", "not_understood"}:
                before = f"{before} {hint[asking.spoken(self.state, campaign)]}"
            return self._only(self._ask(campaign, before))
        if self.scene.sold_out:
            return self._then(before, Reply(say(self.state, campaign, "sold_out")))
        if self.state.step == "finished":
            return self._then(before, _retry(self.state, campaign))
        return self._open(campaign, before)

    def _can_tell(self, campaign: Campaign) -> bool:
        """Whether the fan can be reached when it opens, should this be their last message."""
        opens = moment(campaign.opens_at or "", campaign.timezone).timestamp() * 1000
        return opens - self.message.at < news.REACH.get(self.message.channel, 0)

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
        question = asking.asked(self.state, campaign)
        language = asking.spoken(self.state, campaign)
        count = len(campaign.questions)
        text = texts.say(
            language,
            "question",
            number=campaign.questions.index(question) + 1,
            count=count,
            text=question.text[language],
        )
        asked = asking.payload(self.state, campaign, question)
        choices = tuple(Choice(choice.text[language], f"{asked}:{choice.id}") for choice in question.choices)
        return Reply("\n\n".join(filter(None, (before, text))), choices)

    def _then(self, before: str, reply: Reply) -> Turn:
        return self._only(reply._replace(text="\n\n".join(filter(None, (before, reply.text)))))

    def _only(self, *replies: Reply) -> Turn:
        return Turn(self.state, replies)

    def _reply(self, key: str, choices: tuple[Choice, ...] = ()) -> Reply:
        return Reply(self._text(key), choices)

    def _text(self, key: str) -> str:
        return say(self.state, self.campaign, key)

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


def _command(state: State, message: Message, campaign: Campaign | None) -> str:
    """The command that the message is, or empty. The right answer to a question is never one."""
    if message.kind == "choice":
        return message.payload
    text = message.text
    if message.kind != "text" or len(text) > ANSWER_LIMIT or asking.answers(state, campaign, text):
        return ""
    command = texts.command(matching.normalised(text))
    return "delete:yes" if state.deleting and command in {"yes", "delete"} else command


def _may_be_wish(state: State, message: Message, campaign: Campaign | None) -> bool:
    """Whether a text could be about buying, and is not the right answer to the question that is being asked."""
    text = message.text
    if message.kind != "text" or len(text) > ANSWER_LIMIT or asking.answers(state, campaign, text):
        return False
    return state.asked == "email" or buying.gives_address(state, message) or wishes.read(text) is not None


def _guess(message: Message, campaign: Campaign | None) -> str:
    """The language to begin in."""
    if campaign:
        return campaign.language(message.locale)
    return message.locale[:2] if message.locale[:2] in texts.LANGUAGES else texts.LANGUAGES[0]


def _retry(state: State, campaign: Campaign) -> Reply:
    if state.attempt >= campaign.attempts:
        return Reply(say(state, campaign, "no_attempts"))
    return Reply(say(state, campaign, "retry"), (Choice(say(state, campaign, "retry_button"), "restart"),))


def _terms(campaign: Campaign, language: Language) -> str:
    assert campaign.terms is not None  # noqa: S101  # asked only where there are terms
    if campaign.terms.text:
        return f"{campaign.terms.text[language]} {campaign.terms.url}"
    return texts.say(language, "terms", url=campaign.terms.url)
