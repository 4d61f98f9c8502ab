"""The check taken together: an officer answers at an owner's side, and is shown that sitting and nothing else."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from bot.effects import Effects
from bot.turn import Event
from dialogs import presses, record
from dialogs.appointments import Bookings
from dialogs.events import Command, Opened, Said, Tapped
from dialogs.flows.check import NEXT
from dialogs.messages import from_json
from storage import Database, clients, owners, referrals, results, sittings
from storage.schema import audit, client, consent, journey, outbox, owner, result, sitting
from tests.desk import client_of, sign_in, visiting
from tests.taking import NOW, finish, later, new_intake, rows
from tests.talkers import QUICK, Talker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from dialogs.effects import Effect
    from dialogs.messages import Message
    from tests.desk import Two

HEARD = {"heard": "yes"}


class Clock:
    """A clock that a test moves on."""

    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(database_url: str, database: Database, people: Two, clock: Clock) -> Iterator[TestClient]:
    with visiting(database_url, people.officer, clock) as browser:
        yield browser


class Beside:
    """An officer at an owner's side, who taps what stands on the page."""

    def __init__(self, desk: TestClient, database: Database, begin: str, **form: str) -> None:
        self.desk = desk
        self.database = database
        answer = desk.post(begin, data=HEARD | form)
        assert answer.status_code == 303, answer.text
        self.page = answer.headers["location"]

    def html(self) -> str:
        return self.desk.get(self.page).text

    def row(self) -> dict[str, object]:
        id = int(self.page.rpartition("/")[2])
        (row,) = [row for row in rows(self.database, sitting) if row["id"] == id]
        return row

    def send(self, **form: str) -> str:
        """Send a form of the page; gives the page after it."""
        event = re.search(r'name="event" value="(\w+)"', self.html())
        answer = self.desk.post(self.page, data=form | {"event": event[1] if event else ""})
        assert answer.status_code == 303
        return self.html()

    def messages(self) -> tuple[Message, ...]:
        """The latest turn, as the database has it."""
        with self.database.reading() as connection:
            mine = select(outbox.c.messages).where(outbox.c.owner_id == self.row()["owner_id"])
            (found,) = connection.execute(mine.order_by(outbox.c.turn.desc()).limit(1)).one()
        return tuple(from_json(message) for message in found)

    def talker(self) -> Talker:
        """Who says what comes next."""
        return Talker("", QUICK, self.messages())

    def finish(self) -> str:
        """Answer until there is a result; gives the page."""
        while True:
            action = self.talker().event().action
            if isinstance(action, Said):
                self.send(text=action.text)
            else:
                assert isinstance(action, presses.Press)
                self.send(press=presses.encode(action))
            if any(message.picture for message in self.messages()):
                return self.html()

    def choose(self, value: str) -> str:
        """Answer the open question with the choice of this value."""
        for button in (button for message in self.messages() for button in message.buttons):
            action = presses.decode(button.press) if button.press else None
            if isinstance(action, Tapped) and action.value == value:
                return self.send(press=button.press)
        raise LookupError(value)


def at_home(database: Database, share: str, people: Two, *, address: str = "phone") -> clients.Client:
    """A client with a check that was taken alone, and with words that are nobody else's."""
    intake, talker = new_intake(database), Talker(address, QUICK)
    talker.hear(intake.take(talker.does(Opened())))
    id = finish(intake, talker).owner_id
    talker.hear(intake.take(talker.does(Said("ここだけの話ですが、山田と申します"))))
    return client_of(database, people.home.id, id, share)


def go_into(database: Database, owner_id: int, flow: str) -> None:
    """What the owner has begun meanwhile on the phone."""
    mine = owner.c.id == owner_id
    with database.writing() as connection:
        row = connection.execute(select(owner.c.tag, owner.c.record).where(mine)).one()
        begun = record.to_json(record.from_json(row.tag, row.record).push(flow))
        connection.execute(update(owner).where(mine).values(record=begun))


# ---------------------------------------------------------------- beginning


def test_nothing_begins_before_the_owner_has_said_yes(desk: TestClient, database: Database, people: Two) -> None:
    one = at_home(database, "all", people)
    before = rows(database, client)
    for address in ("/desk/together", f"/desk/clients/{one.id}/together"):
        assert desk.get(address).status_code == 200
        refused = desk.post(address)
        assert refused.status_code == 422
        assert "「はい」を聞いてから" in refused.text
    assert rows(database, sitting) == []
    assert rows(database, client) == before


