"""Signed links: addresses that only Banso can make, and that end."""

from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer

from dialogs.messages import FLYER

EXPORT_SECONDS = 24 * 3600
# A picture stays in a chat, and is looked at again when the owner scrolls up; after that the result's page has it.
PICTURE_SECONDS = 90 * 24 * 3600
# What a mail asks is answered within a month, or has long been settled otherwise.
ACT_SECONDS = 30 * 24 * 3600
# A list of clients that was read waits in its form to be confirmed.
ADDRESSEES_SECONDS = 2 * 3600
# What links of letters begin with: short, as they are shown where a platform has no buttons.
WAY = "/go/"


class Links:
    """Signed addresses: of data to be had for a day, of pictures, of buttons in mails, of where letters lead."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeTimedSerializer(secret, salt="export-link")
        self._pictures = URLSafeTimedSerializer(secret, salt="picture-link")
        self._acts = URLSafeTimedSerializer(secret, salt="act-link")
        self._addressees = URLSafeTimedSerializer(secret, salt="addressees")
        # These do not end: what a letter leads to is wanted as long as the letter is there to be read.
        self._ways = URLSafeSerializer(secret, salt="letter-link")

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

    def sign_way(self, tag: str, owner_id: int) -> str:
        """The path that leads to where a button of a letter leads (`tag` as in its press), and counts the tap.

        `owner_id` is whom the letter is for, 0 where it is the same for many.
        """
        return f"{WAY}{self._ways.dumps([tag, owner_id])}"

    def read_way(self, signed: str) -> tuple[str, int] | None:
        """Tag and owner that a signed part names; None where it is not ours."""
        try:
            tag, owner_id = self._ways.loads(signed)
            return str(tag), int(owner_id)
        except (BadSignature, ValueError, TypeError):
            return None

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
        """The path at which a picture of a result, or one that an agency attaches (FLYER), can be seen."""
        # What is attached may be a JPEG: its path tells nothing of it.
        return f"/p/{self._pictures.dumps([token, kind])}{'' if kind == FLYER else '.png'}"

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
