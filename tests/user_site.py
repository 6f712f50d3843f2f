"""The routes of users over tables and a queue in memory, called as API Gateway calls them."""

import json
from typing import NamedTuple

from chalicelib import http
from chalicelib.idempotency import Idempotency
from chalicelib.users.api import UsersApi
from chalicelib.users.service import Users
from chalicelib.users.store import UserStore
from tests.fakes.web import Application
from tests.world import World

ROLES = (http.ORGANISER, http.SERVICE)
TYPES = [http.JSON, http.MERGE_PATCH]


class Answer(NamedTuple):
    status: int
    headers: dict
    body: dict

    @property
    def etag(self):
        return self.headers["ETag"]


class UserSite:
    """`ask` it; look at `table` and `world` (whose inbox gets the deletions)."""

    def __init__(self, table=None, *, world=None, store=UserStore):
        self.world = world or World()
        self.table = self.world.accounts if table is None else table
        self.store = store
        self.restart()

    def restart(self, *, wrapped=lambda store: store):
        """A new process: nothing in memory survives."""
        table, clock = wrapped(self.table), self.world.clock
        self.users = Users(self.store(table), wrapped(self.world.inbox), clock)
        self.api = UsersApi(self.users, Idempotency(table, clock), "https://guestlist.example")
        self.app = _application(self.api)

    def ask(self, method, path="/users", body=None, *, key=None, tag=None, query=None, raw=None, by="shop", **headers):
        """Send a request, as the service with this name."""
        _, _, user = path.removeprefix("/").partition("/")
        named = {"Idempotency-Key": key, "If-Match": tag} | headers
        event = {
            "multiValueQueryStringParameters": query and {name: [value] for name, value in query.items()},
            "headers": {name: value for name, value in named.items() if value is not None},
            "pathParameters": {"user": user} if user else None,
            "requestContext": {
                "httpMethod": method,
                "resourcePath": "/users/{user}" if user else "/users",
                "authorizer": {"name": by, "role": "service", "campaigns": ""},
            },
            "body": json.dumps(body) if raw is None else raw,
            "stageVariables": None,
        }
        answer = self.app(event, None)
        return Answer(answer["statusCode"], answer["headers"], json.loads(answer["body"] or "null"))

    def post(self, **fields):
        """Make a user, with these fields changed."""
        return self.ask("POST", body=a_user(**fields))


def a_user(**changes):
    """A user as JSON; a change to `None` leaves the field out."""
    fields = {"email": "anna@example.org", "name": "Anna", "age": 41} | changes
    return {name: value for name, value in fields.items() if value is not None}


def _application(api):
    app = Application("guestlist")
    app.api.binary_types = ["*/*"]

    def route(method, path, view, **options):
        app.route(path, who=ROLES, methods=[method], name=f"{method} {path}", **options)(view)

    route("POST", "/users", lambda: api.create(app.current_request))
    route("GET", "/users", lambda: api.page(app.current_request))
    route("GET", "/users/{user}", lambda user: api.show(user, app.current_request))
    route("PUT", "/users/{user}", lambda user: api.replace(user, app.current_request))
    route("PATCH", "/users/{user}", lambda user: api.patch(user, app.current_request), content_types=TYPES)
    route("DELETE", "/users/{user}", lambda user: api.delete(user, app.current_request))
    return app