def test_with_somebody_new_the_check_is_taken_as_ever_and_says_who_answered(
    desk: TestClient, database: Database, people: Two
) -> None:
    beside = Beside(desk, database, "/desk/together", name="海辺食堂")
    assert "こんにちは" in beside.html()
    assert "あと" in beside.choose("quick")
    beside.finish()
    (made,) = rows(database, result)
    assert made["member_id"] == people.officer.id
    assert {row["member_id"] for row in rows(database, outbox)} == {people.officer.id}
    with database.reading() as connection:
        assert owners.agreed(connection, made["owner_id"], str(beside.row()["notice"]))
        (mine,) = clients.of_owner(connection, made["owner_id"])
    assert (mine.name, mine.agency_id, mine.member_id) == ("海辺食堂", people.home.id, people.officer.id)
    (step,) = rows(database, journey)
    assert (step["agency_id"], step["channel"], step["finished_at"]) == (people.home.id, "desk", NOW)


def test_what_the_officer_does_is_noted_and_the_answers_once(desk: TestClient, database: Database) -> None:
    beside = Beside(desk, database, "/desk/together")
    beside.finish()
    desk.post(f"{beside.page}/end")
    noted = [(row["act"], row["subject"]) for row in rows(database, audit)]
    subject = f"sitting:{beside.row()['id']}"
    assert noted == [(act, subject) for act in ("together.begin", "together.answer", "together.end")]


def test_who_is_sat_with_at_an_event_is_of_that_event(desk: TestClient, database: Database, people: Two) -> None:
    with database.writing() as connection:
        event = referrals.add(connection, people.home.id, people.officer.id, "event", "会", NOW, day=NOW.date())
        other = referrals.add(connection, people.other.id, None, "event", "よその会", NOW, day=NOW.date())
    assert "よその会" not in desk.get("/desk/together").text
    assert desk.post("/desk/together", data=HEARD | {"event": str(other.id)}).status_code == 422
    Beside(desk, database, "/desk/together", event=str(event.id)).choose("quick")
    (step,) = rows(database, journey)
    assert (step["referral_id"], step["began_at"]) == (event.id, NOW)


@pytest.mark.parametrize("share", ["", "nothing"])
def test_who_shares_nothing_is_no_client_to_sit_with(
    desk: TestClient, database: Database, people: Two, share: str
) -> None:
    one = at_home(database, share, people)
    address = f"/desk/clients/{one.id}/together"
    assert desk.get(address).status_code == desk.post(address, data=HEARD).status_code == 404


def test_who_is_in_the_middle_of_a_booking_is_not_sat_with(desk: TestClient, database: Database, people: Two) -> None:
    one = at_home(database, "all", people)
    go_into(database, one.owner_id, "consult")
    answer = desk.post(f"/desk/clients/{one.id}/together", data=HEARD)
    assert "いまは始められません" in answer.text
    assert rows(database, sitting) == []


# ---------------------------------------------------------------- what is shown


def test_of_a_client_only_the_sitting_is_shown(desk: TestClient, database: Database, people: Two) -> None:
    one = at_home(database, "all", people)
    beside = Beside(desk, database, f"/desk/clients/{one.id}/together")
    talker = Talker("phone")
    talker.events = 900
    new_intake(database).take(talker.does(Said("スマホからの内緒の話")))
    page = beside.send(text="メニュー")
    assert "メニュー" in page
    assert "内緒の話" not in page
    assert "山田と申します" not in page
    # The guard off: the whole conversation does hold it.
    assert {"スマホからの内緒の話", "ここだけの話ですが、山田と申します"} <= {
        row["said"] for row in rows(database, outbox)
    }


def test_the_address_of_a_result_is_not_told_to_the_officer(desk: TestClient, database: Database) -> None:
    beside = Beside(desk, database, "/desk/together")
    page = beside.finish()
    (made,) = rows(database, result)
    assert made["token"] not in page
    assert "/r/" not in page
    pictures = re.findall(r'src="(/desk/together/[^"]+)"', page)
    assert [address.rpartition("/")[2] for address in pictures] == ["share.svg", "balance.svg"]
    assert all(desk.get(address).headers["content-type"] == "image/svg+xml" for address in pictures)
    assert desk.get(pictures[0].replace("share", "other")).status_code == 404
    assert desk.get(re.sub(r"/\d+/share", "/1/share", pictures[0])).status_code == 404
    desk.post(f"{beside.page}/end")
    assert {desk.get(address).status_code for address in pictures} == {404}


