"""Signed links: addresses that only Banso can make, and that end."""

from itsdangerous import BadSignature, URLSafeTimedSerializer

EXPORT_SECONDS = 24 * 3600


class Links:
    """Signed addresses at which an owner's data can be had for a day."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeTimedSerializer(secret, salt="export-link")

    def sign(self, owner_id: int) -> str:
        """The path at which the owner's data can be had."""
        return f"/me/{self._serializer.dumps(owner_id)}"

    def read(self, signed: str) -> int | None:
        """The owner that a signed part names; None where it is not ours or too old."""
        try:
            return int(self._serializer.loads(signed, max_age=EXPORT_SECONDS))
        except (BadSignature, ValueError, TypeError):
            return None
