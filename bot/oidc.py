"""Signing in at an identity provider (OpenID Connect): the code flow with PKCE, state and nonce."""

import hmac
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from itsdangerous import BadSignature, URLSafeTimedSerializer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from bot.settings import Settings

# From leaving for the provider to being back.
AWAY_SECONDS = 600
TIMEOUT_SECONDS = 5.0
# Signatures with a key that the provider alone has.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
# Clocks may differ by so many seconds.
LEEWAY = 60


class Refused(Exception):
    """What the provider, or who pretends to come from it, says proves nothing. The text names no person."""


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody who was sent to the provider, and what proves that it is they who come back; `to` is where then."""

    state: str
    nonce: str
    verifier: str
    to: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is to the provider: `subject` stands for its address and their id, `mail` is "" unless verified."""

    subject: str
    mail: str


class Provider:
    """The identity provider of the settings."""

    def __init__(self, settings: Settings, secret: str, transport: httpx2.BaseTransport | None = None) -> None:
        self.name = settings.oidc_name
        self.issuer = settings.oidc_issuer
        self._back = f"{settings.public_url}/desk/sign-in/back"
        self._id, self._secret = settings.oidc_client_id, settings.oidc_client_secret.get_secret_value()
        self._transport = transport
        self._sealer = URLSafeTimedSerializer(secret, salt="desk-away")
        self._facts: dict[str, Any] = {}

    def leave(self, to: str) -> tuple[str, str]:
        """The provider's address to send a browser to, and what it is to keep meanwhile; Refused where it is away."""
        away = Away(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), to)
        with self._client() as client:
            try:
                where = self._discover(client)["authorization_endpoint"]
            except (httpx2.HTTPError, KeyError, TypeError, ValueError) as error:
                raise Refused("the provider can't be reached") from error
            url, _ = client.create_authorization_url(
                where, state=away.state, nonce=away.nonce, code_verifier=away.verifier
            )
        return url, self._sealer.dumps(asdict(away))

    def back(self, kept: str, state: str) -> Away:
        """Who comes back, by what the browser kept and the state in the address; Refused for who was never sent."""
        try:
            away = Away(**self._sealer.loads(kept, max_age=AWAY_SECONDS))
        except (BadSignature, TypeError) as error:
            raise Refused("nobody was sent away with this") from error
        if not hmac.compare_digest(away.state.encode(), state.encode()):
            raise Refused("the state is another")
        return away

    def identity(self, away: Away, code: str, now: datetime) -> Identity:
        """Who the provider says it is, for the code that came back; Refused where that can't be trusted."""
        try:
            with self._client() as client:
                facts = self._discover(client)
                token = client.fetch_token(facts["token_endpoint"], code=code, code_verifier=away.verifier)
                claims = self._claims(client, token, away.nonce, now)
        except (httpx2.HTTPError, AuthlibBaseError, JoseError, KeyError, TypeError, ValueError) as error:
            raise Refused(type(error).__name__) from error
        mail = claims.get("email")
        proven = claims.get("email_verified") is True and isinstance(mail, str)
        subject = sha256(f"{self.issuer}\n{claims['sub']}".encode()).hexdigest()
        return Identity(subject, str(mail) if proven else "")

    def _claims(self, client: OAuth2Client, token: dict[str, Any], nonce: str, now: datetime) -> dict[str, Any]:
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        signed = jwt.decode(token["id_token"], key=self._keys(client), registry=registry)
        options = {
            "iss": {"essential": True, "value": self._facts["issuer"]},
            "aud": {"essential": True, "value": self._id},
        }
        known = {"nonce": nonce, "client_id": self._id, "access_token": token.get("access_token")}
        claims: dict[str, Any] = CodeIDToken(signed.claims, signed.header, options, known)
        claims.validate(now=int(now.replace(tzinfo=UTC).timestamp()), leeway=LEEWAY)  # type: ignore[attr-defined]
        return claims

    def _keys(self, client: OAuth2Client) -> KeySet:
        # Asked for each time: keys are changed without notice, and nobody signs in often.
        return KeySet.import_key_set(_asked(client, self._facts["jwks_uri"]))

    def _discover(self, client: OAuth2Client) -> dict[str, Any]:
        if not self._facts:
            facts = _asked(client, f"{self.issuer}/.well-known/openid-configuration")
            if facts["issuer"].rstrip("/") != self.issuer:
                raise ValueError("the provider says that it is another")
            self._facts = facts
        return self._facts

    def _client(self) -> OAuth2Client:
        return OAuth2Client(
            self._id,
            self._secret or None,
            scope="openid email",
            redirect_uri=self._back,
            code_challenge_method="S256",
            timeout=TIMEOUT_SECONDS,
            transport=self._transport,
        )


def _asked(client: OAuth2Client, url: str) -> Any:
    response = client.request("GET", url, withhold_token=True)
    response.raise_for_status()
    return response.json()


def provider(settings: Settings) -> Provider | None:
    """The provider of the settings, if there is one."""
    return Provider(settings, settings.secret()) if settings.oidc else None
