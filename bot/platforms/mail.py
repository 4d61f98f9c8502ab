"""E-mail: what is told to people who want it by mail, with links that press its buttons on a page of ours."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email import policy
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import urlsplit

import aiosmtplib
import structlog

from bot.calendars import method_of
from bot.clock import utc_now
from bot.intake import Clock
from bot.links import Links
from bot.pictures import Pictures
from bot.platforms.failures import Busy, Failure, Gone, Refused, Unanswered
from bot.platforms.platform import Arrived, Part, Sending, Unreadable
from bot.settings import Settings
from bot.web import pages
from dialogs.messages import File, Message, from_json, to_json
from dialogs.phrases import Phrases

CHANNEL, ACCOUNT = "mail", "bot"
# For each step of the exchange with the server.
TIME_LIMIT = 10.0
# Of a subject, programmes and phones show about so many characters.
SUBJECT = 60
# RFC 3463: bad mailbox, bad system, bad syntax, moved, null MX (RFC 7505), disabled. Other answers about a recipient,
# such as 5.7.1, are of a server that does not want us, and the address may well be good.
NOBODY = re.compile(r"\b5\.(1\.[1236]|1\.10|2\.1)\b")
ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
NOBODY_PLAIN = (550, 551, 553)

# The bytes of a file as an invitation from the one mailbox to the other; None where there is no such thing (any more).
Invite = Callable[[File, str, str], bytes | None]

log = structlog.get_logger()


class Mail:
    """One mailbox of ours, from which mails are sent; nothing is read. Fills in Platform."""

    channel = CHANNEL
    # What providers take of one sender without slowing it down (ours).
    rate = 5.0
    burst = 5
    contact_rate = 0.0
    contact_burst = 0
    crowd_rate = 0.0
    reply_seconds = 0.0
    sending_seconds = 20.0

    def __init__(
        self,
        settings: Settings,
        public_url: str,
        pictures: Pictures,
        phrases: Phrases,
        invite: Invite = lambda file, organizer, attendee: None,
        *,
        clock: Clock = utc_now,
        time_limit: float = TIME_LIMIT,
    ) -> None:
        self._settings = settings
        self._public_url = public_url
        self._pictures = pictures
        self._say = phrases.say
        self._links = Links(settings.secret())
        self._invite = invite
        self._clock = clock
        self._time_limit = time_limit
        sender = policy.default.header_factory("from", settings.mail_from).addresses
        self._sender: Address | None = sender[0] if sender else None

    async def start(self) -> None:
        """Nothing to open: each mail has a connection of its own."""

    async def stop(self) -> None:
        """Nothing to close."""

    # ------------------------------------------------------------ what arrives: nothing

    def authentic(self, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        return False

    def parse(self, headers: Mapping[str, str], body: bytes) -> Arrived:
        raise Unreadable("mails are sent, not read")

    async def waiting(self, address: str) -> None:
        """A mailbox shows nothing of the kind."""

    async def invitation(self, code: str) -> str | None:
        return None

    # ------------------------------------------------------------ what is sent

    def render(self, messages: Sequence[Message], reply: str) -> list[Part]:
        """One mail; its links are made when it is known whose they are."""
        return [{"subject": self._subject(messages), "messages": [to_json(message) for message in messages]}]

    async def send(self, part: Part, sending: Sending) -> int:
        messages = [from_json(message) for message in part["messages"]]
        files = [message.file for message in messages if message.file]
        made = [await self._made(file, sending.address) for file in files]
        mail = self._mail(part["subject"], messages, [file for file in made if file], sending)
        try:
            await self._hand_over(mail, sending.address)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            # What a server answers may hold the address, so it goes no further.
            raise failure(error) from None
        return 0

    async def _made(self, file: File, address: str) -> bytes | None:
        try:
            return await asyncio.to_thread(self._invite, file, self._settings.mail_from, address)
        except Exception:
            # The words matter more than the file, which the page has as well.
            log.exception("file", kind=file.kind)
            return None

    async def _hand_over(self, mail: EmailMessage, address: str) -> None:
        settings = self._settings
        await aiosmtplib.send(
            mail,
            recipients=[address],
            hostname=settings.smtp_host,
            port=settings.smtp_port or None,
            username=settings.smtp_username or None,
            password=settings.smtp_password.get_secret_value() or None,
            local_hostname=urlsplit(self._public_url).hostname or "localhost",
            timeout=self._time_limit,
            use_tls=settings.smtp_security == "tls",
            start_tls=settings.smtp_security == "starttls",
        )

    # ------------------------------------------------------------ how it looks

    def _subject(self, messages: Sequence[Message]) -> str:
        lines = (line.strip() for message in messages for line in message.text.splitlines())
        first = next((line for line in lines if line), self._say("mail.subject"))
        short = first.partition("。")[0]
        return short if len(short) <= SUBJECT else f"{short[: SUBJECT - 1]}…"

    def _mail(
        self, subject: str, messages: Sequence[Message], files: Sequence[bytes], sending: Sending
    ) -> EmailMessage:
        """The mail; raises Refused where it would go to what is no address."""
        mail = EmailMessage()
        mail["From"] = self._settings.mail_from
        mail["To"] = _recipient(sending.address)
        mail["Subject"] = subject
        # The same at every attempt, so that programmes know what was delivered twice.
        mail["Message-ID"] = f"<{sending.key}@{self._sender.domain if self._sender else ''}>"
        mail["Date"] = format_datetime(self._clock().replace(tzinfo=UTC))
        mail["Auto-Submitted"] = "auto-generated"
        if self._settings.mail_reply_to:
            mail["Reply-To"] = self._settings.mail_reply_to
        pieces = [self._piece(message, str(sending.key)) for message in messages]
        foot = self._say("mail.foot")
        # Base64, as not every server takes 8 bits.
        mail.set_content(pages.mail_text(pieces, foot), cte="base64")
        mail.add_alternative(pages.mail_page(subject, pieces, foot), subtype="html", cte="base64")
        if files:
            params = {"charset": "utf-8", "method": method_of(files[0])}
            mail.add_alternative(files[0], maintype="text", subtype="calendar", params=params)
        for file in files:
            # Of another type than the part above: two of the same are shown as two invitations.
            mail.add_attachment(file, maintype="application", subtype="ics", filename="banso.ics")
        return mail

    def _piece(self, message: Message, row: str) -> pages.Piece:
        """A message with its links. A question is answered on the page, where it stands with its choices."""
        links = [
            pages.Link(button.label, self._address(button.url or self._links.sign_act(row, button.press)), button.hint)
            for button in (message.buttons if message.kind == "say" else ())
        ]
        if message.kind != "say":
            links = [pages.Link(self._say("mail.answer"), self._address(self._links.sign_act(row, "")))]
        picture = message.picture
        return pages.Piece(
            message.text or (picture.alt if picture else ""),
            self._pictures.url(picture) if picture else None,
            tuple(links),
        )

    def _address(self, url: str) -> str:
        return f"{self._public_url}{url}" if url.startswith("/") else url


def _recipient(address: str) -> Address:
    try:
        return Address(addr_spec=address)
    except (ValueError, HeaderParseError, IndexError):
        raise Refused("it is no mail address") from None


# ---------------------------------------------------------------- what fails


def failure(error: Exception) -> Failure:
    """What an exception of the library, or of the transport below it, means."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            return _at_recipient(error.recipients[0]) if error.recipients else Refused("no recipient")
        case aiosmtplib.SMTPRecipientRefused():
            return _at_recipient(error)
        case aiosmtplib.SMTPConnectResponseError() | aiosmtplib.SMTPHeloError() | aiosmtplib.SMTPAuthenticationError():
            # Before any mail was offered: the server's affair, or that of our settings, and until it is mended nothing
            # is lost.
            return Busy(_reason(error))
        case aiosmtplib.SMTPResponseException():
            return _answered(error)
        case aiosmtplib.SMTPNotSupported():
            return Refused("the server does not take such an address")
        case OSError():
            return Unanswered(type(error).__name__)
        case aiosmtplib.SMTPException():
            return Busy("the server offers no STARTTLS, or no way to sign in that we know (SMTP_SECURITY)")
        case _:
            return Refused("it can't be written as a mail to this address")


def _at_recipient(error: aiosmtplib.SMTPRecipientRefused) -> Failure:
    if 500 <= error.code < 600:
        told = ENHANCED.search(error.message)
        if NOBODY.search(error.message) or (told is None and error.code in NOBODY_PLAIN):
            return Gone(_reason(error))
    return _answered(error)


def _answered(error: aiosmtplib.SMTPResponseException) -> Failure:
    if 400 <= error.code < 500:
        return Busy(_reason(error))
    return Refused(_reason(error)) if 500 <= error.code < 600 else Unanswered(_reason(error))


def _reason(error: aiosmtplib.SMTPResponseException) -> str:
    told = ENHANCED.search(error.message)
    return f"{error.code} {told[0] if told else ''}".strip()
