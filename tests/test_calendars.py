"""Calendar files, as another library reads them: one booking, its changes, and an expert's feed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import vobject
from starlette.testclient import TestClient

from bot.app import make_app
from bot.calendars import STATUS, Calendars, method_of
from dialogs.appointments import AnswerRequest, CancelBooking, MoveBooking
from dialogs.content import packaged
from dialogs.events import Command, Opened, Said
from dialogs.messages import File
from scheduler.bookings import STATES
from scheduler.experts import Profile
from storage import Database
from storage.bookings import Booking
from storage.experts import Expert
from tests.meetings import Meetings, at
from tests.serving import settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialogs.messages import Message

SITE = "https://banso.example:8443"
NUMBER = "09012345678"
MADE = at(1, 10)
BERLIN = "Europe/Berlin"
EXPERT = Expert(7, 8, "山田 花子", True, Profile(zone=BERLIN), "page-token", "feed-token", (), None, None)
BOOKED = Booking(
    id=1,
    token="booking_token-1",
    page="page_of-1",
    owner_id=2,
    expert_id=7,
    topic="it",
    way="phone",
    starts_at=at(2, 14),
    minutes=60,
    state="confirmed",
    revision=3,
    held_until=None,
    reach=NUMBER,
    place="",
    shared_at=None,
    asked=[],
    made_at=MADE,
    changed_at=MADE,
)
PURE = Calendars(Database("sqlite://"), packaged(), SITE)


def ics(booking: Booking = BOOKED, side: str = "owner", organizer: str = "", attendee: str = "") -> bytes:
    return PURE.invitation(booking, EXPERT, side, organizer, attendee)


def event(data: bytes | None) -> Any:
    """The one event of a file, by another library."""
    assert data
    calendar = vobject.readOne(data.decode())
    assert len(calendar.vevent_list) == 1
    return calendar.vevent


def utc(time: Any) -> datetime:
    return time.value.astimezone(UTC).replace(tzinfo=None)  # type: ignore[no-any-return]


def whole(data: bytes) -> str:
    """A file as it reads once its lines are joined."""
    return data.decode().replace("\r\n ", "")


# ---------------------------------------------------------------- one booking


def test_another_library_reads_what_was_booked() -> None:
    read = event(ics())
    assert (read.uid.value, read.sequence.value, read.status.value) == (
        "booking_token-1@banso.example",
        "3",
        "CONFIRMED",
    )
    assert (utc(read.dtstart), utc(read.dtend), utc(read.dtstamp)) == (at(2, 14), at(2, 15), MADE)
    assert str(read.dtstart.value) == "2026-12-02 14:00:00+09:00"
    assert (read.summary.value, read.location.value) == ("山田 花子さんと相談:IT導入", "電話")
    assert f"{SITE}/b/page_of-1" in read.description.value
    assert read.valarm.trigger.value == timedelta(hours=-1)


@pytest.mark.parametrize(
    ("state", "status", "method"),
    [
        ("held", "TENTATIVE", "PUBLISH"),
        ("pending", "TENTATIVE", "PUBLISH"),
        ("proposed", "TENTATIVE", "PUBLISH"),
        ("confirmed", "CONFIRMED", "PUBLISH"),
        ("done", "CONFIRMED", "PUBLISH"),
        ("no_show", "CONFIRMED", "PUBLISH"),
        ("cancelled", "CANCELLED", "CANCEL"),
        ("expired", "CANCELLED", "CANCEL"),
        ("declined", "CANCELLED", "CANCEL"),
    ],
)
def test_a_state_shows_in_a_calendar_as_it_is(state: str, status: str, method: str) -> None:
    data = ics(replace(BOOKED, state=state))
    assert (event(data).status.value, method_of(data)) == (status, method)
    assert ("VALARM" in data.decode()) == (method == "PUBLISH")
    assert ("(仮)" in whole(data)) == (status == "TENTATIVE")


def test_every_state_has_its_place_in_calendars() -> None:
    assert set(STATUS) == set(STATES)


def test_only_who_asks_and_who_is_asked_make_it_a_request() -> None:
    ours, theirs = "伴走 <banso@example.jp>", "hanako@expert.example"
    data = ics(organizer=ours, attendee=theirs)
    read = event(data)
    assert method_of(data) == "REQUEST"
    assert (read.organizer.value, read.organizer.cn_param) == ("mailto:banso@example.jp", "伴走")
    assert read.attendee.value == "mailto:hanako@expert.example"
    assert method_of(ics(replace(BOOKED, state="cancelled"), "owner", ours, theirs)) == "CANCEL"
    for alone in (ics(organizer=ours), ics(attendee=theirs)):
        assert method_of(alone) == "PUBLISH"
        assert "mailto" not in whole(alone)


def test_the_owners_number_stands_in_the_experts_calendar_alone_and_only_once_it_is_settled() -> None:
    shown = {
        (side, state): NUMBER in whole(ics(replace(BOOKED, state=state), side))
        for side in ("owner", "expert")
        for state in STATES
    }
    assert {key for key, there in shown.items() if there} == {
        ("expert", state) for state in ("confirmed", "done", "no_show")
    }


@pytest.mark.parametrize(
    ("way", "place", "where"), [("web", "", "Web会議"), ("visit", "", "窓口"), ("visit", "A", "A")]
)
def test_a_place_that_is_known_is_the_place(way: str, place: str, where: str) -> None:
    assert event(ics(replace(BOOKED, way=way, place=place))).location.value == where


def test_long_lines_are_folded_between_signs_and_read_back_whole() -> None:
    place = "東京都千代田区丸の内、会議室「𠮷野」;2階,奥\\左\nEND:VEVENT" * 9
    data = ics(replace(BOOKED, way="visit", place=place))
    lines = data.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert all(line.decode() for line in lines[:-1])
    assert event(data).location.value == place


@pytest.mark.parametrize("side", ["owner", "expert"])
@pytest.mark.parametrize(
    "starts",
    [
        datetime(2026, 10, 24, 23, 0),  # noqa: DTZ001 - the night in which summer ends in Berlin …
        datetime(2026, 10, 25, 2, 0),  # noqa: DTZ001
        datetime(2027, 3, 27, 23, 30),  # noqa: DTZ001 - … and that in which it begins
        datetime(2027, 3, 28, 0, 30),  # noqa: DTZ001
        datetime(2027, 3, 28, 1, 30),  # noqa: DTZ001
        datetime(2026, 12, 31, 14, 30),  # noqa: DTZ001 - over the end of Japan's year, and of Berlin's
        datetime(2026, 12, 31, 22, 30),  # noqa: DTZ001
        datetime(2027, 7, 1, 8, 0),  # noqa: DTZ001
    ],
)
def test_a_time_is_the_same_moment_by_every_clock(starts: datetime, side: str) -> None:
    read = event(ics(replace(BOOKED, starts_at=starts), side))
    assert (utc(read.dtstart), utc(read.dtend)) == (starts, starts + timedelta(hours=1))


def test_an_expert_in_berlin_reads_berlins_clock() -> None:
    assert str(event(ics(side="expert")).dtstart.value) == "2026-12-02 06:00:00+01:00"


def test_each_change_of_the_clock_is_told_by_the_old_clock() -> None:
    written = ics(side="expert").decode()
    assert "BEGIN:DAYLIGHT\r\nDTSTART:20260329T020000\r\n" in written
    assert "BEGIN:STANDARD\r\nDTSTART:20261025T030000\r\n" in written
    assert "RDATE" not in written


def test_a_server_without_a_name_has_ids_all_the_same() -> None:
    made = Calendars(Database("sqlite://"), packaged(), "").invitation(BOOKED, EXPERT)
    assert event(made).uid.value == "booking_token-1@localhost"


# ---------------------------------------------------------------- as it changes


@pytest.fixture
def meetings(database_url: str) -> Iterator[Meetings]:
    made = Meetings(database_url)
    yield made
    made.close()


def files(messages: tuple[Message, ...]) -> list[File]:
    return [message.file for message in messages if message.file]


def test_each_change_is_a_later_version_of_the_same_event(meetings: Meetings) -> None:
    expert = meetings.expert("花子")
    token = meetings.book("owner", expert, at(2, 14))
    made = Calendars(meetings.database, packaged(), SITE)
    seen = [made.file(File("ics", token, 0))]
    meetings.do("owner", MoveBooking(token, at(3, 10).isoformat()))
    seen.append(made.file(File("ics", token, 0)))
    meetings.do("owner", CancelBooking(token))
    seen.append(made.file(File("ics", token, 0)))
    read = [event(one) for one in seen]
    assert {one.uid.value for one in read} == {f"{token}@banso.example"}
    assert [utc(one.dtstart) for one in read] == [at(2, 14), at(3, 10), at(3, 10)]
    numbers = [int(one.sequence.value) for one in read]
    assert numbers == sorted(set(numbers))
    assert [method_of(one or b"") for one in seen] == ["PUBLISH", "PUBLISH", "CANCEL"]


def test_what_is_no_booking_has_no_file(meetings: Meetings) -> None:
    assert Calendars(meetings.database, packaged(), SITE).file(File("ics", "nothing", 1)) is None


def test_a_notice_brings_each_the_file_of_their_own(meetings: Meetings) -> None:
    expert = meetings.expert("花子", asks=True)
    token = meetings.book("owner", expert, at(9, 14))
    meetings.fire()
    meetings.do("花子", AnswerRequest(token, "accept"))
    meetings.go_to(at(9, 9))
    evening = {told.to: told.messages for told in meetings.told if told.kind.startswith("day")}
    assert [one.kind for one in files(evening["owner"])] == ["ics"]
    assert [one.kind for one in files(evening["花子"])] == ["ics-expert"]
    links = {to: [button.url for one in messages for button in one.buttons] for to, messages in evening.items()}
    assert f"/b/{meetings.booking(token).page}.ics" in links["owner"]
    assert f"/x/{expert.token}/{token}.ics" in links["花子"]


def test_who_cancels_is_given_the_file_of_their_own(meetings: Meetings) -> None:
    token = meetings.book("owner", meetings.expert("花子"), at(9, 14))
    meetings.act("花子", Opened())
    meetings.act("花子", Command("cancel", token))
    (file,) = files(meetings.act("花子", Said("はい")))
    assert (file.kind, meetings.booking(token).state) == ("ics-expert", "cancelled")


# ---------------------------------------------------------------- over HTTP


@pytest.fixture
def client(database_url: str) -> Iterator[TestClient]:
    app = make_app(Database(database_url), packaged(), settings_for("https://banso.example"), lambda: at(1, 10))
    with TestClient(app) as opened:
        yield opened


def test_whoever_has_its_address_has_the_owners_file(client: TestClient, meetings: Meetings) -> None:
    token = meetings.book("owner", meetings.expert("花子"), at(2, 14))
    page = meetings.booking(token).page
    answer = client.get(f"/b/{page}.ics")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert answer.headers["content-disposition"] == 'inline; filename="banso.ics"'
    assert event(answer.content).uid.value == f"{token}@banso.example"
    assert NUMBER not in whole(answer.content)
    meetings.do("owner", CancelBooking(token))
    assert client.get(f"/b/{page}.ics").headers["content-type"].endswith("method=CANCEL")
    for wrong in ("another", token, "a%00b"):
        assert client.get(f"/b/{wrong}.ics").status_code == 404


def test_the_experts_file_names_the_number_no_longer_than_the_page_does(meetings: Meetings) -> None:
    expert = meetings.expert("花子")
    token = meetings.book("owner", expert, at(2, 14))
    made = Calendars(meetings.database, packaged(), SITE)
    for days, named in ((0, True), (90, True), (91, False)):
        file = made.of_expert(expert.token, token, at(2, 15) + timedelta(days=days))
        assert file
        assert (NUMBER in whole(file)) == named
    meetings.do("owner", CancelBooking(token))
    assert NUMBER not in whole(made.of_expert(expert.token, token, at(1, 11)) or b"")


def test_the_experts_file_is_that_experts_alone(client: TestClient, meetings: Meetings) -> None:
    one, other = meetings.expert("花子", zone=BERLIN), meetings.expert("太郎")
    token = meetings.book("owner", one, at(2, 17))
    answer = client.get(f"/x/{one.token}/{token}.ics")
    assert NUMBER in whole(answer.content)
    assert "Europe/Berlin" in whole(answer.content)
    for wrong in (f"/x/{other.token}/{token}.ics", f"/x/nobody/{token}.ics", f"/x/{one.token}/nothing.ics"):
        assert client.get(wrong).status_code == 404


def test_a_feed_has_all_that_stands_or_took_place_lately(client: TestClient, meetings: Meetings) -> None:
    expert = meetings.expert("花子")
    meetings.now = at(1, 8, month=10)
    old, lately = (meetings.book("owner", expert, at(day, 9, month=month)) for day, month in ((15, 10), (5, 11)))
    meetings.now = at(1, 10)
    ahead = meetings.book("owner", expert, at(2, 14))
    gone = meetings.book("owner", expert, at(3, 14))
    meetings.do("owner", CancelBooking(gone))
    meetings.hold("owner", expert, at(4, 14))
    answer = client.get(f"/x/{expert.feed}.ics")
    calendar = vobject.readOne(answer.text)
    assert [one.uid.value.split("@")[0] for one in calendar.vevent_list] == [lately, ahead]
    assert old not in answer.text
    assert calendar.method.value == "PUBLISH"
    assert calendar.contents["x-wr-calname"][0].value == "伴走の相談予定"
    assert NUMBER in whole(answer.content)


def test_a_feed_that_has_not_changed_is_not_sent_again(client: TestClient, meetings: Meetings) -> None:
    expert = meetings.expert("花子")
    meetings.book("owner", expert, at(2, 14))
    seen = client.get(f"/x/{expert.feed}.ics").headers["etag"]
    again = client.get(f"/x/{expert.feed}.ics", headers={"if-none-match": seen})
    assert (again.status_code, again.content) == (304, b"")
    meetings.book("owner", expert, at(3, 14))
    assert client.get(f"/x/{expert.feed}.ics", headers={"if-none-match": seen}).status_code == 200


def test_a_feed_is_found_by_its_own_secret_alone(client: TestClient, meetings: Meetings) -> None:
    expert = meetings.expert("花子")
    assert client.get(f"/x/{expert.feed}.ics").status_code == 200
    for wrong in (expert.token, "nobody", f"{expert.feed}x"):
        assert client.get(f"/x/{wrong}.ics").status_code == 404
