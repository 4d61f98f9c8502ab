"""E-mail as a platform: how mails look, what becomes of them at a real server, and what their links do."""

from __future__ import annotations

import asyncio
import email
import inspect
import queue
import re
import ssl
import threading
import uuid
from contextlib import contextmanager
from datetime import time, timedelta
from email import policy
from typing import TYPE_CHECKING, Any, cast

import aiosmtplib
import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from aiosmtplib import errors
from pydantic import ValidationError
from sqlalchemy import insert, select, update
from starlette.testclient import TestClient

from bot import timing
from bot.app import make_app
from bot.links import Links
from bot.platforms.failures import Busy, Failure, Gone, Refused, Unanswered
from bot.platforms.mail import Mail, failure
from bot.platforms.platform import Platform, Sending, Unreadable
from bot.settings import PUSHED, Settings
from bot.turn import Event
from dialogs import presses
from dialogs.content import packaged
from dialogs.events import Command, Opened
from dialogs.messages import Button, File, Message, Picture
from scheduler.experts import Profile, Weekly
from storage import Database, experts, outbox, owners
from storage.schema import booking, contact
from storage.schema import outbox as outbox_table
from tests.serving import SECRET, settings_for
from tests.taking import rows
from tests.talk import START, Talk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import EmailMessage

    from starlette.applications import Starlette

    from bot.pictures import Pictures

ADDRESS = "hanako@expert.example"
SITE = "https://banso.example"
KEY = uuid.UUID("11111111-2222-4333-8444-555555555555")
ICS = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
ASKED = Message(
    "相談の申し込みが来ています。\n\n12月8日(火) 13時から14時まで\nご相談:IT導入 & <補助金>",
    buttons=(
        Button("受ける", presses.encode(Command("accept", "t"))),
        Button("相談の内容を見る", url="/x/page/t", hint="診断つき"),
        Button("外のページ", url="https://elsewhere.example/"),
    ),
)
PAGE = {"sec-fetch-site": "same-origin"}


class Server:
    """A mail server on this machine that keeps what it takes; `answers` are those to a step, in place of its own."""

    def __init__(self, **options: Any) -> None:
        self.mails: queue.Queue[EmailMessage] = queue.Queue()
        self.recipients: list[str] = []
        self.answers: dict[str, list[str]] = {}
        self._options = options
        self._loop = asyncio.new_event_loop()
        self.port = 0

    def _answer(self, step: str) -> str | None:
        answers = self.answers.get(step)
        return answers.pop(0) if answers else None

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        envelope.mail_from = address
        return self._answer("MAIL") or "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        envelope.rcpt_tos.append(address)
        return self._answer("RCPT") or "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        refused = self._answer("DATA")
        if refused:
            return refused
        self.recipients += envelope.rcpt_tos
        self.mails.put(email.message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    @contextmanager
    def running(self) -> Iterator[Server]:
        listening = threading.Event()

        async def run() -> None:
            self._end = asyncio.Event()
            make = lambda: SMTP(self, hostname="mail.example", loop=self._loop, **self._options)  # noqa: E731
            listener = await self._loop.create_server(make, "127.0.0.1", 0)
            self.port = listener.sockets[0].getsockname()[1]
            listening.set()
            await self._end.wait()
            listener.close()
            left = asyncio.all_tasks() - {asyncio.current_task()}
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

        thread = threading.Thread(target=lambda: self._loop.run_until_complete(run()))
        thread.start()
        listening.wait()
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._end.set)
            thread.join()
            self._loop.close()

    def mail(self) -> EmailMessage:
        """The next mail that arrives."""
        return self.mails.get(timeout=20)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server().running() as one:
        yield one


class Hung:
    """Pictures at an address that is the same every time."""

    def url(self, picture: Picture) -> str | None:
        return f"{SITE}/p/{picture.kind}.png"


def settings(port: int = 9, site: str = SITE, **others: str) -> Settings:
    own = {"smtp_host": "127.0.0.1", "smtp_port": str(port), "smtp_security": "none"}
    return settings_for(site, **own | {"mail_from": "伴走 <banso@agency.example>"} | others)


