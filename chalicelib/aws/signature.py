"""AWS Signature Version 4 (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).

Only what `client` sends: POST without a query, to a path of plain characters. A test compares it with botocore's own signer
on generated requests.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import NamedTuple


class Credentials(NamedTuple):
    """Of the function's role: Lambda puts them into the environment, and replaces the container before they expire."""

    access_key: str
    secret_key: str
    session_token: str = ""


class Signer(NamedTuple):
    service: str
    region: str
    credentials: Credentials

    def sign(self, headers: Mapping[str, str], body: bytes, now: str, path: str = "/") -> dict[str, str]:
        """The headers to send: `headers` (with Host) and the ones that prove who calls. `now` is like `20261122T143800Z`."""
        lower = {name.lower(): " ".join(value.split()) for name, value in headers.items()} | {"x-amz-date": now}
        if self.credentials.session_token:
            lower["x-amz-security-token"] = self.credentials.session_token
        names = ";".join(sorted(lower))
        lines = [f"{name}:{lower[name]}" for name in sorted(lower)]
        canonical = "\n".join(("POST", path, "", *lines, "", names, hashlib.sha256(body).hexdigest()))
        scope = f"{now[:8]}/{self.region}/{self.service}/aws4_request"
        to_sign = "\n".join(("AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()))
        key = f"AWS4{self.credentials.secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        proof = hmac.digest(key, to_sign.encode(), "sha256").hex()
        who = f"{self.credentials.access_key}/{scope}"
        return lower | {"authorization": f"AWS4-HMAC-SHA256 Credential={who}, SignedHeaders={names}, Signature={proof}"}
