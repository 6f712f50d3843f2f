"""The daily report as a page of the local run, without a mail being sent: `/report?campaign=…&date=…&language=…`.

It is no route of the application: nobody asks for a token here, so it is for this machine only.
"""

from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

from jinja2 import Environment

from chalicelib import clock, wiring
from chalicelib.campaigns.validation import LANGUAGES
from chalicelib.errors import NotFound
from chalicelib.reports import days
from ops.report import previewed

PATH = "/report"

_PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<title>{{ mail.subject }}</title>
<style>
  body { margin: 0; display: flex; flex-direction: column; height: 100vh; font: 14px system-ui, sans-serif }
  form { padding: 10px 14px; display: flex; gap: 10px; flex-wrap: wrap; align-items: center; border-bottom: 1px solid #8886 }
  iframe { flex: 1; border: 0 }
</style>
<form onchange="this.submit()">
  <select name="campaign">{% for id in campaigns %}<option{{ " selected" if id == campaign }}>{{ id }}</option>{% endfor %}</select>
  <input type="date" name="date" value="{{ day }}">
  <select name="language">
    {% for known in languages %}<option{{ " selected" if known == language }}>{{ known }}</option>{% endfor %}
  </select>
  <b>{{ mail.subject }}</b>
</form>
<iframe title="The mail" sandbox srcdoc="{{ mail.html }}"></iframe>
""")


def page(query: Mapping[str, str]) -> tuple[int, str]:
    """The status and the HTML; of today, unless the query says otherwise."""
    campaigns = wiring.campaigns().ids()
    campaign_id = query.get("campaign") or next(iter(campaigns), "")
    try:
        campaign = wiring.campaigns().get(campaign_id)
        language = query.get("language") or campaign.languages[0]
        today = days.current(clock.system(), ZoneInfo(campaign.timezone))
        day = date.fromisoformat(query.get("date") or today.isoformat())
        mail = previewed(campaign, day, language)
    except (NotFound, ValueError) as error:
        return 404, _PAGE.render(
            mail={"subject": "No report", "html": str(error)}, campaigns=campaigns, languages=LANGUAGES
        )
    values = {"mail": mail, "campaign": campaign_id, "day": day, "language": language}
    return 200, _PAGE.render(values, campaigns=campaigns, languages=LANGUAGES)
