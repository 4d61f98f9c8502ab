"""Signed links: addresses that only Banso can make, and that end."""

from itsdangerous import BadSignature, URLSafeTimedSerializer

EXPORT_SECONDS = 24 * 3600
# A picture stays in a chat, and is looked at again when the owner scrolls up; after that the result's page has it.
PICTURE_SECONDS = 90 * 24 * 3600


class Links:
    """Signed addresses: at which an owner's data can be had for a day, at which a picture of a result can be seen."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeTimedSerializer(secret, salt="export-link")
        self._pictures = URLSafeTimedSerializer(secret, salt="picture-link")

    def sign_picture(self, token: str, kind: str) -> str:
        """The path at which a picture of a result can be seen."""
        return f"/p/{self._pictures.dumps([token, kind])}.png"

    def read_picture(self, signed: str) -> tuple[str, str] | None:
        """Token and kind that a signed part names; None where it is not ours or too old."""
        try:
            token, kind = self._pictures.loads(signed, max_age=PICTURE_SECONDS)
        except (BadSignature, ValueError, TypeError):
            return None
        return str(token), str(kind)

    def sign(self, owner_id: int) -> str:
        """The path at which the owner's data can be had."""
        return f"/me/{self._serializer.dumps(owner_id)}"

    def read(self, signed: str) -> int | None:
        """The owner that a signed part names; None where it is not ours or too old."""
        try:
            return int(self._serializer.loads(signed, max_age=EXPORT_SECONDS))
        except (BadSignature, ValueError, TypeError):
            return None
