"""Experts' own calendars: what counts as busy, how it is fetched, and that nobody is offered who can't be known."""

from __future__ import annotations

import asyncio
import socket
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from bot import busy
from bot.busy import Unreadable, fetch, read, refresh
from bot.calendars import Calendars
from dialogs.appointments import FreeSlots, MoveBooking
from dialogs.content import packaged
from dialogs.messages import File
from storage import experts
from tests.meetings import Meetings, at
from tests.serving import settings_for
from tests.waiting import _holds_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.experts import Expert

SITE = "https://banso.example"
SINCE, UNTIL = at(1, 0), at(31, 0)
TOKYO, BERLIN = "Asia/Tokyo", "Europe/Berlin"
SETTINGS = settings_for(SITE)
INSIDE = settings_for(SITE, calendars_from_private_networks="true")


def calendar(*events: str) -> bytes:
    """A calendar with these events, each written as lines that are joined by |."""
    whole = "|".join(f"BEGIN:VEVENT|UID:{n}|DTSTAMP:20261101T000000Z|{one}|END:VEVENT" for n, one in enumerate(events))
    return f"BEGIN:VCALENDAR|VERSION:2.0|PRODID:x|{whole}|END:VCALENDAR|".replace("|", "\r\n").encode()


MEETING = "DTSTART:20261202T050000Z|DTEND:20261202T060000Z"
BUSY = (at(2, 14), at(2, 15))


# ---------------------------------------------------------------- what counts


@pytest.mark.parametrize(
    ("event", "spans"),
    [
        (MEETING, [BUSY]),
        ("DTSTART:20261202T050000Z|DURATION:PT1H", [BUSY]),
        ("DTSTART;TZID=Europe/Berlin:20261202T060000|DTEND;TZID=Europe/Berlin:20261202T070000", [BUSY]),
        ("DTSTART:20261202T140000|DTEND:20261202T150000", [BUSY]),
        ("DTSTART;VALUE=DATE:20261202|DTEND;VALUE=DATE:20261204", [(at(2, 0), at(4, 0))]),
        ("DTSTART;VALUE=DATE:20261202", [(at(2, 0), at(3, 0))]),
        (f"{MEETING}|TRANSP:OPAQUE|STATUS:TENTATIVE", [BUSY]),
        (f"{MEETING}|TRANSP:TRANSPARENT", []),
        (f"{MEETING}|STATUS:CANCELLED", []),
        (f"{MEETING}|X-MICROSOFT-CDO-BUSYSTATUS:FREE", []),
        ("DTSTART:20261202T050000Z", []),
        ("DTSTART:20261001T050000Z|DTEND:20261001T060000Z", []),
        ("DTSTART:20261130T140000Z|DTEND:20261130T160000Z", [(at(30, 23, month=11), at(1, 1))]),
        (f"{MEETING}|RRULE:FREQ=WEEKLY;COUNT=3", [BUSY, (at(9, 14), at(9, 15)), (at(16, 14), at(16, 15))]),
        (f"{MEETING}|RRULE:FREQ=WEEKLY;COUNT=3|EXDATE:20261209T050000Z", [BUSY, (at(16, 14), at(16, 15))]),
        (f"{MEETING}|RDATE:20261203T050000Z", [BUSY, (at(3, 14), at(3, 15))]),
    ],
)
def test_an_event_takes_the_time_that_it_takes(event: str, spans: list[tuple[datetime, datetime]]) -> None:
    assert read(calendar(event), TOKYO, SINCE, UNTIL) == spans


def test_one_of_a_series_may_have_been_moved_or_dropped() -> None:
    series = f"{MEETING}|RRULE:FREQ=WEEKLY;COUNT=3"
    moved = "RECURRENCE-ID:20261209T050000Z|DTSTART:20261210T020000Z|DTEND:20261210T030000Z"
    dropped = "RECURRENCE-ID:20261216T050000Z|DTSTART:20261216T050000Z|DTEND:20261216T060000Z|STATUS:CANCELLED"
    same = calendar(series, moved, dropped).replace(b"UID:1", b"UID:0").replace(b"UID:2", b"UID:0")
    assert read(same, TOKYO, SINCE, UNTIL) == [BUSY, (at(10, 11), at(10, 12))]


