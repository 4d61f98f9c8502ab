"""The settings: the environment or .env, with a default for each, so that nothing need be set to try Banso."""

import os
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from email import policy
from email.errors import HeaderParseError
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from scheduler import desk
from storage import sealing
from storage.retention import Limits

VAR = Path("var")
SECRET_FILE = VAR / "secret_key"
KEY_FILE = VAR / "data_key"
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


def _keys(keys: SecretStr) -> SecretStr:
    if any(not re.fullmatch(r"[\w-]{43}=", key) for key in keys.get_secret_value().replace(",", " ").split()):
        raise ValueError("must be keys as `banso keys new` makes them, with a comma between them")
    return keys


def _mailbox(text: str) -> str:
    if text:
        try:
            found = policy.default.header_factory("from", text)
            defects, mailboxes = found.defects, found.addresses
        except (IndexError, ValueError, HeaderParseError):
            defects, mailboxes = ("unreadable",), ()
        if defects or len(mailboxes) != 1 or not mailboxes[0].domain:
            raise ValueError("must be one mail address, such as banso@example.jp or 伴走 <banso@example.jp>")
    return text


def _channel(id: str) -> str:
    if id and not re.fullmatch(r"[CG][A-Z0-9]{2,30}", id):
        raise ValueError("must be a channel's id, such as C0123456789; it stands at the end of the channel's details")
    return id


def _hours(text: str) -> str:
    desk.hours(text)
    return text


Mailbox = Annotated[str, AfterValidator(_mailbox)]
Months = Annotated[int, Field(ge=1)]
ApiUrl = Annotated[str, AfterValidator(_web_url)]
OptionalUrl = Annotated[str, AfterValidator(lambda url: url and _web_url(url))]

# The settings that each platform on which people talk with the bot needs.
PLATFORMS = {
    "line": ("line_channel_secret", "line_channel_access_token"),
    "telegram": ("telegram_bot_token", "telegram_webhook_secret"),
    "slack": ("slack_bot_token", "slack_signing_secret"),
}
# The channels that messages are pushed to, with what each needs; others fetch theirs. Nobody can write by mail.
PUSHED = PLATFORMS | {"mail": ("smtp_host", "mail_from")}


class Settings(BaseSettings):
    """All settings (see .env.example for what each is for)."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore")

    database_url: Annotated[str, AfterValidator(_database_url)] = f"sqlite:///{VAR}/banso.db"
    public_url: Annotated[str, AfterValidator(_web_url)] = "http://127.0.0.1:8000"
    secret_key: Annotated[SecretStr, AfterValidator(_secret)] = SecretStr("")
    data_keys: Annotated[SecretStr, AfterValidator(_keys)] = SecretStr("")

    line_channel_secret: SecretStr = SecretStr("")
    line_channel_access_token: SecretStr = SecretStr("")
    line_api_url: ApiUrl = "https://api.line.me"
    line_requests_per_second: Annotated[int, Field(ge=0, le=2000)] = 0

    telegram_bot_token: Annotated[SecretStr, AfterValidator(_telegram_token)] = SecretStr("")
    telegram_webhook_secret: Annotated[SecretStr, AfterValidator(_telegram_secret)] = SecretStr("")
    telegram_api_url: ApiUrl = "https://api.telegram.org"

    slack_bot_token: SecretStr = SecretStr("")
    slack_signing_secret: SecretStr = SecretStr("")
    slack_api_url: ApiUrl = "https://slack.com/api"
    slack_desk_channel: Annotated[str, AfterValidator(_channel)] = ""
    desk_hours: Annotated[str, AfterValidator(_hours)] = desk.HOURS
    desk_name: str = "相談窓口"

    smtp_host: str = ""
    smtp_port: Annotated[int, Field(ge=0, le=65535)] = 0
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    mail_from: Mailbox = ""
    mail_reply_to: Mailbox = ""

    expert_answer_hours: Annotated[float, Field(gt=0)] = 4
    consultations_per_owner: Annotated[int, Field(ge=0)] = 0
    oidc_issuer: OptionalUrl = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_name: str = "組織のアカウント"
    desk_passwords: bool = True

    retention_owners_months: Months = 36
    retention_messages_months: Months = 24
    retention_questions_months: Months = 24
    retention_events_months: Months = 3
    retention_invitations_months: Months = 12
    retention_notes_months: Months = 12

    outreach_per_week: Annotated[int, Field(ge=1)] = 1
    campaign_approval: bool = False
    demo: bool = False
    calendars_from_private_networks: bool = False

    @model_validator(mode="after")
    def _enterable(self) -> "Settings":
        if not self.desk_passwords and not self.oidc:
            raise ValueError("DESK_PASSWORDS=false wants OIDC_ISSUER and OIDC_CLIENT_ID, or nobody could sign in")
        return self

    @property
    def oidc(self) -> bool:
        """Whether members sign in at an identity provider."""
        return bool(self.oidc_issuer and self.oidc_client_id)

    def missing(self, platform: str) -> list[str]:
        """The settings without which this platform is off, by the names that stand in the environment."""
        return [name.upper() for name in PUSHED[platform] if not getattr(self, name)]

    def secret(self) -> str:
        """The secret that signs cookies and links; where none is set, one made at first start and kept under var/."""
        return self.secret_key.get_secret_value() or _kept(SECRET_FILE, partial(secrets.token_urlsafe, SHORTEST_SECRET))

    def retention(self) -> Limits:
        """For how long things are kept."""
        return Limits(**{name: getattr(self, f"retention_{name}_months") for name in Limits.__dataclass_fields__})

    def keys(self) -> list[str]:
        """The keys that seal personal data, the newest first; where none is set, one made and kept as the secret is."""
        given = self.data_keys.get_secret_value().replace(",", " ").split()
        return given or [_kept(KEY_FILE, sealing.new_key)]


def _kept(file: Path, make: Callable[[], str]) -> str:
    """What stands in a file that only we can read, made where there is none."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        # Whole and on the disk before it has its name, and never in place of another process's: what was sealed with a
        # key that is gone can't be read again.
        new = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
        new.touch(mode=0o600)
        with new.open("w", encoding="ascii") as made:
            made.write(make())
            made.flush()
            os.fsync(made.fileno())
        with suppress(FileExistsError):
            os.link(new, file)
        new.unlink()
    return file.read_text(encoding="ascii").strip()
