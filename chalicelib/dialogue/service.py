"""One message, one turn: load, step, make it true, commit.

What must be true before the turn counts (a begun attempt, a taken ticket) is done first, and doing it again changes nothing; then
one conditional write makes the turn. So a message that is handled again, because a process died or a platform sent it twice, finds
its turn and gets the same replies, or repeats the same steps.
"""

from collections.abc import Callable
from typing import NamedTuple

from chalicelib.campaigns.model import Campaign, Stored, unmarked
from chalicelib.clock import Clock
from chalicelib.dialogue import engine, home, news
from chalicelib.dialogue.model import Begin, Buy, Finish, Forget, Introduce, Message, Reply, State, Turn
from chalicelib.dialogue.needs import Campaigns, Shop, Tickets
from chalicelib.dialogue.scene import Scene
from chalicelib.dialogue.store import Conversation, ConversationStore, Exchange, Moved
from chalicelib.errors import Invalid, Unavailable
from chalicelib.ids import digest
from chalicelib.logs import Log
from chalicelib.tickets.model import Entry

ATTEMPTS = 5
"""At one turn, while other messages of the same fan are handled at the same time (web chat)."""


class Answer(NamedTuple):
    replies: tuple[Reply, ...]
    newest: bool
    """Whether no later message of the fan has been handled: else these replies were sent long ago."""
    forget: bool = False
    """Whether the conversation is to be deleted (`Dialogue.forget`) as soon as the replies are safe."""