@pytest.mark.parametrize("text", ["データ", "すべて消す", "ほかのアプリで続ける", "予約", "見直す", "設定", "共有"])
def test_what_is_the_owners_own_is_not_had_from_the_side(desk: TestClient, database: Database, text: str) -> None:
    beside = Beside(desk, database, "/desk/together")
    beside.choose("quick")
    page = beside.send(text=text)
    assert "ここでできるのは診断だけです" in page
    assert not re.search(r'href="/(me|link|x|b)/', page)


@pytest.mark.parametrize("press", ["c:data", "c:link", "c:erase", "c:booked", "c:join:go-abcd2345", "c:settings"])
def test_no_button_leads_there_either_whoever_makes_one_up(desk: TestClient, database: Database, press: str) -> None:
    beside = Beside(desk, database, "/desk/together")
    assert "ここでできるのは診断だけです" in beside.send(press=press)


def test_the_owner_has_it_all_the_same(database: Database) -> None:
    # The guard off: the same words of the owner's own lead there.
    intake, talker = new_intake(database), Talker("phone", QUICK)
    talker.hear(intake.take(talker.does(Opened())))
    for text in ("データ", "設定", "予約"):
        taken = intake.take(talker.does(Said(text)))
        assert not any("ここでできるのは" in message.text for message in taken.messages)


def test_a_code_typed_from_the_side_joins_nobody(desk: TestClient, database: Database, people: Two) -> None:
    one = at_home(database, "nothing", people)
    taken = new_intake(database).take(Event("x", "web", "chat", "phone", Command("link")))
    code = next(message.text for message in taken.messages if message.text.startswith("go-"))
    beside = Beside(desk, database, "/desk/together")
    beside.choose("quick")
    beside.send(text=code)
    assert beside.row()["owner_id"] != one.owner_id
    assert not any(
        row["said"] == "ここだけの話ですが、山田と申します" for row in rows(database, outbox) if row["member_id"]
    )
    with database.reading() as connection:
        assert set(sittings.flows(connection, int(str(beside.row()["owner_id"])))) <= {"check", "question", "help"}


def test_going_back_tells_nothing_of_what_was_answered_elsewhere(
    desk: TestClient, database: Database, people: Two
) -> None:
    one = at_home(database, "all", people)
    beside = Beside(desk, database, f"/desk/clients/{one.id}/together")
    page = beside.send(text="戻る")
    assert "1つ前の質問に戻りました" in page
    assert "前のお答え:" not in page
    # The guard off: the owner is told.
    taken = new_intake(database).take(Event("y", "web", "chat", "phone", Said("戻る")))
    assert any("前のお答え:" in message.text for message in taken.messages)


def sent_by_both(database: Database, people: Two, share: str) -> clients.Client:
    """A client with a check taken alone, who came by another agency, too; with `share`, that was answered."""
    intake, talker = new_intake(database), Talker("phone", QUICK)
    begun = intake.take(talker.does(Opened()))
    talker.hear(begun)
    client_of(database, people.other.id, begun.owner_id, "")
    last = finish(intake, talker)
    if share:
        (press,) = (b.press for m in last.messages for b in m.buttons if (b.press or "").endswith(f":{share}"))
        action = presses.decode(press)
        assert action
        intake.take(Event("shared", "web", "chat", "phone", action))
    return client_of(database, people.home.id, begun.owner_id, "all")


def test_by_which_other_agency_somebody_came_is_not_told_beside_them(
    desk: TestClient, database: Database, people: Two
) -> None:
    one = at_home(database, "all", people)
    client_of(database, people.other.id, one.owner_id, "")
    beside = Beside(desk, database, f"/desk/clients/{one.id}/together")
    beside.send(press=presses.encode(Command("restart")))
    assert "結果" in beside.finish()
    assert people.other.name not in beside.html()
    # The guard off: the owner is asked.
    with database.reading() as connection:
        assert len([each for each in clients.of_owner(connection, one.owner_id) if not each.share]) == 1


def test_who_is_just_being_asked_by_another_agency_is_not_sat_with(
    desk: TestClient, database: Database, people: Two
) -> None:
    one = sent_by_both(database, people, "")
    refused = desk.post(f"/desk/clients/{one.id}/together", data=HEARD)
    assert (refused.status_code, people.other.name in refused.text) == (200, False)
    assert rows(database, sitting) == []


