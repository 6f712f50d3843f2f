"""Where a list's mails are stopped, by a link in each of them: https://www.rfc-editor.org/rfc/rfc8058 .

Opening the link changes nothing, as scanners open every link of a mail. Mail programs post to it when their own button is pressed; people
see a page with a button that does the same, and then one for the way back.
"""

from urllib.parse import parse_qs

from chalice.app import Request, Response

from chalicelib.errors import NotFound
from chalicelib.http import FORM, raw_body
from chalicelib.mailing.model import Subscription
from chalicelib.mailing.service import Mailing
from chalicelib.pages.language import preferred
from chalicelib.pages.page import PRIVATE, Pages
from chalicelib.pages.texts import PAGES


class UnsubscribePage:
    def __init__(self, pages: Pages, mailing: Mailing) -> None:
        self._pages = pages
        self._mailing = mailing

    def show(self, token: str, request: Request) -> Response:
        """`GET /unsubscribe/{token}`: what there is to press."""
        try:
            subscription = self._mailing.subscription(token)
        except NotFound:
            return self._pages.missing(_language(request), "unsubscribe")
        return self._page(subscription, request)

    def change(self, token: str, request: Request) -> Response:
        """`POST /unsubscribe/{token}`: unsubscribe, whatever the form says but `subscribe=again`. Again is fine."""
        try:
            subscription = self._mailing.subscription(token)
        except NotFound:
            return self._pages.missing(_language(request), "unsubscribe")
        if _wants_back(request):
            self._mailing.subscribe(subscription)
        else:
            self._mailing.unsubscribe(subscription)
        return self._page(subscription, request)

    def _page(self, subscription: Subscription, request: Request) -> Response:
        step = "subscribed" if self._mailing.is_subscribed(subscription) else "unsubscribed"
        values: dict[str, object] = {"step": step, "list": subscription.list}
        return self._pages.show("unsubscribe.html", _language(request), values, PRIVATE)


def _language(request: Request) -> str:
    return preferred(request.headers.get("accept-language", ""), list(PAGES))


def _wants_back(request: Request) -> bool:
    if not request.headers.get("content-type", "").startswith(FORM):
        return False  # a mail program's multipart form
    return parse_qs(raw_body(request).decode("utf-8", "replace")).get("subscribe") == ["again"]
