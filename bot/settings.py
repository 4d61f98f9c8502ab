"""The settings: the environment or .env, with a default for each, so that nothing need be set to try Banso."""

import re
import secrets
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

VAR = Path("var")
SECRET_FILE = VAR / "secret_key"
SHORTEST_SECRET = 32


def _database_url(url: str) -> str:
    try:
        backend = make_url(url).get_backend_name()
    except ArgumentError as error:
        raise ValueError("is no database address; write sqlite:///var/banso.db or postgresql://…") from error
    if backend not in ("sqlite", "postgresql"):
        raise ValueError(f"names {backend}; Banso keeps its data in sqlite or postgresql")
    return url


def _web_url(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return url.rstrip("/")


def _secret(secret: SecretStr) -> SecretStr:
    if 0 < len(secret.get_secret_value()) < SHORTEST_SECRET:
        raise ValueError(f"must have {SHORTEST_SECRET} characters or more")
    return secret


def _telegram_token(token: SecretStr) -> SecretStr:
    if token.get_secret_value() and not re.fullmatch(r"\d+:[\w-]+", token.get_secret_value()):
        raise ValueError("is no token as BotFather gives it: digits, a colon, letters")
    return token


def _telegram_secret(secret: SecretStr) -> SecretStr:
    if secret.get_secret_value() and not re.fullmatch(r"[\w-]{1,256}", secret.get_secret_value(), re.ASCII):
        raise ValueError("may have up to 256 letters, digits, _ and - only")
    return secret


ApiUrl = Annotated[str, AfterValidator(_web_url)]

# The settings that each platform needs.
PLATFORMS = {
    "line": ("line_channel_secret", "line_channel_access_token"),
    "telegram": ("telegram_bot_token", "telegram_webhook_secret"),
    "slack": ("slack_bot_token", "slack_signing_secret"),
}


class Settings(BaseSettings):
    """All settings (see .env.example for what each is for)."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore")

    database_url: Annotated[str, AfterValidator(_database_url)] = f"sqlite:///{VAR}/banso.db"
    public_url: Annotated[str, AfterValidator(_web_url)] = "http://127.0.0.1:8000"
    secret_key: Annotated[SecretStr, AfterValidator(_secret)] = SecretStr("")

    line_channel_secret: SecretStr = SecretStr("")
    line_channel_access_token: SecretStr = SecretStr("")
    line_api_url: ApiUrl = "https://api.line.me"

    telegram_bot_token: Annotated[SecretStr, AfterValidator(_telegram_token)] = SecretStr("")
    telegram_webhook_secret: Annotated[SecretStr, AfterValidator(_telegram_secret)] = SecretStr("")
    telegram_api_url: ApiUrl = "https://api.telegram.org"

    slack_bot_token: SecretStr = SecretStr("")
    slack_signing_secret: SecretStr = SecretStr("")
    slack_api_url: ApiUrl = "https://slack.com/api"

    def missing(self, platform: str) -> list[str]:
        """The settings without which this platform is off, by the names that stand in the environment."""
        return [name.upper() for name in PLATFORMS[platform] if not getattr(self, name).get_secret_value()]

    def secret(self) -> str:
        """The secret that signs cookies and links; where none is set, one made at first start and kept under var/."""
        if self.secret_key.get_secret_value():
            return self.secret_key.get_secret_value()
        if not SECRET_FILE.exists():
            SECRET_FILE.parent.mkdir(parents=True, exist_ok=True)
            SECRET_FILE.touch(mode=0o600)
            SECRET_FILE.write_text(secrets.token_urlsafe(SHORTEST_SECRET), encoding="ascii")
        return SECRET_FILE.read_text(encoding="ascii").strip()
