"""Users: what must never be is a condition of a write."""

import uuid

import pytest

from chalicelib.errors import Conflict
from chalicelib.idempotency import Act
from chalicelib.users.model import User, UserFields
from chalicelib.users.store import Leaving, MadeBefore, UserStore

AT = 1_796_000_000_000
GONE = Conflict("Deleted")


@pytest.fixture
def store(table):
    return UserStore(table)


@pytest.fixture
def name():
    """Part of whatever this test makes: the emulator's table has other tests' things, too."""
    return uuid.uuid4().hex[:20]


def a_user(user_id, **fields):
    return User(user_id, UserFields(**{"email": f"{user_id}@example.org", "name": "Anna", **fields}), AT, AT)


def an_act(name, record=""):
    return Act("shop", AT, name, record)


def chats(name, count=2):
    return [f"web:{name}:{number:022}" for number in range(count)]


def test_a_user_is_kept_as_it_was_made(store, name):
    user = a_user(name, age=41, conversations=chats(name))
    store.create(user, an_act(name))
    assert store.get(name) == user
    assert store.get("unknown") is None
    assert [store.of(chat) for chat in chats(name)] == [[name], [name]]


def test_two_users_cannot_have_one_address(store, name):
    store.create(a_user(name), an_act(name))
    for other in (f"{name}2", f"{name}3"):
        with pytest.raises(Conflict):
            store.create(a_user(other, email=f"{name.upper()}@Example.org", conversations=chats(name)), an_act(other))
        assert store.get(other) is None
    assert store.of(chats(name)[0]) == []


def test_an_act_that_is_done_again_is_found_to_be_done_even_when_its_user_is_gone(store, name):
    act = an_act(name, f"request#{name}")
    store.create(a_user(name), act)
    with pytest.raises(MadeBefore):
        store.create(a_user(name), act)
    assert store.delete(store.get(name), AT, GONE)
    with pytest.raises(MadeBefore):
        store.create(a_user(name), act)
    assert store.get(name) is None


def test_a_change_is_of_one_version(store, name):
    old = a_user(name, conversations=chats(name))
    store.create(old, an_act(name))
    fields = UserFields(email=f"new-{name}@example.org", name="Anne", age=None, conversations=chats(name, 3)[1:])
    new = old._replace(fields=fields, updated_at=AT + 1, version=2)
    assert store.replace(old, new)
    assert store.get(name) == new
    assert [store.of(chat) for chat in chats(name, 3)] == [[], [name], [name]]
    assert not store.replace(old, new._replace(fields=old.fields))
    assert not store.delete(old, AT, GONE)
    assert store.get(name) == new
    store.create(a_user(f"{name}2"), an_act(f"{name}2"))


def test_a_change_to_anothers_address_changes_nothing(store, name):
    for one in (name, f"{name}2"):
        store.create(a_user(one), an_act(one))
    old = store.get(name)
    with pytest.raises(Conflict):
        store.replace(old, old._replace(fields=a_user(f"{name}2", name="Anne").fields, version=2))
    assert store.get(name) == old


def test_who_is_deleted_leaves_until_the_bot_knows(store, name):
    user = a_user(name, conversations=chats(name))
    store.create(user, an_act(name))
    assert store.delete(user, AT + 5, GONE)
    assert store.get(name) is None
    assert store.leaving(name) == Leaving(name, AT + 5, tuple(chats(name)))
    assert store.of(chats(name)[0]) == [name]
    for _ in range(2):
        store.left(Leaving(name, AT + 5, tuple(chats(name))))
    assert store.leaving(name) is None
    assert store.of(chats(name)[0]) == []
    store.create(a_user(name), an_act(name))


def test_pages_are_of_users_alone(store, name):
    made = [f"{name}{number}" for number in range(5)]
    for one in made:
        store.create(a_user(one, conversations=chats(one)), an_act(one, f"request#{one}"))
    found, after = [], name
    while after:
        users, after = store.page(after, 2)
        found += [user.user_id for user in users]
    assert [user_id for user_id in found if user_id.startswith(name)] == made
