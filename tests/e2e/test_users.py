"""A user of the organiser's own systems, from the request that makes them to the chat that is deleted with them."""

import uuid

import requests

from tests.local_runtime import wait_until

TOKEN = {"Authorization": "Bearer local-service-token"}


def test_a_user_is_made_once_changed_by_version_and_forgotten_with_their_chat(local_run):
    chat = f"{local_run.web}/chat/birthday-bash/messages"
    said = requests.post(chat, json={"messageId": "m_1", "text": "hello"}, timeout=10).json()
    talk = {"session": said["session"]}
    assert requests.get(chat, params=talk, timeout=10).json()["messages"]

    new = {
        "email": f"{uuid.uuid4()}@example.org",
        "name": "Anna",
        "conversations": [f"web:birthday-bash:{said['session']}"],
    }
    headers = TOKEN | {"Idempotency-Key": str(uuid.uuid4())}
    first, again = (requests.post(f"{local_run.web}/users", json=new, headers=headers, timeout=10) for _ in range(2))
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert first.status_code == 201

    user, tag = first.headers["Location"], {"If-Match": first.headers["ETag"]}
    answers = [requests.patch(user, json={"name": "Anne"}, headers=TOKEN | tag, timeout=10) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 412]

    gone = requests.delete(user, headers=TOKEN, timeout=10)
    assert (gone.status_code, gone.content) == (204, b"")
    assert requests.get(user, headers=TOKEN, timeout=10).status_code == 404
    wait_until(lambda: not requests.get(chat, params=talk, timeout=10).json()["messages"])
