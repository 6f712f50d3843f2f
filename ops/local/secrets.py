"""The local stage's secrets: known to all, so that anybody can sign a webhook or call the API of their own copy."""

import json
from typing import Any

from botocore.client import BaseClient

from chalicelib.tickets import signing

VALUES = {
    "messenger": {
        "app_secret": "local-messenger-app-secret",
        "verify_token": "local-verify-token",
        "page_token": "local-page-token",
        "page_id": "1000",
    },
    "slack": {
        "signing_secret": "local-slack-signing-secret",
        "bot_token": "xoxb-local",
        "client_id": "1000.2000",
        "client_secret": "local-slack-client-secret",
        "token_keys": "local-slack-token-key-local-slack-token-key",
    },
    "stripe": {"secret_key": "local-stripe-secret-key", "webhook_secret": "local-stripe-webhook-secret"},
    "warehouse": {"signing_secret": "local-warehouse-secret"},
    "mail": {"unsubscribe_key": "local-unsubscribe-key"},
    "api": {
        "organiser": "local-organiser-token",
        "steward": "local-steward-token",
        "service": "local-service-token",
    },
}


def put(secretsmanager: BaseClient, stage: str) -> None:
    """Give each of the stage's secrets its value, unless it has one: tickets must stay valid over a restart."""
    for name in (*VALUES, "tickets"):
        secret_id = f"guestlist/{stage}/{name}"
        if not _has_value(secretsmanager, secret_id):
            value = VALUES.get(name) or new_ticket_keys()
            secretsmanager.put_secret_value(SecretId=secret_id, SecretString=json.dumps(value))


def new_ticket_keys() -> dict[str, Any]:
    """One new key that signs."""
    return {"keys": [signing.new_key("K1")]}


def _has_value(secretsmanager: BaseClient, secret_id: str) -> bool:
    try:
        return bool(secretsmanager.get_secret_value(SecretId=secret_id)["SecretString"])
    except secretsmanager.exceptions.ResourceNotFoundException:
        return False
