"""What API Gateway refuses by itself, before any function runs, said as our own routes say it.

`make deploy` gives these to the real gateway, and the local runtime answers them itself. The types are Amazon's own:
https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

from typing import NamedTuple


class Refusal(NamedTuple):
    status: int
    detail: str


UNKNOWN_CALLER = Refusal(401, "Send Authorization: Bearer … with a token of this stage")
UNKNOWN_PATH = Refusal(404, "There is no such path")

REFUSALS = {
    "UNAUTHORIZED": UNKNOWN_CALLER,
    "MISSING_AUTHENTICATION_TOKEN": UNKNOWN_PATH,
    "ACCESS_DENIED": Refusal(403, "This is not for you"),
    "WAF_FILTERED": Refusal(403, "The firewall does not let this request through"),
    "REQUEST_TOO_LARGE": Refusal(413, "API Gateway takes no body of more than 10 MB"),
    "THROTTLED": Refusal(429, "Too many requests at once: try again in a moment"),
    "DEFAULT_4XX": Refusal(400, "API Gateway cannot read this request"),
    "DEFAULT_5XX": Refusal(503, "The function did not answer. Nothing that we answered 2xx before is lost."),
}
"""By the gateway's name for it."""