def platform(port: int = 9, invite: Any = lambda *_: None, time_limit: float = 10, **others: str) -> Mail:
    return Mail(
        settings(port, **others),
        SITE,
        cast("Pictures", Hung()),
        packaged().phrases,
        invite,
        clock=lambda: START,
        time_limit=time_limit,
    )


def send(mail: Mail, *messages: Message, address: str = ADDRESS) -> None:
    (part,) = mail.render(messages or (ASKED,), "")
    asyncio.run(mail.send(part, Sending(address, KEY)))


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    body = mail.get_body((kind,))
    assert body
    content: str = body.get_content()
    return content


def link(mail: EmailMessage, label: str) -> str:
    """The address below a button of the plain text."""
    found = re.search(rf"▶ {re.escape(label)}[^\n]*\n(\S+)", text_of(mail))
    assert found, f"no [{label}] in {text_of(mail)}"
    return found[1]


# ---------------------------------------------------------------- what a platform is


def test_it_fills_in_what_a_platform_is_and_hears_nothing() -> None:
    mail: Platform = platform()
    assert mail.channel == "mail"
    assert not mail.authentic({}, b"{}", START)
    with pytest.raises(Unreadable):
        mail.parse({}, b"{}")
    assert asyncio.run(mail.invitation("go-abcdefgh")) is None


def test_it_is_off_without_server_or_sender() -> None:
    assert settings_for(SITE).missing("mail") == ["SMTP_HOST", "MAIL_FROM"]
    assert settings().missing("mail") == []
    assert all(settings_for(SITE).missing(channel) for channel in PUSHED)


@pytest.mark.parametrize("text", ["banso", "a@b.example, c@d.example", "伴走 banso@example.jp", "@example.jp", "a b@c"])
def test_a_sender_that_is_no_address_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(ValidationError, match="one mail address"):
        settings(mail_from=text)


# ---------------------------------------------------------------- how a mail looks


def test_a_mail_has_the_words_as_text_and_as_html_and_a_link_for_each_button(server: Server) -> None:
    send(platform(server.port, mail_reply_to="desk@agency.example"))
    mail = server.mail()
    assert server.recipients == [ADDRESS]
    assert mail["Subject"] == "相談の申し込みが来ています"
    assert (mail["From"], mail["To"], mail["Reply-To"]) == (
        "伴走 <banso@agency.example>",
        ADDRESS,
        "desk@agency.example",
    )
    assert mail["Message-ID"] == f"<{KEY}@agency.example>"
    assert mail["Date"].datetime.replace(tzinfo=None) == START
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "ご相談:IT導入 & <補助金>" in text_of(mail)
    assert "ご相談:IT導入 &amp; &lt;補助金&gt;" in text_of(mail, "html")
    addresses = [link(mail, label) for label in ("受ける", "相談の内容を見る", "外のページ")]
    assert addresses[1:] == [f"{SITE}/x/page/t", "https://elsewhere.example/"]
    assert re.findall(r'href="([^"]+)"', text_of(mail, "html")) == addresses
    signed = addresses[0].removeprefix(f"{SITE}/a/")
    assert Links(SECRET).read_act(signed) == (str(KEY), ASKED.buttons[0].press)
    assert "30日間" in text_of(mail)
    assert "30日間" in text_of(mail, "html")


def test_nothing_in_a_mail_is_beyond_seven_bits(server: Server) -> None:
    send(platform(server.port, lambda *_: ICS + "SUMMARY:相談".encode()), Message("はい。", file=File("ics", "t", 1)))
    server.mail().as_bytes().decode("ascii")


@pytest.mark.parametrize(
    ("messages", "subject"),
    [
        ((Message(""), Message("\n決まりました。\nあす")), "決まりました"),
        ((Message("あ" * 70),), "あ" * 59 + "…"),
        ((Message(picture=Picture("share", "t", "図")),), "伴走からのお知らせ"),
    ],
)
def test_a_subject_is_the_first_sentence(server: Server, messages: tuple[Message, ...], subject: str) -> None:
    send(platform(server.port), *messages)
    assert server.mail()["Subject"] == subject


def test_a_picture_is_shown_with_words_for_who_cannot_see_it(server: Server) -> None:
    send(platform(server.port), Message(picture=Picture("share", "t", "占有率の図")))
    mail = server.mail()
    assert "占有率の図" in text_of(mail)
    assert f'<img src="{SITE}/p/share.png" alt="占有率の図"' in text_of(mail, "html")