def test_nobody_goes_back_to_what_was_said_to_another_agency(desk: TestClient, database: Database, people: Two) -> None:
    one = sent_by_both(database, people, "nothing")
    beside = Beside(desk, database, f"/desk/clients/{one.id}/together")
    page = beside.send(text="戻る")
    assert people.other.name not in page
    assert "ここでできるのは診断だけです" in page
    # The guard off: the owner is asked anew.
    taken = new_intake(database).take(Event("y", "web", "chat", "phone", Said("戻る")))
    assert any(people.other.name in message.text for message in taken.messages)


def test_thanks_tell_nothing_of_bookings(
    desk: TestClient, database: Database, people: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Effect] = []
    perform = Effects.perform

    def noted(self: Effects, effect: Effect) -> Any:
        asked.append(effect)
        return perform(self, effect)

    monkeypatch.setattr(Effects, "perform", noted)
    one = at_home(database, "result", people)
    beside = Beside(desk, database, f"/desk/clients/{one.id}/together")
    asked.clear()
    assert "こちらこそ" in beside.send(text="ありがとうございます")
    assert Bookings() not in asked


def test_a_sitting_is_nobody_elses(desk: TestClient, database: Database, people: Two) -> None:
    beside = Beside(desk, database, "/desk/together")
    for member in (people.admin, people.other_officer):
        sign_in(database, desk, member)
        assert desk.get(beside.page).status_code == 404
        for form in ("", "/end", "/hand"):
            assert desk.post(f"{beside.page}{form}", data={"text": "1"}).status_code == 404
        assert "続ける" not in desk.get("/desk/together").text


def test_the_same_form_sent_twice_is_one_answer(desk: TestClient, database: Database) -> None:
    beside = Beside(desk, database, "/desk/together")
    form = {"text": "わかりません", "event": "0"}
    for _ in range(2):
        desk.post(beside.page, data=form)
    turns = len(rows(database, outbox))
    desk.post(beside.page, data=form | {"event": "1"})
    assert (turns, len(rows(database, outbox))) == (2, 3)


def test_what_the_owner_does_meanwhile_on_the_phone_is_left_alone(
    desk: TestClient, database: Database, people: Two
) -> None:
    one = at_home(database, "all", people)
    beside = Beside(desk, database, f"/desk/clients/{one.id}/together")
    go_into(database, one.owner_id, "consult")
    said = rows(database, outbox)
    answer = desk.post(beside.page, data={"text": "1"})
    assert "done=together-elsewhere" in answer.headers["location"]
    assert rows(database, outbox) == said


# ---------------------------------------------------------------- the end


def test_once_ended_nothing_is_shown_or_said_any_more(desk: TestClient, database: Database) -> None:
    beside = Beside(desk, database, "/desk/together")
    beside.choose("quick")
    answered = len(rows(database, outbox))
    desk.post(f"{beside.page}/end")
    page = beside.html()
    assert "いっしょに診断は終わりました" in page
    assert 'id="turns"' not in page
    desk.post(beside.page, data={"text": "1"})
    assert len(rows(database, outbox)) == answered
    with database.reading() as connection:
        assert owners.reach(connection, int(str(beside.row()["owner_id"]))) is None


def test_a_sitting_ends_by_itself(desk: TestClient, database: Database, people: Two, clock: Clock) -> None:
    beside = Beside(desk, database, "/desk/together")
    clock.now = NOW + sittings.LIFE
    sign_in(database, desk, people.officer, clock.now)
    assert 'id="turns"' not in beside.html()
    assert "続ける</a>" not in desk.get("/desk/together").text


def test_who_chooses_to_share_nothing_closes_the_page(desk: TestClient, database: Database) -> None:
    beside = Beside(desk, database, "/desk/together")
    beside.finish()
    page = beside.choose("nothing")
    assert "何も見せないことを選びました" in page
    assert 'id="turns"' not in page
    (shared,) = rows(database, client)
    assert shared["share"] == "nothing"


