from collections.abc import Mapping
from typing import NamedTuple


class Settings(NamedTuple):
    """What the simulator is told by its environment; the defaults are the local stage's."""

    port: int = 8001
    app_url: str = "http://127.0.0.1:8000"
    app_secret: str = "local-messenger-app-secret"  # noqa: S105  the local stage's secrets are public by design
    verify_token: str = "local-verify-token"  # noqa: S105  the same
    page_token: str = "local-page-token"  # noqa: S105  the same
    page_id: str = "1000"
    slack_signing_secret: str = "local-slack-signing-secret"  # noqa: S105  the same
    slack_bot_token: str = "xoxb-local"  # noqa: S105  the same
    slack_client_id: str = "1000.2000"
    slack_client_secret: str = "local-slack-client-secret"  # noqa: S105  the same

    @property
    def webhook_url(self) -> str:
        return f"{self.app_url}/webhooks/messenger"


def read(environment: Mapping[str, str]) -> Settings:
    """The settings in an environment. A port that is no number ends the program with a sentence, not a traceback."""
    standard = Settings()
    port = environment.get("SIM_PORT", str(standard.port))
    if not port.isdecimal():
        raise SystemExit(f"SIM_PORT must be a port number, not {port!r}")
    return Settings(
        port=int(port),
        app_url=environment.get("APP_URL", standard.app_url).rstrip("/"),
        app_secret=environment.get("MESSENGER_APP_SECRET", standard.app_secret),
        verify_token=environment.get("MESSENGER_VERIFY_TOKEN", standard.verify_token),
        page_token=environment.get("MESSENGER_PAGE_TOKEN", standard.page_token),
        page_id=environment.get("MESSENGER_PAGE_ID", standard.page_id),
        slack_signing_secret=environment.get("SLACK_SIGNING_SECRET", standard.slack_signing_secret),
        slack_bot_token=environment.get("SLACK_BOT_TOKEN", standard.slack_bot_token),
        slack_client_id=environment.get("SLACK_CLIENT_ID", standard.slack_client_id),
        slack_client_secret=environment.get("SLACK_CLIENT_SECRET", standard.slack_client_secret),
    )
