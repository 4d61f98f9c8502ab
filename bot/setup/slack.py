"""Setting up Slack: the app's manifest, and the check of its token."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.platforms.slack import FORWARD
from bot.settings import Settings
from bot.setup import SetupError, Tell, by_hand, texts, webhook
from scoring.look import look

SECONDS = 10
COMMAND = "/banso"
# What can be typed after each command is hinted at where Slack lists them.
COMMANDS = ((COMMAND, "command", ""), (FORWARD, "forward", "forward_hint"))

# What the bot may do (docs/slack.md tells operators what for) …
SCOPES = (
    "app_mentions:read",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
)
# … and what it is told of.
EVENTS = ("app_mention", "member_joined_channel", "message.channels", "message.groups", "message.im")
# What Slack says of a token that is wrong, not given, taken back or of an account that is gone.
WRONG_TOKEN = ("invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive")


def set_up(settings: Settings, out: Path, tell: Tell) -> None:
    """Write the manifest and check the token where there is one. Raises SetupError."""
    url = webhook(settings, "slack")
    _write(out, manifest(url))
    tell(f"Manifest: {out}, with the webhook {url}")
    if missing := settings.missing("slack"):
        tell(f"Not set yet: {', '.join(missing)}. Slack gives them once the app is made of the manifest.")
    answer = _checked(settings) if settings.slack_bot_token.get_secret_value() else None
    if answer:
        tell(f"Slack takes the token: {answer['user']} in {answer['team']}.")
    values = {"team": answer and answer["url"], "missing": answer and lacking(answer.headers)}
    tell(by_hand("slack", out=out, name=texts()["slack"]["display_name"], **values))


def manifest(url: str) -> dict[str, Any]:
    """The app as Slack makes it of a manifest, with everything sent to `url`."""
    shown = texts()["slack"]
    return {
        "display_information": {
            "name": shown["name"],
            "description": shown["description"],
            "background_color": look().indigo,
        },
        "features": {
            "app_home": {
                "home_tab_enabled": False,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": shown["display_name"], "always_online": True},
            "slash_commands": [_command(shown, url, *command) for command in COMMANDS],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {"request_url": url, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, "request_url": url},
            "org_deploy_enabled": False,
            "socket_mode_enabled": False,
            "token_rotation_enabled": False,
        },
    }


def _command(shown: Mapping[str, str], url: str, name: str, description: str, hint: str) -> dict[str, Any]:
    hinted = {"usage_hint": shown[hint]} if hint else {}
    return {"command": name, "url": url, "description": shown[description]} | hinted


def _write(out: Path, content: dict[str, Any]) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise SetupError(f"{out} can't be written ({error.strerror}). Choose another file with --out.") from error


def _checked(settings: Settings) -> SlackResponse:
    """Who the token is to Slack."""
    quiet = logging.getLogger(f"{__name__}.library")  # else it writes lines beside the one that we end with
    quiet.disabled = True
    client = WebClient(
        settings.slack_bot_token.get_secret_value(),
        base_url=settings.slack_api_url,
        timeout=SECONDS,
        logger=quiet,
    )
    try:
        return client.auth_test()
    except SlackApiError as error:
        raise SetupError(_refused(error)) from error
    except (SlackClientError, OSError) as error:
        raise SetupError(
            f"Slack can't be reached at {settings.slack_api_url}. Look at the network, try again."
        ) from error


def _refused(error: SlackApiError) -> str:
    said = error.response.get("error") or ""
    if said in WRONG_TOKEN:
        return f"Slack does not take SLACK_BOT_TOKEN ({said}). Copy the Bot User OAuth Token (Install App) into .env."
    # What is no word of Slack's comes from something between, or from another server.
    reason = said if said.isidentifier() else f"status {error.response.status_code}"
    return f"Slack does not take the call ({reason}). Look at SLACK_API_URL, or try again later."


def lacking(headers: Mapping[str, str]) -> list[str]:
    """The scopes of the manifest that a token lacks, by the headers of Slack's answer; none where they don't say."""
    granted = {name.lower(): value for name, value in headers.items()}.get("x-oauth-scopes")
    return [] if granted is None else [scope for scope in SCOPES if scope not in granted.split(",")]