def test_it_is_kept_and_exported_who_tapped_what_an_agency_may_see(
    desk: TestClient, database: Database, people: Two
) -> None:
    beside = Beside(desk, database, "/desk/together")
    beside.finish()
    beside.choose("result")
    (one,) = rows(database, client)
    with database.reading() as connection:
        (said,) = owners.export(connection, one["owner_id"])["consents"]
    assert (said["share"], said["member_id"]) == ("result", people.officer.id)
    # Alone, nobody of the agency is beside.
    sent_by_both(database, people, "all")
    assert rows(database, consent)[-1]["member_id"] is None


def test_a_share_that_ends_on_the_phone_closes_the_page_at_once(
    desk: TestClient, database: Database, people: Two
) -> None:
    one = at_home(database, "result", people)
    beside = Beside(desk, database, f"/desk/clients/{one.id}/together")
    assert 'id="turns"' in beside.html()
    with database.writing() as connection:
        clients.share(connection, one, "nothing", "test", NOW)
    assert 'id="turns"' not in beside.html()
    answered = len(rows(database, outbox))
    desk.post(beside.page, data={"text": "1"})
    assert len(rows(database, outbox)) == answered


def test_the_owner_takes_the_conversation_along(desk: TestClient, database: Database, clock: Clock) -> None:
    beside = Beside(desk, database, "/desk/together")
    beside.finish()
    desk.post(f"{beside.page}/end")
    desk.post(f"{beside.page}/hand")
    (code,) = set(re.findall(r"go-[0-9a-z]{8}", re.sub(r"<svg.*?</svg>", "", beside.html(), flags=re.DOTALL)))
    intake, phone = new_intake(database), Talker("new phone", 0)
    phone.hear(intake.take(phone.does(Opened(), code=code)))
    taken = intake.take(phone.event())
    (made,) = rows(database, result)
    assert taken.joined == made["owner_id"] == beside.row()["owner_id"]
    # Whoever has it on a phone is given no other code.
    assert "ご本人のスマートフォンで続ける" not in beside.html()


def test_no_code_long_after_the_end_nor_for_who_has_an_app(
    desk: TestClient, database: Database, people: Two, clock: Clock
) -> None:
    one = at_home(database, "all", people)
    known = Beside(desk, database, f"/desk/clients/{one.id}/together")
    new = Beside(desk, database, "/desk/together")
    desk.post(f"{new.page}/end")
    clock.now = later(minutes=16)
    sign_in(database, desk, people.officer, clock.now)
    for beside in (known, new):
        desk.post(f"{beside.page}/hand")
        assert "go-" not in re.sub(r"<svg.*?</svg>", "", beside.html(), flags=re.DOTALL)
        assert "QRコードを出す" not in beside.html()


def test_of_two_who_are_one_the_one_who_goes_on_is_not_shown(desk: TestClient, database: Database, people: Two) -> None:
    one = at_home(database, "all", people)
    beside = Beside(desk, database, "/desk/together")
    gone = int(str(beside.row()["owner_id"]))
    with database.writing() as connection:
        owners.merge(connection, gone, one.owner_id)
    page = beside.html()
    assert 'id="turns"' not in page
    assert "山田" not in page
    # The guard off: were it still open, it would go on with the other conversation.
    with database.writing() as connection:
        connection.execute(update(sitting).values(ended_at=None))
    assert 'id="turns"' in beside.html()


# ---------------------------------------------------------------- what it says afterwards


def test_the_owners_page_and_export_say_who_sat_beside(desk: TestClient, database: Database, people: Two) -> None:
    alone = at_home(database, "nothing", people)
    Beside(desk, database, "/desk/together").finish()
    by = {row["owner_id"]: row["token"] for row in rows(database, result)}
    (owner_id,) = set(by) - {alone.owner_id}
    words = "みなと商工会議所の職員といっしょに答えました"
    assert words in unescape(desk.get(f"/r/{by[owner_id]}").text)
    assert words not in unescape(desk.get(f"/r/{by[alone.owner_id]}").text)
    with database.reading() as connection:
        exported = owners.export(connection, owner_id)
        latest = results.latest(connection, owner_id)
    assert latest
    assert [row["member_id"] for row in exported["sittings"]] == [people.officer.id]
    assert {"id": people.home.id, "name": people.home.name} in exported["agency_names"]


def test_the_record_of_the_check_is_at_its_end(desk: TestClient, database: Database) -> None:
    beside = Beside(desk, database, "/desk/together")
    beside.finish()
    beside.choose("result")
    assert beside.messages()[-1].kind == "one"
    assert rows(database, journey)[0]["stands"] in {"", *NEXT.values()}