class Dialogue:
    """`forget_users` deletes the users of whom a conversation is, or raises `Unavailable`; again is fine."""

    def __init__(
        self,
        conversations: ConversationStore,
        campaigns: Campaigns,
        tickets: Tickets,
        shop: Callable[[], Shop],
        base_url: str,
        clock: Clock,
        log: Log,
        *,
        forget_users: Callable[[str], None],
    ) -> None:
        self._conversations = conversations
        self._campaigns = campaigns
        self._tickets = tickets
        self._shop = shop
        self._tickets_url = f"{base_url}/t/"
        self._clock = clock
        self._log = log
        self._forget_users = forget_users

    def answer(self, message: Message) -> tuple[Reply, ...]:
        """The replies to a message, the same ones however often it comes. `Unavailable` when nothing was decided."""
        answer = self.turn(message)
        if answer.forget:
            self.forget(message.conversation)
        return answer.replies

    def forget(self, conversation: str) -> None:
        """Delete all that is kept of the conversation, and of whose it is; again is fine."""
        self._forget_users(conversation)  # first: once the conversation is gone, nobody knows of the wish
        self._conversations.delete(conversation)

    def turn(self, message: Message) -> Answer:
        """As `answer`, but what is to be forgotten is still there: a turn that dies before its replies are safe is taken again."""
        if message.kind == "home":
            return self._home(message)
        for _ in range(ATTEMPTS):
            before = self._conversations.load(message.conversation)
            position = before.position(message)
            try:
                if message.kind == "notice":
                    return self._notice(message, before, position)
                return self._new(message, before) if position is None else self._again(message, before, position)
            except Moved:
                continue
        raise Unavailable("Too many messages at once: send this one again")

    def transcript(self, conversation: str) -> tuple[Exchange, ...]:
        """What was said so far, oldest first."""
        return self._conversations.transcript(conversation)

    def _again(self, message: Message, before: Conversation, position: int) -> Answer:
        self._log("again", trace=message.trace, turn=position, of=before.turns)
        if position == before.turns:
            return Answer(before.replies, newest=True)
        return Answer(self._conversations.replies(message.conversation, position), newest=False)

    def _notice(self, message: Message, before: Conversation, position: int | None) -> Answer:
        """What the fan waits for may have come. They are told once, and stay on the list until then.

        Who finds a fan still on the list sends the notice again, at another time. That one says nothing, even where the first one was not
        sent yet: it comes again by itself.
        """
        state, stored = before.state, self._campaigns.playing(message.campaign)
        waits = (state.campaign, state.waits) == (message.campaign, message.payload)
        if stored is None or not waits:
            self._conversations.waiting.leave(message.campaign, message.payload, message.conversation)
        if position is not None:
            same = position == before.turns and message.at == before.recent[-1].at
            return Answer(before.replies if same else (), newest=same)
        turn = None
        if stored and waits:
            turn = news.notice(state, message.channel, self._scene(message, state, stored))
        if turn:
            self._conversations.append(message, before, turn, self._clock())
        self._log(
            "notice",
            trace=message.trace,
            conversation=digest(message.conversation),
            campaign=message.campaign,
            act=message.payload,
            outcome=("told" if turn.replies else "out_of_reach") if turn else "nothing",
            notices=1,
        )
        return Answer(turn.replies if turn else (), newest=True)

    def _home(self, message: Message) -> Answer:
        """Looking changes nothing, so it is no turn."""
        state = self._conversations.load(message.conversation).state
        self._log("home", trace=message.trace, conversation=digest(message.conversation))
        page = home.page(state, self._played(message.conversation), self._clock(), self._tickets_url)
        return Answer((page,), newest=True)

    def _played(self, conversation: str) -> list[home.Played]:
        """The campaigns that the fan has come to, the latest first."""
        campaigns = self._conversations.campaigns(conversation)[: home.MOST_SHOWN]
        found = [stored for campaign_id in campaigns if (stored := self._campaigns.playing(campaign_id))]
        return [self._played_one(stored, conversation) for stored in found]

    def _played_one(self, stored: Stored, conversation: str) -> home.Played:
        entry, campaign_id = self._tickets.entry(stored, conversation), stored.campaign.campaign_id
        code, sold_out = self._tickets.code(campaign_id, entry), self._tickets.sold_out(campaign_id)
        return home.Played(stored.campaign, len(entry.attempts), code, sold_out)

    def _new(self, message: Message, before: Conversation) -> Answer:
        if message.kind == "order" and not self._may_speak(message, before):
            self._log("untold", trace=message.trace, order=message.order)
            return Answer((), newest=True)
        message, stored = self._about(message, before.state)
        scene = self._scene(message, before.state, stored)
        if engine.asks_for_tickets(before.state, message, scene.campaign):
            scene = scene._replace(elsewhere=self._elsewhere(message.conversation, before.state.campaign))
        if order_id := engine.asks_for_order(before.state, message, scene.campaign):
            scene = scene._replace(order=self._shop().order(order_id))
        if engine.asks_for_shop(before.state, message, scene.campaign):
            scene = self._at_the_shop(scene, message, before.state)
        turn = self._sold(engine.step(before.state, message, scene), message, scene)
        forget = isinstance(turn.effect, Forget)
        if stored:
            turn = self._made_true(turn, before.state, message, scene, stored)
            self._count(turn, message, scene, stored)
        if not forget:
            self._conversations.append(message, before, turn, self._clock())
        self._log(
            "turn",
            trace=message.trace,
            conversation=digest(message.conversation),
            campaign=turn.state.campaign,
            turn=before.turns + 1,
            kind=message.kind,
            effect=None if turn.effect is None else type(turn.effect).__name__,  # Begin() is empty, so false
            step=turn.state.step,
            ticket=int(bool(turn.state.ticket)),
            turns=1,
            replies=len(turn.replies),
        )
        if stored and isinstance(turn.effect, Finish) and turn.effect.passed and turn.state.ticket:
            left = self._tickets.left(campaign_id := stored.campaign.campaign_id)
            percent = round(100 * left / max(1, stored.campaign.stock))
            self._log("ticket", trace=message.trace, campaign=campaign_id, tickets=1, stock_left_percent=percent)
        return Answer(turn.replies, newest=True, forget=forget)

    def _about(self, message: Message, state: State) -> tuple[Message, Stored | None]:
        """The campaign that the message is about; a typed ref makes the message a start."""
        campaign_id = message.campaign or state.campaign
        current = self._campaigns.playing(campaign_id) if campaign_id else None
        if message.kind == "choice" and message.payload.startswith("answer:"):
            return message, current or self._campaigns.playing(message.payload.split(":")[1])
        if message.kind == "choice" and message.payload.startswith(home.START):
            message = message._replace(kind="start", ref=message.payload.removeprefix(home.START))
        if message.kind == "start" and message.ref:
            named = self._campaigns.named(message.ref)
            return message, self._campaigns.playing(named) if named else None
        if engine.may_name_campaign(state, message, current.campaign if current else None):
            named = self._campaigns.named(message.text)
            if named:
                return message._replace(kind="start", ref=message.text.strip()), self._campaigns.playing(named)
        return message, current

    def _scene(self, message: Message, state: State, stored: Stored | None) -> Scene:
        scene = Scene(self._clock(), self._tickets_url)
        if stored is None:
            return scene
        scene = scene._replace(campaign=stored.campaign, sold_out=self._tickets.sold_out(stored.campaign.campaign_id))
        if state.campaign == stored.campaign.campaign_id:
            return scene
        entry = self._entry(message, stored)
        source = entry.source if entry.channel else _source(message, stored)
        return scene._replace(entry=entry, source=source, held=self._tickets.code(stored.campaign.campaign_id, entry))

    def _may_speak(self, message: Message, before: Conversation) -> bool:
        """Whether there is still a conversation, and its platform lets us speak though the fan has not just written."""
        silence = self._clock() * 1000 - before.state.last_at
        return before.turns > 0 and news.reaches(message.channel, silence)

    def _at_the_shop(self, scene: Scene, message: Message, state: State) -> Scene:
        shop = self._shop()
        customer = state.customer or shop.customer_of(message.conversation)
        return scene._replace(products=shop.products(), customer=customer, new_order=shop.new_id())

    def _sold(self, turn: Turn, message: Message, scene: Scene) -> Turn:
        """The turn, after what it leads to at the shop was done; done again, that changes nothing."""
        match turn.effect:
            case Introduce(email):
                customer = self._shop().introduce(message, email)
                return engine.introduced(turn, message, scene, customer)._replace(effect=turn.effect)
            case Buy() as buy:
                try:
                    order = self._shop().buy(buy, message, turn.state)
                except Invalid as refused:
                    gone = any(error.field == "customerId" for error in refused.errors)
                    return engine.refused(turn, message, scene, customer=gone)
                return engine.bought(turn, message, scene, order)._replace(effect=turn.effect)
        return turn

    def _elsewhere(self, conversation: str, here: str) -> tuple[tuple[Campaign, str], ...]:
        """The tickets that the fan holds in other campaigns than this one."""
        played = self._played(conversation)
        return tuple((one.campaign, one.ticket) for one in played if one.ticket and one.campaign.campaign_id != here)

    def _made_true(self, turn: Turn, state: State, message: Message, scene: Scene, stored: Stored) -> Turn:
        match turn.effect:
            case Begin():
                entry = scene.entry or self._entry(message, stored)
                attempts = (*entry.attempts, digest(message.id))
                begun = _come(entry, message, turn.state.source, turn.state.language)._replace(attempts=attempts)
                held = self._tickets.begin(stored, message.conversation, begun)
                if held:  # won in a turn that was never committed
                    state = state._replace(campaign=stored.campaign.campaign_id, step="finished", ticket=held)
                    return engine.step(state, message, scene)
            case Finish(passed):
                won = self._tickets.take if passed else self._tickets.lose
                return engine.conclude(turn, scene, won(stored, message.conversation))
        return turn

    def _count(self, turn: Turn, message: Message, scene: Scene, stored: Stored) -> None:
        """Where the fan comes to the campaign and does not begin, which would tell it too, keep that they came.

        To a draft nobody comes: nobody can play it yet, and it can be deleted.
        """
        entry = scene.entry
        if entry is None or entry.channel or stored.campaign.state == "draft":
            return
        entered = turn.state.campaign == stored.campaign.campaign_id
        if (entered or scene.source) and not isinstance(turn.effect, Begin | Forget):
            come = _come(entry, message, scene.source, turn.state.language)
            self._tickets.come(stored, message.conversation, come)

    def _entry(self, message: Message, stored: Stored) -> Entry:
        """What the fan did before this message."""
        entry = self._tickets.entry(stored, message.conversation)
        return entry._replace(attempts=tuple(begun for begun in entry.attempts if begun != digest(message.id)))


def _come(entry: Entry, message: Message, source: str, language: str) -> Entry:
    """The entry with how the fan came, where that is not known yet."""
    return entry if entry.channel else entry._replace(source=source, channel=message.channel, language=language)


def _source(message: Message, stored: Stored) -> str:
    """The campaign's source whose link the fan follows; empty for none, one made up, and a draft, which nobody can play yet."""
    source = message.source or unmarked(message.ref)[1]
    return source if source in stored.sources and stored.campaign.state != "draft" else ""
