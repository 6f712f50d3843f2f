"""A process may die between any two steps of making and of forgetting a user: one user is made, and nothing of a person stays.

As in tests/unit/test_crash_points.py, each job is run once for each of its steps, and dies there.
"""

import pytest

from chalicelib.dialogue.model import Message
from chalicelib.users.service import Users
from tests.unit.test_crash_points import Crash, Fuse, drain, the_deletion
from tests.user_site import UserSite, a_user
from tests.world import FAN, World

CHATS = [FAN, "messenger:1000:3000"]


def insistently(site, fuse, *request, **options):
    """Send a request until it is answered, each time to a process that remembers nothing; its answer, and the seconds that took."""
    began = site.world.clock.now
    while True:
        site.restart(wrapped=fuse.wrapped)
        try:
            answer = site.ask(*request, **options)
        except Crash:
            continue
        if "Retry-After" not in answer.headers:
            return answer, site.world.clock.now - began
        site.world.clock.now += int(answer.headers["Retry-After"])


# ─── making ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def made(crash_at=0):
    site, fuse = UserSite(), Fuse(crash_at)
    answer, seconds = insistently(site, fuse, "POST", body=a_user(conversations=CHATS), key="key-1")
    site.restart()
    return site, answer, seconds, fuse.steps


*_, MAKING = made()


@pytest.mark.parametrize("step", range(1, MAKING + 1))
def test_a_crash_at_any_step_makes_one_user_within_a_minute(step):
    site, answer, seconds, _ = made(step)
    assert answer.status == 201
    assert seconds < 60
    assert [user["userId"] for user in site.ask("GET").body["users"]] == [answer.body["userId"]]
    assert site.ask("POST", body=a_user(conversations=CHATS), key="key-1") == answer


@pytest.mark.parametrize("step", range(1, MAKING + 1))
def test_a_user_that_was_deleted_before_its_request_comes_again_stays_deleted(step):
    site, fuse = UserSite(), Fuse(step)
    site.restart(wrapped=fuse.wrapped)
    with pytest.raises(Crash):
        site.ask("POST", body=a_user(), key="key-1")
    site.restart()
    users = site.ask("GET").body["users"]
    for user in users:
        assert site.ask("DELETE", f"/users/{user['userId']}").status == 204
    answer, _ = insistently(site, Fuse(), "POST", body=a_user(), key="key-1")
    assert answer.status == (409 if users else 201)
    assert len(site.ask("GET").body["users"]) == (0 if users else 1)


# ─── forgetting, when the organiser says so ─────────────────────────────────────────────────────────────────────────


def talked(world=None):
    """A user who has begun to play in both of their chats, and the path of the user."""
    site = UserSite(world=world)
    made = site.ask("POST", body=a_user(conversations=CHATS), key="key-1")
    for chat in CHATS:
        site.world.scan(conversation=chat)
    assert list(site.world.conversations)
    return site, f"/users/{made.body['userId']}"


def left_of(site):
    """What still names the person, or their chats."""
    words = ("anna@", "Anna", *CHATS)
    items = [(table.get(*key)) for table in (site.table, site.world.conversations) for key in table]
    return [item for item in items if any(word in str(item) for word in words)]


def deleted(crash_at=0):
    site, path = talked()
    fuse = Fuse(crash_at)
    answer, _ = insistently(site, fuse, "DELETE", path)
    site.restart()
    drain(site.world, Fuse(), site.world.inbound, lambda world: world.bot.handle)
    return site, answer, fuse.steps


*_, DELETING = deleted()


@pytest.mark.parametrize("step", range(1, DELETING + 1))
def test_a_crash_at_any_step_of_a_deletion_leaves_nothing_once_it_is_answered(step):
    site, answer, _ = deleted(step)
    assert answer.status in (204, 404), "404 when only the answer was lost"
    assert left_of(site) == []


def test_a_message_that_is_being_handled_is_deleted_with_the_rest():
    site, path = talked()
    campaign = site.world.campaign
    payload = f"answer:{campaign.campaign_id}:1:{campaign.questions[0].id}:{campaign.questions[0].answer}"
    site.world.inbox.accept([site.world.message("choice", conversation=FAN, payload=payload)])
    assert site.ask("DELETE", path).status == 204
    drain(site.world, Fuse(), site.world.inbound, lambda world: world.bot.handle)
    assert left_of(site) == []


# ─── forgetting, when the person says so ────────────────────────────────────────────────────────────────────────────


def the_callback(world):
    """The platform passes the wish on."""
    return [Message(FAN, "code", int(world.clock.now * 1000), kind="deletion")]


def is_written_anew(item):
    """Whether this is a turn of a fan whom we did not know any more, when their "yes" came again."""
    return "state" in item and item["state"].keys() <= {"language", "last_at"}


class ForgetfulUsers(Users):
    def forget(self, conversation):
        """Does not know whose it is."""


def forgotten(messages, crash_at=0, users=Users):
    """What is left of a person after these messages to the bot, and the number of its steps."""
    site, _ = talked(World(users=users))
    world, fuse = site.world, Fuse(crash_at)
    for message in messages(world):
        world.inbox.accept([message])
    world.restart(wrapped=fuse.wrapped)
    drain(world, fuse, world.inbound, lambda world: world.bot.handle)
    return left_of(site), fuse.steps


@pytest.mark.parametrize("messages", [the_deletion, the_callback])
def test_who_asks_to_be_forgotten_is_whatever_crashes_as_a_user_and_in_every_chat(messages):
    _, steps = forgotten(messages)
    for step in range(steps + 1):
        left, _ = forgotten(messages, step)
        assert all(is_written_anew(item) for item in left), step


def test_who_asks_in_the_web_chat_is_forgotten_everywhere_too():
    web = f"web:birthday-bash:{'s' * 22}"
    site, path = talked()
    assert site.ask("PATCH", path, {"conversations": [*CHATS, web]}).status == 200
    for words in ("hello", "delete my data", "yes"):
        site.world.say(words, conversation=web, campaign="birthday-bash")
    drain(site.world, Fuse(), site.world.inbound, lambda world: world.bot.handle)
    assert site.ask("GET", path).status == 404
    assert left_of(site) == []


@pytest.mark.parametrize("messages", [the_deletion, the_callback])
def test_without_knowing_whose_chat_it_is_the_user_stays(messages):
    """The negative control."""
    assert forgotten(messages, users=ForgetfulUsers)[0]
