"""Signed links: addresses that only Banso can make, and that end."""

from itsdangerous import BadSignature, URLSafeTimedSerializer

EXPORT_SECONDS = 24 * 3600
# A picture stays in a chat, and is looked at again when the owner scrolls up; after that the result's page has it.
PICTURE_SECONDS = 90 * 24 * 3600
# What a mail asks is answered within a month, or has long been settled otherwise.
ACT_SECONDS = 30 * 24 * 3600
# A list of clients that was read waits in its form to be confirmed.
ADDRESSEES_SECONDS = 2 * 3600


class Links:
    """Signed addresses: at which data can be had for a day, a picture be seen, and a button of a mail be pressed."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeTimedSerializer(secret, salt="export-link")
        self._pictures = URLSafeTimedSerializer(secret, salt="picture-link")
        self._acts = URLSafeTimedSerializer(secret, salt="act-link")
        self._addressees = URLSafeTimedSerializer(secret, salt="addressees")

    def sign_addressees(self, agency_id: int, latest: int, people: list[tuple[str, str, bool]]) -> str:
        """A list of clients that was read for an agency, signed, to be sent back with its form.

        Each has a name, a mail address and whether they are known already; `latest` is the invitation made last before.
        """
        return str(self._addressees.dumps([agency_id, latest, people]))

    def read_addressees(self, signed: str) -> tuple[int, int, list[tuple[str, str, bool]]] | None:
        """What a signed list holds; None where it is not ours or too old."""
        try:
            agency_id, latest, people = self._addressees.loads(signed, max_age=ADDRESSEES_SECONDS)
        except (BadSignature, ValueError, TypeError):
            return None
        return agency_id, latest, [(name, mail, known) for name, mail, known in people]

    def sign_act(self, row: str, press: str) -> str:
        """The path at which what a row of the outbox has said is answered, by this button or, where "", by any."""
        return f"/a/{self._acts.dumps([row, press])}"

    def read_act(self, signed: str) -> tuple[str, str] | None:
        """Row and press that a signed part names; None where it is not ours or too old."""
        try:
            row, press = self._acts.loads(signed, max_age=ACT_SECONDS)
        except (BadSignature, ValueError, TypeError):
            return None
        return str(row), str(press)

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