def test_a_series_keeps_its_hour_where_the_clock_changes() -> None:
    weekly = "DTSTART;TZID=Europe/Berlin:20270322T090000|DURATION:PT1H|RRULE:FREQ=WEEKLY;COUNT=2"
    (before, _), (after, _) = read(calendar(weekly), TOKYO, at(1, 0, month=3, year=2027), at(30, 0, month=4, year=2027))
    assert after - before == timedelta(days=7, hours=-1)


def test_days_and_times_without_a_zone_are_by_the_experts_clock() -> None:
    read_there = read(
        calendar("DTSTART:20261202T060000|DTEND:20261202T070000", "DTSTART;VALUE=DATE:20261203"), BERLIN, SINCE, UNTIL
    )
    assert read_there == [BUSY, (at(3, 8), at(4, 8))]


def test_what_we_have_put_in_ourselves_is_not_counted_twice() -> None:
    ours = calendar(MEETING).replace(b"UID:0", b"UID:token@banso.example")
    assert read(ours, TOKYO, SINCE, UNTIL, "banso.example") == []
    assert read(ours, TOKYO, SINCE, UNTIL, "another.example") == [BUSY]


@pytest.mark.parametrize(
    "ics",
    [
        b"",
        b"<html>Please log in</html>",
        b"\xff\xfe\x00",
        b"BEGIN:VCALENDAR\r\n",
        b"BEGIN:VEVENT\r\nEND:VEVENT\r\n",
        calendar("DTSTART:20261399T990000Z"),
        calendar(f"{MEETING}|RRULE:FREQ=SOMETIMES"),
        calendar(f"{MEETING}|RRULE:FREQ=SECONDLY"),
        calendar(f"{MEETING}|RRULE:FREQ=MINUTELY;INTERVAL=2"),
    ],
)
def test_what_makes_no_sense_is_unreadable_and_not_quoted(ics: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        read(ics, TOKYO, SINCE, UNTIL)
    assert "log in" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_calendar_without_events_is_that_of_somebody_free() -> None:
    assert read(calendar(), TOKYO, SINCE, UNTIL) == []


# ---------------------------------------------------------------- how it is fetched


@dataclass
class Site:
    """A server of the tests: what it answers at which path; `led` are redirections."""

    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    led: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            status, body = (302, b"") if self.path in site.led else site.answers.get(self.path, (404, b""))
            self.send_response(status)
            if self.path in site.led:
                self.send_header("Location", site.led[self.path])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site()) as opened:
        yield opened


def got(url: str, private: bool = True) -> bytes:
    return asyncio.run(fetch(url, private))


def why(url: str, private: bool = True) -> str:
    with pytest.raises(Unreadable) as refused:
        got(url, private)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
    return str(refused.value)


def test_a_calendar_is_fetched_through_a_few_redirections(site: Site) -> None:
    site.answers["/d"] = (200, b"here")
    site.led |= {"/a": "/b", "/b": f"{site.url}/c", "/c": "d"}
    assert got(f"{site.url}/a") == b"here"
    site.led["/z"] = "/a"
    assert why(f"{site.url}/z") == "led on more than 3 times"


def test_a_redirection_may_not_lead_where_an_address_may_not(site: Site) -> None:
    site.led["/a"] = "file:///etc/passwd"
    assert why(f"{site.url}/a") == "not https"


def test_what_is_too_large_is_not_read_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(busy, "LARGEST", 1024 * 1024)
    site.answers |= {"/large": (200, b"x" * (1024 * 1024 + 1)), "/fits": (200, b"x" * 1024 * 1024)}
    assert why(f"{site.url}/large") == "more than 1 MB"
    assert len(got(f"{site.url}/fits")) == 1024 * 1024


def test_any_other_answer_is_told_by_its_number(site: Site) -> None:
    assert why(f"{site.url}/nothing") == "answered with status 404"


