"""What a person reads who has come back from Slack, where they were asked to install the app."""

from collections.abc import Mapping

from chalice.app import Response

from chalicelib.pages.language import preferred
from chalicelib.pages.page import PRIVATE, Pages

INSTALLED = "installed"
CANCELLED = "cancelled"
EXPIRED = "expired"
FAILED = "failed"

_STATUS = {INSTALLED: 200, CANCELLED: 200, EXPIRED: 400, FAILED: 502}
_WORDS = {
    "en": {
        INSTALLED: "Guestlist is in {team}",
        "installed_text": "Open it in Slack, or type /guestlist anywhere. What it writes to you, only you can see.",
        "installed_action": "Open in Slack",
        CANCELLED: "Nothing was installed",
        "cancelled_text": "You pressed Cancel. Nothing has changed in Slack, and we keep nothing.",
        EXPIRED: "Please begin again",
        "expired_text": "This took longer than ten minutes, was done already, or began in another browser.",
        FAILED: "That didn't work",
        "failed_text": "The app is not installed. Try again in a moment; if it goes on, tell whoever gave you this link.",
        "action": "Try again",
        "team": "your workspace",
    },
    "nl": {
        INSTALLED: "Guestlist staat in {team}",
        "installed_text": "Open het in Slack, of typ ergens /guestlist. Wat het je schrijft, kun alleen jij zien.",
        "installed_action": "Open in Slack",
        CANCELLED: "Niets geïnstalleerd",
        "cancelled_text": "Je koos Annuleren. Er is niets veranderd in Slack, en we bewaren niets.",
        EXPIRED: "Begin opnieuw",
        "expired_text": "Dit duurde langer dan tien minuten, was al klaar, of begon in een andere browser.",
        FAILED: "Dat lukte niet",
        "failed_text": "De app is niet geïnstalleerd. Probeer het zo weer; lukt het niet, zeg het wie je deze link gaf.",
        "action": "Probeer opnieuw",
        "team": "je workspace",
    },
}


def answer(pages: Pages, outcome: str, accepted: str, values: Mapping[str, str]) -> Response:
    """The page for an outcome, in a language that the browser accepts; of an installed app `values` has the `team`, and a `link` to it."""
    language = preferred(accepted, list(_WORDS))
    words = _WORDS[language]
    shown: dict[str, object] = {
        "title": words[outcome].format(team=values.get("team") or words["team"]),
        "text": words[f"{outcome}_text"],
        "link": values.get("link") or pages.url("/slack/install"),
        "action": words.get(f"{outcome}_action", words["action"]),
    }
    return pages.show("notice.html", language, shown, PRIVATE, _STATUS[outcome])
