"""Every route of `/openapi.json` is asked what the document allows and what it does not (https://schemathesis.readthedocs.io).

Whatever comes back must be in the document: no other status, type, header or body; what is allowed is taken, what is not is refused;
nothing needs no token that should; nothing is a 5xx. A route that is added to the catalogue is asked without a word here.
"""

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import GenerationConfig, SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance

from chalicelib.openapi.catalogue import ENTRIES
from chalicelib.openapi.document import build

NOT_AS_IT_IS_NOW = ["412", "422"]
"""Answers to what is well-formed and does not fit what is there: a request made up at random cannot know."""
MADE_UP = {"cursor", "If-Match"}
"""Parameters that only an answer of ours can give a value to: what is allowed is asked without them."""
KNOWS_MORE = {
    ("GET", "/slack/oauth"): "what Slack was given is needed",
    ("POST", "/campaigns"): "fields are compared with each other",
    ("PUT", "/campaigns/{campaign}"): "the same",
    ("PATCH", "/campaigns/{campaign}"): "the same",
    ("POST", "/campaigns/{campaign}/clone"): "the same",
    ("POST", "/orders"): "the customer and the products are looked up",
    ("GET", "/reports/{campaign}/{date}"): "a day is one of the calendar",
    ("GET", "/campaigns/{campaign}/stats"): "the same, and two days are compared",
}
"""Routes that may refuse with 400 what the schema allows, and why no schema can say it."""


def quick(document):
    """The same document, but for addresses: making some of all there are takes a minute, and schemathesis has another idea of `idn-email`.

    What is an address has tests of its own.
    """
    for schema in document["components"]["schemas"].values():
        email = schema.get("properties", {}).get("email", {})
        if "pattern" in email:
            email["pattern"] = "^[a-z]{1,9}@[a-z]{1,9}[.]org$"
            email.pop("format", None)
    return document


config = SchemathesisConfig()
config.projects.default.generation = GenerationConfig(with_security_parameters=False)  # each call has a token that may
config.projects.default.checks.positive_data_acceptance.expected_statuses += NOT_AS_IT_IS_NOW
document = schemathesis.openapi.from_dict(quick(build(ENTRIES, "http://127.0.0.1:1")), config=config)


@pytest.fixture(scope="module")
def run(start_local_run):
    """The whole application with data of its own, as this changes and deletes whatever it can."""
    return start_local_run()


@pytest.fixture(scope="module")
def session():
    with requests.Session() as session:
        yield session


def test_the_running_application_serves_the_document_that_is_asked_here(run):
    served = requests.get(f"{run.web}/openapi.json", timeout=10).json()
    assert served == build(ENTRIES, run.web)


@document.parametrize()
@settings(
    max_examples=10,  # beside one for each edge of each schema
    derandomize=True,  # a change must not fail by what nobody changed
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_in_the_document(case, run, session):
    excluded = [positive_data_acceptance] if (case.method, case.path) in KNOWS_MORE else []
    if case.meta and case.meta.generation.mode.is_positive:
        for name in MADE_UP:
            case.query.pop(name, None)
            case.headers.pop(name, None)
    ask(case, run, session, excluded_checks=excluded)


def test_an_answer_that_is_not_in_the_document_is_found(run, session):
    """Or else the test above would pass whatever is answered."""
    told = build(ENTRIES, "http://127.0.0.1:1")
    told["paths"]["/campaigns/{campaign}"]["get"]["responses"].pop("404")
    operation = schemathesis.openapi.from_dict(told)["/campaigns/{campaign}"]["GET"]
    with pytest.raises(FailureGroup, match="Undocumented status code"):
        ask(operation.Case(path_parameters={"campaign": "no-such"}), run, session)


def ask(case, run, session, **options):
    """Send a request with a token of a role that may, and look at what comes back."""
    allowed = case.operation.definition.raw["security"]
    headers = {"Authorization": f"Bearer local-{allowed[0]['bearer'][0]}-token"} if allowed else {}
    case.call_and_validate(base_url=run.web, session=session, headers=headers, timeout=20, **options)
