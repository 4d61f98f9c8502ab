"""The settings: the environment or .env, with a default for each, so that nothing need be set to try Banso."""

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


def _public_url(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return url.rstrip("/")


def _secret(secret: SecretStr) -> SecretStr:
    if 0 < len(secret.get_secret_value()) < SHORTEST_SECRET:
        raise ValueError(f"must have {SHORTEST_SECRET} characters or more")
    return secret


class Settings(BaseSettings):
    """All settings (see .env.example for what each is for)."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore")

    database_url: Annotated[str, AfterValidator(_database_url)] = f"sqlite:///{VAR}/banso.db"
    public_url: Annotated[str, AfterValidator(_public_url)] = "http://127.0.0.1:8000"
    secret_key: Annotated[SecretStr, AfterValidator(_secret)] = SecretStr("")

    def secret(self) -> str:
        """The secret that signs cookies and links; where none is set, one made at first start and kept under var/."""
        if self.secret_key.get_secret_value():
            return self.secret_key.get_secret_value()
        if not SECRET_FILE.exists():
            SECRET_FILE.parent.mkdir(parents=True, exist_ok=True)
            SECRET_FILE.touch(mode=0o600)
            SECRET_FILE.write_text(secrets.token_urlsafe(SHORTEST_SECRET), encoding="ascii")
        return SECRET_FILE.read_text(encoding="ascii").strip()