def test_nobody_is_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(busy, "SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert why(f"http://127.0.0.1:{silent.getsockname()[1]}/a").startswith("no answer within")


def test_where_nobody_answers_the_address_is_not_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert why(f"http://127.0.0.1:{port}/secret").startswith("no connection: ")
    assert str(port) not in why(f"http://127.0.0.1:{port}/secret")


INSIDERS = """
    127.0.0.1 10.1.2.3 192.168.1.1 172.16.0.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 [::1] [fe80::1] [fd00::1]
    [::ffff:127.0.0.1] localhost
"""


@pytest.mark.parametrize("host", INSIDERS.split())
def test_nothing_within_a_private_network_is_looked_at(host: str) -> None:
    assert why(f"https://{host}:9/a", private=False) == "within a private network"


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0x7f000001"])
def test_nor_by_an_odd_way_to_write_its_address(host: str) -> None:
    assert why(f"https://{host}:9/a", private=False).startswith(("within a private network", "no connection: "))


@pytest.mark.parametrize("url", ["http://calendar.example/a", "ftp://calendar.example/a", "calendar", "", "https://"])
def test_only_https_is_fetched(url: str) -> None:
    assert why(url, private=False).startswith(("not https", "no connection: Invalid"))


def test_the_setting_alone_opens_the_own_network(site: Site) -> None:
    site.answers["/a"] = (200, b"here")
    assert why(f"{site.url}/a", private=False) == "not https"
    assert why(f"{site.url.replace('http', 'https')}/a", private=False) == "within a private network"
    assert site.asked == []
    assert got(f"{site.url}/a", private=True) == b"here"


# ---------------------------------------------------------------- what comes of it


@pytest.fixture
def meetings(database_url: str) -> Iterator[Meetings]:
    made = Meetings(database_url)
    yield made
    made.close()


def kept(meetings: Meetings, expert: Expert) -> Expert:
    with meetings.database.reading() as connection:
        return experts.get(connection, expert.id)


def offered(meetings: Meetings, day: int) -> list[str]:
    """The times of a day in December that an owner is offered."""
    found = meetings.do("owner", FreeSlots("it", "phone", day=f"2026-12-{day:02}"))
    return [one["time"] for one in found["slots"]] if found["met"] else []


def looked(meetings: Meetings) -> int:
    return refresh(meetings.database, lambda: meetings.now, INSIDE)


def test_where_an_expert_is_busy_nobody_is_offered_a_time(meetings: Meetings, site: Site) -> None:
    expert = meetings.expert("花子", busy_url=f"{site.url}/a")
    site.answers["/a"] = (200, calendar(MEETING))
    assert looked(meetings) == 1
    assert kept(meetings, expert).busy == (BUSY,)
    assert "14時" not in offered(meetings, 2)
    assert "14時" in offered(meetings, 3)


@pytest.mark.parametrize("guarded", [True, False])
def test_while_a_calendar_can_not_be_read_nobody_is_booked_blindly(
    meetings: Meetings, site: Site, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not guarded:
        monkeypatch.setattr(experts.Expert, "bookable_at", lambda one, now: one.active)
    meetings.expert("花子", busy_url=f"{site.url}/a")
    assert bool(offered(meetings, 3)) != guarded  # it was never read
    site.answers["/a"] = (200, calendar(MEETING))
    looked(meetings)
    assert offered(meetings, 3)
    meetings.now += timedelta(minutes=20)
    del site.answers["/a"]
    looked(meetings)
    assert bool(offered(meetings, 3)) != guarded  # it can't be read any more
    site.answers["/a"] = (200, calendar())
    meetings.now += timedelta(minutes=3)
    looked(meetings)
    assert offered(meetings, 3)
    meetings.now += timedelta(hours=2, minutes=1)
    assert bool(offered(meetings, 3)) != guarded  # nobody has read it for long


def test_an_unreadable_calendar_keeps_what_was_known_and_says_why(meetings: Meetings, site: Site) -> None:
    expert = meetings.expert("花子", busy_url=f"{site.url}/secret")
    site.answers["/secret"] = (200, calendar(MEETING))
    looked(meetings)
    site.answers["/secret"] = (503, b"")
    meetings.now += timedelta(minutes=15)
    with capture_logs() as logs:
        looked(meetings)
        meetings.now += timedelta(minutes=2)
        looked(meetings)
    one = kept(meetings, expert)
    assert (one.busy, one.busy_error) == ((BUSY,), "answered with status 503")
    # Told once, and without the address.
    assert [(log["expert"], log["error"]) for log in logs] == [(expert.id, "answered with status 503")]
    assert "secret" not in str(logs)
    site.answers["/secret"] = (200, calendar())
    meetings.now += timedelta(minutes=2)
    with capture_logs() as logs:
        looked(meetings)
    assert [log["error"] for log in logs] == [None]
    assert kept(meetings, expert).busy == ()


def test_a_calendar_is_read_every_quarter_of_an_hour_by_one_of_all_processes(meetings: Meetings, site: Site) -> None:
    site.answers["/a"] = (200, calendar())
    meetings.expert("花子", busy_url=f"{site.url}/a")
    meetings.expert("太郎")
    assert [looked(meetings), looked(meetings)] == [1, 0]
    meetings.now += timedelta(minutes=14)
    assert looked(meetings) == 0
    meetings.now += timedelta(minutes=1)
    assert looked(meetings) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_of_two_that_look_at_once_one_reads(meetings: Meetings) -> None:
    meetings.expert("花子", busy_url="https://calendar.example")
    claimed: list[int] = []

    def claim() -> None:
        with meetings.database.writing() as connection:
            claimed.append(len(experts.claim_calendars(connection, meetings.now, busy.EVERY, busy.AGAIN)))

    waiting = Thread(target=claim)
    with meetings.database.writing() as connection:
        first = experts.claim_calendars(connection, meetings.now, busy.EVERY, busy.AGAIN)
        waiting.start()
        while not _holds_up(connection):
            pass
    waiting.join()
    assert (len(first), claimed) == (1, [0])


def test_who_is_off_is_not_looked_after(meetings: Meetings, site: Site) -> None:
    expert = meetings.expert("花子", busy_url=f"{site.url}/a")
    with meetings.database.writing() as connection:
        experts.keep(connection, expert.id, active=False)
    assert looked(meetings) == 0


def test_what_was_read_at_an_address_given_up_meanwhile_is_not_kept(meetings: Meetings) -> None:
    expert = meetings.expert("花子", busy_url="https://calendar.example/old")

    async def changed(url: str, private: bool) -> bytes:
        profile = kept(meetings, expert).profile
        with meetings.database.writing() as connection:
            experts.keep(connection, expert.id, profile=type(profile)(weekly=profile.weekly, busy_url="https://new"))
        return calendar(MEETING)

    refresh(meetings.database, lambda: meetings.now, SETTINGS, changed)
    assert (kept(meetings, expert).busy, kept(meetings, expert).busy_at) == ((), None)


def test_a_defect_closes_as_well_and_harms_no_other(meetings: Meetings) -> None:
    broken, other = meetings.expert("花子", busy_url="https://a"), meetings.expert("太郎", busy_url="https://b")

    async def odd(url: str, private: bool) -> bytes:
        if url == "https://a":
            raise RuntimeError(url)
        return calendar(MEETING)

    with capture_logs() as logs:
        refresh(meetings.database, lambda: meetings.now, SETTINGS, odd)
    assert kept(meetings, broken).busy_error == "defect: RuntimeError"
    assert kept(meetings, other).busy == (BUSY,)
    assert "https://a" not in str([{k: v for k, v in log.items() if k != "exc_info"} for log in logs])


def test_a_booking_of_ours_in_the_experts_calendar_can_be_moved_by_half_an_hour(meetings: Meetings, site: Site) -> None:
    expert = meetings.expert("花子", busy_url=f"{site.url}/a", buffer=0)
    site.answers["/a"] = (200, calendar())
    looked(meetings)
    token = meetings.book("owner", expert, at(2, 14))
    ours = Calendars(meetings.database, packaged(), SITE).file(File("ics", token, 0))
    site.answers["/a"] = (200, ours or b"")
    meetings.now += timedelta(minutes=15)
    looked(meetings)
    assert kept(meetings, expert).busy == ()
    assert meetings.do("owner", MoveBooking(token, at(2, 14, 30).isoformat()))
