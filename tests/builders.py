"""Valid values by default: a test names only what it is about."""

import json
from typing import Any

from msgspec.structs import replace

from chalicelib.campaigns import validation
from chalicelib.campaigns.model import Campaign

_CAMPAIGN = """{
  "campaignId": "birthday-bash",
  "name": "Birthday Bash",
  "state": "live",
  "mode": "instant",
  "stock": 25,
  "ref": "bash",
  "languages": ["en", "nl"],
  "timezone": "Europe/Amsterdam",
  "passMark": 3,
  "attempts": 3,
  "prize": {"en": "One free ticket", "nl": "Eén gratis kaartje"},
  "questions": [
    {
      "id": "first-set",
      "kind": "choice",
      "text": {"en": "Where was the first set?", "nl": "Waar was de eerste set?"},
      "choices": [
        {"id": "kitchen", "text": {"en": "In the kitchen", "nl": "In de keuken"}},
        {"id": "boat", "text": {"en": "On a boat", "nl": "Op een boot"}},
        {"id": "gym", "text": {"en": "In the gym", "nl": "In de gymzaal"}}
      ],
      "answer": "boat"
    },
    {
      "id": "style",
      "kind": "choice",
      "text": {"en": "What will be played?", "nl": "Wat wordt er gedraaid?"},
      "choices": [
        {"id": "house", "text": {"en": "House", "nl": "House"}},
        {"id": "waltz", "text": {"en": "A waltz", "nl": "Een wals"}}
      ],
      "answer": "house",
      "hint": {"en": "You may live in one.", "nl": "Je kunt er in wonen."}
    },
    {
      "id": "dessert",
      "kind": "text",
      "text": {"en": "What is for dessert?", "nl": "Wat is het toetje?"},
      "accept": {"en": ["crème brûlée", "burnt cream"], "nl": ["crème brûlée", "gebrande room"]}
    }
  ]
}"""


def a_campaign_document(**changes: Any) -> dict[str, Any]:
    """A campaign as JSON (camelCase); a change to `None` leaves the field out."""
    document = {**json.loads(_CAMPAIGN), **changes}
    return {name: value for name, value in document.items() if value is not None}


def a_campaign(**changes: Any) -> Campaign:
    """A campaign that can be played now, with these fields (snake_case) changed: `a_campaign(stock=1)`."""
    return replace(validation.decode(_CAMPAIGN), **changes)


SCHEDULED = dict.fromkeys(("version", "account", "region", "detail-type", "source", "time", "id"), "") | {
    "detail": {},
    "resources": [],
}
"""What Chalice reads of a schedule's event."""