def test_a_question_has_one_link_to_the_page_where_it_is_answered(server: Server) -> None:
    question = Message(
        "どれですか。", kind="many", buttons=(Button("これ", "t:a.1:q:x"),), done=Button("次へ", "d:a.1:q")
    )
    send(platform(server.port), question)
    mail = server.mail()
    assert text_of(mail).count("▶") == 1
    assert Links(SECRET).read_act(link(mail, "ページで答える").removeprefix(f"{SITE}/a/")) == (str(KEY), "")


def test_a_meeting_comes_as_an_invitation_and_as_a_file(server: Server) -> None:
    asked_for: list[Any] = []

    def invite(*wanted: Any) -> bytes:
        asked_for.append(wanted)
        return ICS

    file = File("ics-expert", "t", 3)
    send(platform(server.port, invite), Message("決まりました。", file=file))
    mail = server.mail()
    assert asked_for == [(file, "伴走 <banso@agency.example>", ADDRESS)]
    (mixed, attached) = mail.iter_parts()
    assert [part.get_content_type() for part in mixed.iter_parts()] == ["text/plain", "text/html", "text/calendar"]
    invitation = list(mixed.iter_parts())[-1]
    assert invitation.get_param("method") == "REQUEST"
    assert attached.get_content_type() == "application/ics"
    assert (attached.get_content_disposition(), attached.get_filename()) == ("attachment", "banso.ics")
    assert attached.get_content() == ICS
    assert invitation.get_payload(decode=True) == ICS


def raising(*_: Any) -> bytes:
    raise RuntimeError


@pytest.mark.parametrize("invite", [raising, lambda *_: None])
def test_a_file_that_cannot_be_made_holds_nothing_up(server: Server, invite: Callable[..., bytes | None]) -> None:
    send(platform(server.port, invite), Message("決まりました。", file=File("ics", "t", 1)))
    mail = server.mail()
    assert "決まりました" in text_of(mail)
    assert list(mail.iter_attachments()) == []


# ---------------------------------------------------------------- what becomes of it


@pytest.mark.parametrize(
    ("step", "answer", "kind"),
    [
        ("RCPT", f"550 5.1.1 <{ADDRESS}> unknown user", Gone),
        ("RCPT", "550 no such user", Gone),
        ("RCPT", "553 5.1.3 no address", Gone),
        ("RCPT", "550 5.2.1 disabled", Gone),
        ("RCPT", "550 5.7.1 relaying denied", Refused),
        ("RCPT", "552 5.2.2 mailbox full", Refused),
        ("RCPT", "554 no", Refused),
        ("RCPT", "450 4.2.0 greylisted", Busy),
        ("MAIL", "452 4.3.1 no room", Busy),
        ("MAIL", "553 5.7.1 not your address", Refused),
        ("DATA", "451 4.3.0 later", Busy),
        ("DATA", "554 5.6.0 spam", Refused),
        ("DATA", "354 what", Unanswered),
    ],
)
def test_an_answer_of_the_server_means_this(server: Server, step: str, answer: str, kind: type[Failure]) -> None:
    server.answers[step] = [answer]
    with pytest.raises(kind) as failed:
        send(platform(server.port))
    told = re.search(r"\d\.\d\.\d", answer)
    assert str(failed.value) == f"{answer[:3]} {told[0] if told else ''}".strip()
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__
    send(platform(server.port))
    assert server.mail()["To"] == ADDRESS


@pytest.mark.parametrize("address", ["nobody", "a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example", "", "@"])
def test_what_is_no_address_is_refused_and_reaches_nobody(server: Server, address: str) -> None:
    with pytest.raises(Refused):
        send(platform(server.port), address=address)
    assert server.recipients == []


def test_a_server_that_is_not_there_is_tried_again() -> None:
    with pytest.raises(Unanswered):
        send(platform(9))


