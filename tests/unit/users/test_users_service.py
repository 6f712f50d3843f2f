"""Users whom several change at the same moment."""

import pytest

from chalicelib.errors import Conflict, PreconditionFailed, Unavailable
from chalicelib.idempotency import Act
from chalicelib.users.model import UserFields
from chalicelib.users.service import ATTEMPTS, Users
from chalicelib.users.store import UserStore
from tests.fakes.table import MemoryTable
from tests.world import World

CHAT = "messenger:1000:2000"
FIELDS = UserFields(email="anna@example.org", name="Anna", age=41, conversations=[CHAT])


class BusyStore(UserStore):
    """Somebody else, who gets older, is always faster, so many times."""

    times = 0

    def replace(self, old, new):
        self._somebody_else(old)
        return super().replace(old, new)

    def delete(self, user, at, instead):
        self._somebody_else(user)
        return super().delete(user, at, instead)

    def _somebody_else(self, user):
        if self.times:
            self.times -= 1
            super().replace(user, renamed(user, age=user.fields.age + 1))


def renamed(user, **fields):
    changed = {name: getattr(user.fields, name) for name in UserFields.__struct_fields__} | fields
    return user._replace(fields=UserFields(**changed), version=user.version + 1)


def to_anne(fields):
    return UserFields(email=fields.email, name="Anne", age=fields.age, conversations=fields.conversations)


@pytest.fixture
def world():
    return World()


@pytest.fixture
def table():
    return MemoryTable()


@pytest.fixture
def store(table):
    return BusyStore(table)


@pytest.fixture
def users(store, world):
    made = Users(store, world.inbox, world.clock)
    made.create(FIELDS, Act("shop", 0, "anna"))
    return made


def test_a_change_of_any_version_is_made_to_the_one_that_there_is_and_loses_no_other(users, store):
    store.times = ATTEMPTS - 1
    changed = users.change("anna", None, to_anne)
    assert (changed.fields.name, changed.fields.age) == ("Anne", 41 + ATTEMPTS - 1)
    assert users.get("anna") == changed


def test_a_change_that_others_never_let_through_says_so(users, store):
    store.times = ATTEMPTS
    with pytest.raises(Unavailable):
        users.change("anna", None, to_anne)
    assert users.get("anna").fields.name == "Anna"


@pytest.mark.parametrize("act", [lambda users: users.change("anna", 1, to_anne), lambda users: users.delete("anna", 1)])
def test_who_changes_a_version_is_told_when_another_was_faster_and_nothing_happens(users, store, world, act):
    store.times = 1
    with pytest.raises(PreconditionFailed):
        act(users)
    assert users.get("anna").fields.name == "Anna"
    assert world.inbound.messages == []


def test_a_deletion_of_any_version_goes_on_until_it_is_done(users, store, world):
    store.times = ATTEMPTS - 1
    users.delete("anna", None)
    assert len(world.inbound.messages) == 1


def test_a_deletion_that_others_never_let_through_says_so_and_deletes_no_chat(users, store, world):
    store.times = ATTEMPTS
    with pytest.raises(Unavailable):
        users.delete("anna", None)
    assert users.get("anna")
    assert world.inbound.messages == []


def test_an_act_whose_user_is_deleted_while_it_comes_again_makes_no_second_one(users):
    act = Act("shop", 0, "ben", "request#1")
    ben = UserFields(email="ben@example.org", name="Ben")
    assert users.create(ben, act) == users.create(ben, act)
    users.delete("ben", None)
    with pytest.raises(Conflict, match="deleted since"):
        users.create(ben, act)


def test_two_who_forget_a_person_at_once_disturb_each_other_not(users, table, world):
    class Twice(UserStore):
        def of(self, conversation):
            found = super().of(conversation)
            users.forget(conversation)
            return found

    Users(Twice(table), world.inbox, world.clock).forget(CHAT)
    assert len(world.inbound.messages) == 1