@contextmanager
def silent() -> Iterator[int]:
    """A port where a connection is taken and nothing is ever said."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_server_that_hangs_is_given_up_and_tried_again() -> None:
    with silent() as port, pytest.raises(Unanswered):
        send(platform(port, time_limit=0.05))


def test_without_starttls_no_mail_goes_out_where_it_is_wanted(server: Server) -> None:
    with pytest.raises(Busy, match="SMTP_SECURITY"):
        send(platform(server.port, smtp_security="starttls"))
    with pytest.raises(Unanswered):
        send(platform(server.port, smtp_security="tls"))
    assert server.recipients == []


def test_user_name_and_password_are_given_where_they_are_set() -> None:
    seen: list[Any] = []

    def known(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        seen.append((data.login, data.password))
        return AuthResult(success=data.password == b"right", handled=False)

    with Server(authenticator=known, auth_require_tls=False).running() as server:
        send(platform(server.port))
        assert seen == []
        send(platform(server.port, smtp_username="banso", smtp_password="right"))
        # Ours to mend: until then nothing is lost.
        with pytest.raises(Busy, match="535"):
            send(platform(server.port, smtp_username="banso", smtp_password="wrong"))
    assert set(seen) == {(b"banso", b"right"), (b"banso", b"wrong")}
    assert len(server.recipients) == 2


# What the library and its transport can raise, and what it means; who is above them means the same unless told here.
MEANINGS: dict[type[BaseException], type[Failure]] = {
    errors.SMTPException: Busy,
    errors.SMTPServerDisconnected: Unanswered,
    errors.SMTPConnectError: Unanswered,
    errors.SMTPTimeoutError: Unanswered,
    errors.SMTPConnectResponseError: Busy,
    errors.SMTPHeloError: Busy,
    errors.SMTPAuthenticationError: Busy,
    errors.SMTPResponseException: Refused,
    errors.SMTPRecipientsRefused: Gone,
    errors.SMTPRecipientRefused: Gone,
    errors.SMTPNotSupported: Refused,
    OSError: Unanswered,
    ValueError: Refused,
    ssl.SSLCertVerificationError: Unanswered,
}


def made(kind: Any) -> Exception:
    """An exception of this kind, as after a 550."""
    given: dict[str, Any] = {"code": 550, "message": "no", "sender": "", "recipient": ""}
    if kind is errors.SMTPRecipientsRefused:
        return errors.SMTPRecipientsRefused([errors.SMTPRecipientRefused(550, "no", "")])
    if kind.__module__ != errors.__name__:
        return cast("Exception", kind.__new__(kind))
    return cast("Exception", kind(*(given[name] for name in inspect.signature(kind).parameters)))


def test_every_exception_of_the_library_and_its_transport_has_its_meaning() -> None:
    own = {getattr(errors, name) for name in errors.__all__}
    transport = {TimeoutError, ConnectionResetError, OSError, ssl.SSLError, ssl.SSLCertVerificationError}
    for kind in own | transport | {ValueError, UnicodeEncodeError}:
        nearest = next(above for above in kind.__mro__ if above in MEANINGS)
        assert type(failure(made(kind))) is MEANINGS[nearest], kind


@pytest.mark.parametrize("code", range(200, 700, 10))
def test_every_code_has_its_meaning(code: int) -> None:
    kind = type(failure(aiosmtplib.SMTPDataError(code, "")))
    assert kind is (Busy if 400 <= code < 500 else Refused if 500 <= code < 600 else Unanswered)


# ---------------------------------------------------------------- an expert who has nothing but mail

WEEK = tuple(Weekly(day, time(9), time(17)) for day in range(5))


class House:
    """The app with a mail server, an expert whose only contact is mail, and an owner on another app."""

    def __init__(self, url: str, server: Server) -> None:
        self.now = START
        self.server = server
        self.owner = Talk(url)
        with self.owner.database.writing() as connection:
            self.expert = experts.add(
                connection,
                "山田 花子",
                Profile(weekly=WEEK, topics=("it",), ways=("web",), meeting="https://meet.example/1"),
                START,
            )
            values = {"channel": "mail", "account": "bot", "address": ADDRESS, "made_at": START}
            connection.execute(insert(contact).values(owner_id=self.expert.owner_id, **values))
        self.app: Starlette = make_app(
            Database(url), packaged(), settings(server.port, "http://testserver"), clock=lambda: self.now
        )

    def ask(self, client: TestClient) -> EmailMessage:
        """The owner asks for a meeting; gives the mail that the expert is sent."""
        self.owner.open()
        self.owner.do(Command("consult"))
        self.owner.tap("IT導入")
        self.owner.tap(next(b.label for b in self.owner.shown()[-1].buttons if "時" in b.label))
        self.owner.tap("この内容で予約する")
        self.fire(client)
        return self.server.mail()

    def fire(self, client: TestClient) -> None:
        """Have what is due told."""
        parts = self.app.state.parts
        timing.fire(parts.intake, parts.intake.clock)
        assert client.portal
        client.portal.call(parts.delivery.wake)

    def state(self) -> str:
        """The state of the booking."""
        with self.owner.database.reading() as connection:
            state: str = connection.execute(select(booking.c.state)).scalar_one()
        return state

    def told(self) -> str:
        """All that the owner was told."""
        with self.owner.database.reading() as connection:
            owner = owners.find(connection, "test", "chat", "owner")
            assert owner
            turns = outbox.exchanges(connection, owner.id, 0, 100)
        return "\n".join(message["text"] for turn in turns for message in turn.messages)


@pytest.fixture
def house(database_url: str, server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    # What is due is told when the test wants it.
    monkeypatch.setattr("bot.ticker.TIMER_SECONDS", 3600)
    one = House(database_url, server)
    yield one
    one.owner.close()


@contextmanager
def visiting(house: House) -> Iterator[TestClient]:
    with TestClient(house.app, raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


def forms(page: str) -> list[dict[str, str]]:
    """What the buttons of a page send."""
    event = re.search(r'name="event" value="([^"]+)"', page)
    assert event
    found = re.findall(r'name="press" value="([^"]+)"', page)
    return [{"event": event[1], "press": press} for press in found]


def test_an_expert_takes_a_request_by_the_link_of_a_mail(house: House) -> None:
    with visiting(house) as client:
        mail = house.ask(client)
        assert mail["To"] == ADDRESS
        assert ADDRESS not in text_of(mail) + text_of(mail, "html")
        path = link(mail, "受ける")
        page = client.get(path)
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
        assert "相談の申し込みが来ています" in page.text
        assert "testserver/a/" in path
        # What a mail server opens to look for viruses does nothing.
        assert house.state() == "pending"
        (accept,) = forms(page.text)
        answer = client.post(path, data=accept, headers=PAGE)
        assert answer.status_code == 200
        assert "お引き受けありがとうございます" in answer.text
        assert house.state() == "confirmed"
        house.fire(client)
        assert "さんが引き受け、予約が決まりました" in house.told()
        invited = house.server.mail()
        invitation = next(part for part in invited.walk() if part.get_content_type() == "text/calendar")
        assert invitation.get_param("method") == "REQUEST"
        assert f"mailto:{ADDRESS}" in invitation.get_content().replace("\r\n ", "")
        # A double click is answered once, and with the same page.
        turns = len(rows(house.owner.database, outbox_table))
        assert "お引き受けありがとうございます" in client.post(path, data=accept, headers=PAGE).text
        assert len(rows(house.owner.database, outbox_table)) == turns
        # Opened once more, days later, the link does no harm.
        (later,) = forms(client.get(path).text)
        assert packaged().phrases.say("expert.late") in client.post(path, data=later, headers=PAGE).text
        assert house.state() == "confirmed"


def test_another_time_is_proposed_on_the_page_by_words_and_by_a_button(house: House) -> None:
    with visiting(house) as client:
        path = link(house.ask(client), "別の日時を提案")
        (propose,) = forms(client.get(path).text)
        asked = client.post(path, data=propose, headers=PAGE).text
        assert "いつがよろしいですか" in asked
        assert '<textarea id="text" name="text"' in asked
        event = forms(asked)[0]["event"]
        shown = client.post(path, data={"event": event, "text": "12/9 10時"}, headers=PAGE).text
        assert "12月9日" in shown
        chosen = next(form for form in forms(shown) if ":s-" in form["press"])
        # Gone back to, another button of the page that the words were typed on still counts as what it is.
        done = client.post(path, data=chosen, headers=PAGE).text
        assert "提案しました" in done
        assert "閉じてかまいません" in done
        assert "<textarea" not in done
        assert house.state() == "proposed"
        house.fire(client)
        assert "別の日時の提案" in house.told()


def test_a_question_sent_by_mail_is_answered_on_its_page(house: House) -> None:
    """The way through delivery alone, without anybody's booking."""
    with visiting(house) as client:
        parts = house.app.state.parts
        parts.intake.take(Event("1", "mail", "bot", ADDRESS, Command("schedule")))
        parts.intake.take(Event("2", "mail", "bot", ADDRESS, Opened()))
        assert client.portal
        client.portal.call(parts.delivery.wake)
        assert "専門家のページ" in text_of(house.server.mail())
        path = link(house.server.mail(), "ページで答える")
        page = client.get(path).text
        assert "何をしますか" in page
        schedule = next(form for form in forms(page) if form["press"] == "c:schedule")
        assert "専門家のページ" in client.post(path, data=schedule, headers=PAGE).text


def test_what_the_server_does_not_know_is_not_written_to_again(house: House) -> None:
    house.server.answers["RCPT"] = ["550 5.1.1 unknown"]
    with visiting(house) as client:
        parts = house.app.state.parts
        gone = threading.Event()
        write = parts.delivery.intake.write

        def writing(work: Any) -> Any:
            done = write(work)
            done.add_done_callback(lambda _: gone.set() if not house.server.answers["RCPT"] else None)
            return done

        parts.delivery.intake.write = writing
        parts.intake.take(Event("1", "mail", "bot", ADDRESS, Command("schedule")))
        assert client.portal
        client.portal.call(parts.delivery.wake)
        assert gone.wait(20)
    (row,) = (one for one in rows(house.owner.database, outbox_table) if one["state"] == "gone")
    assert row["error"] == "550 5.1.1"
    (person,) = (one for one in rows(house.owner.database, contact) if one["channel"] == "mail")
    assert person["gone_at"] == START


def test_links_that_are_not_ours_or_have_ended_are_refused_kindly(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with visiting(house) as client:
        path = link(house.ask(client), "受ける")
        (accept,) = forms(client.get(path).text)

        def refused(address: str) -> None:
            for answer in (client.get(address), client.post(address, data=accept, headers=PAGE)):
                assert (answer.status_code, "もう使えません" in answer.text) == (410, True)
                assert house.state() == "pending"

        refused(f"{path}x")
        refused("/a/" + "x" * 40)
        refused(Links(SECRET).sign_act(str(uuid.UUID(int=7)), "c:accept:t"))
        # An address that was signed for something else.
        refused("/a/" + Links(SECRET).sign(1).removeprefix("/me/"))
        other = client.post(path, data=accept, headers={"sec-fetch-site": "cross-site"})
        assert (other.status_code, house.state()) == (403, "pending")
        monkeypatch.setattr("bot.links.ACT_SECONDS", -1)
        refused(path)


@pytest.mark.parametrize(
    "done", [{"press": "c:link"}, {"press": "c:erase"}, {"text": "データ"}, {"text": "go-abcd2345"}]
)
def test_a_link_is_good_for_the_meeting_and_not_for_the_person(house: House, done: dict[str, str]) -> None:
    with visiting(house) as client:
        path = link(house.ask(client), "受ける")
        assert client.post(path, data=done, headers=PAGE).status_code == 403
        assert client.post(path, data={"press": "c:schedule"}, headers=PAGE).status_code == 200


def test_links_end_when_the_person_is_erased(house: House) -> None:
    with visiting(house) as client:
        path = link(house.ask(client), "受ける")
        with house.owner.database.writing() as connection:
            connection.execute(update(booking).values(state="declined"))
            owners.erase(connection, house.expert.owner_id, 0, START + timedelta(hours=1))
        assert client.get(path).status_code == 410


def test_nobody_is_invited_to_go_on_by_mail_and_its_webhook_takes_nothing(house: House) -> None:
    with visiting(house) as client:
        assert "mail" in house.app.state.parts.platforms
        house.owner.open()
        house.owner.do(Command("link"))
        page = client.get(f"/link/{house.owner.code()}")
        assert page.status_code == 200
        assert 'id="mail"' not in page.text
        assert client.post("/webhooks/mail", content=b"{}").status_code == 401
