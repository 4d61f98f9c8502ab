"""One person, several apps: a code made in one leads to the same conversation in another, once, and only if wished.

Where something keeps a fault away, a pair of tests shows the fault without it.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from contextlib import closing
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from starlette.testclient import TestClient

from bot.app import make_app
from bot.house import House
from bot.parts import Parts
from bot.platforms import web
from bot.turn import Event, Taken, take_all
from bot.web import chat, ways
from dialogs.content import NOTICE, packaged
from dialogs.events import Command, Opened, Said
from storage import Database, codes, owners, results
from storage.schema import contact, inbox, link, owner
from storage.schema import metadata as tables
from storage.schema import outbox as outbox_table
from storage.schema import result as result_table
from tests.processes import _side_by_side
from tests.sending import Memory, posting
from tests.serving import SECRET, settings_for
from tests.taking import NOW, batch, event, finish, later, new_intake, rows
from tests.talk import Talk
from tests.talkers import FULL, QUICK, Talker
from tests.waiting import taken_behind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.synchronize import Barrier

    from bot.intake import Intake

PAGE = {"sec-fetch-site": "same-origin"}
SAY = packaged().phrases.say
YES = "つないで続ける"


def code_for(intake: Intake, talker: Talker) -> str:
    """A code made in this app."""
    (code,) = (
        codes.code_in(m.text) for m in intake.take(talker.does(Command("link"))).messages if codes.code_in(m.text)
    )
    return code


def greeted(database: Database, address: str, choice: int = QUICK) -> Talker:
    """An owner who has opened the chat."""
    talker = Talker(address, choice)
    talker.hear(new_intake(database).take(talker.event()))
    return talker


def ask_to_join(database: Database, *pairs: tuple[Talker, Talker]) -> None:
    """Have the first app of each pair bring along a code of the second, so that it is asked whether to join it."""
    intake = new_intake(database)
    # All codes first: another flow would take the place of the question.
    made = [code_for(intake, into) for _, into in pairs]
    for (talker, _), code in zip(pairs, made, strict=True):
        talker.hear(intake.take(talker.does(Command("join", code))))


def joined(database: Database, gone: Talker, into: Talker) -> Event:
    """One app joins the conversation of another; gives the event that did it."""
    ask_to_join(database, (gone, into))
    last = gone.event()
    gone.hear(new_intake(database).take(last))
    return last


def whose(database: Database, address: str) -> int:
    """The owner at an address."""
    with database.reading() as connection:
        found = owners.find(connection, "web", "chat", address)
    assert found
    return found.id


def everything(database: Database) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables."""
    return {table.name: rows(database, table) for table in tables.sorted_tables}


def texts(taken: Taken) -> list[str]:
    """What was answered."""
    return [message.text for message in taken.messages]


# ---------------------------------------------------------------- a code


@pytest.mark.parametrize(
    "typed",
    [
        "go-abcd2345",
        "GO-ABCD2345",
        " ｇｏ－ａｂｃｄ２３４５\n",
        "goーabcd2345",
        "go–abcd2345",
        "「go-abcd 2345」。",
        "goabcd2345",
    ],
)
def test_a_code_is_read_however_it_is_typed(typed: str) -> None:
    assert codes.code_in(typed) == "go-abcd2345"


@pytest.mark.parametrize(
    "typed", ["", "go-", "go-abcd234", "go-abcd23456", "go-abcd234o", "go-abcd234１", "flyer", "あ" * 99]
)
def test_what_is_no_code_is_not_taken_for_one(typed: str) -> None:
    assert codes.code_in(typed) == ""


def test_a_code_that_was_made_is_read_back(database: Database) -> None:
    code = code_for(new_intake(database), greeted(database, "pc"))
    assert codes.code_in(code) == code


def test_a_new_code_takes_the_place_of_the_one_before(database: Database) -> None:
    talker, intake = greeted(database, "pc"), new_intake(database)
    made = [code_for(intake, talker) for _ in range(2)]
    assert [row["code"] for row in rows(database, link)] == made[1:]


def test_a_code_ends(database: Database) -> None:
    code = code_for(new_intake(database), greeted(database, "pc"))
    with database.reading() as connection:
        assert codes.find(connection, code, later(minutes=14, seconds=59)) is not None
        assert codes.find(connection, code, later(minutes=15)) is None


# ---------------------------------------------------------------- one conversation


def test_a_conversation_goes_on_in_another_app(database_url: str) -> None:
    with closing(Talk(database_url, address="pc")) as talk:
        talk.open()
        talk.tap("1分でざっくり")
        talk.pick(["人材の確保"])
        answers, run = talk.answers(), talk.record().frames[0].run
        talk.say("スマホで続ける")
        asked = talk.shown()[-1]
        code = talk.code()

        talk.go_to("phone")
        talk.open()
        talk.say(code)
        assert talk.tap(YES)[-1] == asked
        assert (talk.answers(), talk.record().frames[0].run) == (answers, run)
        for label in ("紙や口頭が中心", "あてはまる", "ややあてはまる", "あてはまらない", "Aに近い"):
            talk.tap(label)
        found = talk.result()

        talk.go_to("pc")
        assert found
        assert talk.result() == found
        assert found.answers["picks"] == ["people"]
        talk.say("結果")
        assert talk.shown()[0].buttons[0].url == f"/r/{found.token}"


def test_what_was_said_in_either_app_is_one_row_of_turns(database: Database) -> None:
    pc, phone = greeted(database, "pc"), greeted(database, "phone")
    new_intake(database).take(phone.does(Said("メニュー")))
    joined(database, phone, pc)
    intake = new_intake(database)
    for talker in (pc, phone, pc):
        intake.take(talker.does(Said("ヘルプ")))
    (kept,) = rows(database, owner)
    ours = {
        talker.address: row["id"]
        for talker in (pc, phone)
        for row in rows(database, contact)
        if row["address"] == talker.address
    }
    said = {row["turn"]: row["contact_id"] for row in rows(database, outbox_table)}
    assert sorted(turn for turn in said if turn > 0) == [1, 2, 3, 4, 5, 6] == list(range(1, kept["turns"] + 1))
    assert [said[turn] for turn in (1, 3, 4, 5, 6)] == [ours[name] for name in ("pc", "phone", "pc", "phone", "pc")]
    assert {said[turn] for turn in said if turn <= 0} == {ours["phone"]}


def test_a_code_is_good_once(database: Database) -> None:
    pc, phone, third = (greeted(database, address) for address in ("pc", "phone", "third"))
    code = code_for(new_intake(database), pc)
    intake = new_intake(database)
    for talker in (phone, third):
        talker.hear(intake.take(talker.does(Command("join", code))))
    assert texts(intake.take(phone.event()))[0] == SAY("linked")
    late = intake.take(third.event())
    assert (texts(late)[0], late.joined) == (SAY("join.ended"), None)
    assert len(rows(database, owner)) == 2
    assert rows(database, link) == []


def test_without_its_end_a_code_is_good_for_anybody(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "use", codes.owner_of)
    pc, phone, third = (greeted(database, address) for address in ("pc", "phone", "third"))
    code = code_for(new_intake(database), pc)
    intake = new_intake(database)
    for talker in (phone, third):
        talker.hear(intake.take(talker.does(Command("join", code))))
    assert [texts(intake.take(talker.event()))[0] for talker in (phone, third)] == [SAY("linked")] * 2
    assert len(rows(database, owner)) == 1


def test_who_says_no_keeps_what_is_their_own_and_the_code_stays_good(database: Database) -> None:
    pc, phone = greeted(database, "pc"), greeted(database, "phone")
    before = whose(database, "pc"), whose(database, "phone")
    ask_to_join(database, (phone, pc))
    new_intake(database).take(phone.does(Said("つながない")))
    assert (whose(database, "pc"), whose(database, "phone")) == before
    assert len(rows(database, link)) == 1


@pytest.mark.parametrize("made", [Opened(), Said("go-abcd2345")])
def test_a_code_that_is_no_good_begins_an_ordinary_conversation(database: Database, made: Opened | Said) -> None:
    taken = new_intake(database).take(event("1", made, code="go-abcd2345"))
    assert texts(taken)[0] == SAY("join.ended")
    assert SAY("welcome.consent") in texts(taken)
    assert rows(database, contact)[0]["came_by"] is None


def test_the_answer_of_the_platform_is_used_for_what_is_said_on_joining(database: Database) -> None:
    pc, intake = greeted(database, "pc"), new_intake(database)
    code = code_for(intake, pc)
    for n, words in enumerate((code, YES)):
        intake.take(Event(str(n), "line", "bot", "U1", Said(words), at=later(seconds=n), reply=f"token{n}"))
    last = rows(database, outbox_table)[-1]
    assert (last["reply"], last["state"], last["said"]) == ("token1", "due", YES)
    assert next(row["heard_at"] for row in rows(database, contact) if row["address"] == "U1") == later(seconds=1)


def test_what_is_still_to_be_sent_is_sent_in_its_order(database_url: str) -> None:
    with posting(database_url) as post:
        pc = greeted(post.database, "pc")
        for text in ("こんにちは", "メニュー", code_for(post.intake, pc), YES, "ヘルプ"):
            post.take(Said(text), "U1")
        said = [row["id"] for row in rows(post.database, outbox_table) if row["state"] == "due"]
        while post.send():
            pass
        assert [str(sending.key) for _, sending in post.platform.taken] == said
        assert len(said) == 5


# ---------------------------------------------------------------- what comes along


@pytest.mark.parametrize("newer", ["pc", "phone"])
def test_results_come_along_and_only_the_newest_full_one_counts(database: Database, newer: str) -> None:
    apps = {address: Talker(address, FULL) for address in ("pc", "phone")}
    for address in sorted(apps, key=lambda address: address == newer):
        finish(new_intake(database), apps[address])
    before = rows(database, result_table)
    with database.reading() as connection:
        assert results.peers(connection, 0, before[0]["industry"], before[0]["size"])["n"] == 2
    joined(database, apps["phone"], apps["pc"])
    after = rows(database, result_table)
    into = whose(database, "pc")
    assert after == [row | {"owner_id": into, "latest": row is before[1]} for row in before]
    with database.reading() as connection:
        assert results.peers(connection, 0, before[0]["industry"], before[0]["size"])["n"] == 1
        assert results.peers(connection, into, before[0]["industry"], before[0]["size"])["n"] == 0
        latest = results.latest(connection, into)
    assert latest
    assert latest.token == before[1]["token"]


def test_consent_is_kept_from_whichever_conversation_has_it(database: Database) -> None:
    pc, phone = greeted(database, "pc"), greeted(database, "phone")
    phone.hear(new_intake(database, later(minutes=1)).take(phone.event()))
    joined(database, phone, pc)
    assert [(row["notice"], row["consented_at"]) for row in rows(database, owner)] == [(NOTICE, later(minutes=1))]


def test_consent_to_the_conversation_that_goes_on_comes_first(database: Database) -> None:
    apps = [greeted(database, address) for address in ("pc", "phone")]
    for n, talker in enumerate(apps):
        talker.hear(new_intake(database, later(minutes=n)).take(talker.event()))
    joined(database, apps[1], apps[0])
    assert [row["consented_at"] for row in rows(database, owner)] == [NOW]


def test_the_export_has_every_app_and_all_that_was_said_in_it(database: Database) -> None:
    pc, *others = (greeted(database, address) for address in ("pc", "phone", "tablet"))
    for talker in others:
        talker.hear(new_intake(database).take(talker.event()))
        joined(database, talker, pc)
    with database.reading() as connection:
        exported = owners.export(connection, whose(database, "pc"))
    assert {row["address"] for row in exported["contacts"]} == {"pc", "phone", "tablet"}
    assert len(exported["conversation"]) == len(rows(database, outbox_table))
    assert len(exported["events"]) == len(rows(database, inbox))
    ids = {row["address"]: row["id"] for row in exported["contacts"]}
    turns = [(row["turn"], row["contact_id"]) for row in exported["conversation"]]
    assert max(Counter(turn for turn, _ in turns).values()) == 1
    # Each conversation as a whole, the one that joined last before all that it joined.
    earlier = [contact_id for turn, contact_id in turns if turn <= 0]
    assert [contact_id for n, contact_id in enumerate(earlier) if earlier[n - 1 : n] != [contact_id]] == [
        ids["tablet"],
        ids["phone"],
    ]


def test_erasing_takes_everything_of_both(database: Database) -> None:
    apps = [Talker(address, QUICK) for address in ("pc", "phone")]
    for talker in apps:
        finish(new_intake(database), talker)
    joined(database, apps[1], apps[0])
    intake = new_intake(database, later(hours=1))
    code_for(intake, apps[0])
    for words in ("削除", "すべて消す"):
        intake.take(apps[1].does(Said(words)))
    left = everything(database)
    assert {name: len(found) for name, found in left.items() if found} == {
        "owner": 1,
        "contact": 2,
        "inbox": 1,
        "outbox": 1,
    }
    assert {row["came_by"] for row in left["contact"]} == {None}
    with database.writing() as connection:
        owners.sweep(connection, later(days=1))
    assert {name: len(found) for name, found in everything(database).items() if found} == {}


# ---------------------------------------------------------------- twice, and at once


def test_an_event_that_joined_and_arrives_again_changes_nothing(database: Database) -> None:
    last = joined(database, greeted(database, "phone"), greeted(database, "pc"))
    before = everything(database)
    again = new_intake(database).take(last)
    assert (again.owner_id, again.messages, again.joined) == (whose(database, "pc"), (), None)
    assert everything(database) == before


def test_events_of_both_in_one_batch_are_taken_as_one_by_one(database: Database) -> None:
    pc, phone = greeted(database, "a"), greeted(database, "b")
    ask_to_join(database, (phone, pc))
    yes = phone.event()
    events = [pc.does(Said("メニュー")), yes, pc.does(Said("ヘルプ")), yes, phone.does(Said("設定"))]
    taken = [future.result() for future in batch(new_intake(database), events)]
    into = whose(database, "a")
    assert [one.owner_id for one in taken] == [into] * 5
    assert [bool(one.messages) for one in taken] == [True, True, True, False, True]
    assert sorted(one.turn for one in taken if one.messages) == [3, 4, 5, 6]
    # The first of each are taken before any second.
    assert (taken[0].turn, taken[1].turn) == (3, 4)
    assert [row["turn"] for row in rows(database, outbox_table) if row["owner_id"] == into and row["turn"] > 0] == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]


def test_two_that_join_each_other_in_one_batch_are_one(database: Database) -> None:
    one, two = greeted(database, "one"), greeted(database, "two")
    ask_to_join(database, (one, two), (two, one))
    taken = together(database, [one.event(), two.event()])
    assert [texts(answer)[0] for answer in taken] == [SAY("linked")] * 2
    assert whose(database, "one") == whose(database, "two") == taken[0].joined == taken[1].joined
    assert len(rows(database, owner)) == 1


@pytest.mark.parametrize("names", ["abc", "cba", "bca"])
def test_three_that_join_in_a_row_in_one_batch_are_one(database: Database, names: str) -> None:
    first, second, third = (greeted(database, name) for name in names)
    ask_to_join(database, (second, first), (third, second))
    together(database, [third.event(), second.event()])
    assert len({whose(database, name) for name in names}) == 1
    assert len(rows(database, owner)) == 1


def together(database: Database, events: list[Event]) -> list[Taken]:
    """Events taken in one transaction."""
    with database.writing() as connection:
        return take_all(connection, packaged(), events, NOW, House(str))


ROUNDS = 5


def join_at_once(url: str, name: str, start: Barrier, out: Connection) -> None:
    """One of two processes, "one" and "two", whose owners say yes at the same moment; sends whom each has joined."""
    database = Database(url)
    intake = new_intake(database)
    found = []
    for n in range(ROUNDS):
        start.wait()
        found.append(intake.take(event(f"{name}{n} yes", Said(YES), f"{name}{n}")).joined)
    out.send(found)
    database.close()


def test_of_two_processes_with_one_code_exactly_one_joins(database: Database, database_url: str) -> None:
    for n in range(ROUNDS):
        pc, one, two = (greeted(database, f"{name}{n}") for name in ("pc", "one", "two"))
        code = code_for(new_intake(database), pc)
        for talker in (one, two):
            new_intake(database).take(talker.does(Command("join", code)))
    taken = _side_by_side(join_at_once, database_url)
    for n, both in enumerate(zip(*taken, strict=True)):
        into = whose(database, f"pc{n}")
        assert set(both) == {into, None}
        assert [whose(database, f"{name}{n}") == into for name in ("one", "two")] == [who == into for who in both]
    assert_whole(database, 2 * ROUNDS)


def test_two_processes_whose_owners_join_each_other_make_one_of_them(database: Database, database_url: str) -> None:
    for n in range(ROUNDS):
        one, two = (greeted(database, f"{name}{n}") for name in ("one", "two"))
        ask_to_join(database, (one, two), (two, one))
    _side_by_side(join_at_once, database_url)
    assert all(whose(database, f"one{n}") == whose(database, f"two{n}") for n in range(ROUNDS))
    assert_whole(database, ROUNDS)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_who_waits_for_an_owner_who_joins_another_goes_on_with_that_one(database: Database, database_url: str) -> None:
    pc, phone = greeted(database, "pc"), greeted(database, "phone")
    ask_to_join(database, (phone, pc))
    taken = taken_behind(database_url, phone.event(), phone.does(Said("ヘルプ")))
    (left,) = rows(database, owner)
    assert (taken.owner_id, taken.turn) == (left["id"], left["turns"])
    assert_whole(database, 1)


def assert_whole(database: Database, count: int) -> None:
    """So many owners are left, and every turn of theirs was answered once, in its order."""
    left = rows(database, owner)
    assert len(left) == count
    for one in left:
        turns = [
            row["turn"] for row in rows(database, outbox_table) if row["owner_id"] == one["id"] and row["turn"] > 0
        ]
        assert all(earlier < after for earlier, after in pairwise(turns))
        assert turns[-1] == one["turns"]


# ---------------------------------------------------------------- the pages


class Inviting(Memory):
    """A platform whose chat has an address."""

    async def invitation(self, code: str) -> str | None:
        return f"https://{self.channel}.example/{code}"


class Slow(Memory):
    """A platform that never says its address."""

    async def invitation(self, code: str) -> str | None:
        await asyncio.Event().wait()
        return None


class Failing(Memory):
    """A platform that can't say its address."""

    async def invitation(self, code: str) -> str | None:
        raise OSError("no way there")


class Site:
    """The site over HTTP, with LINE, Telegram and Slack as the test plays them."""

    def __init__(self, client: TestClient, parts: Parts) -> None:
        self.client = client
        self.parts = parts
        parts.platforms = {"line": Memory()}

    def browser(self) -> TestClient:
        """Another browser at the same site."""
        return TestClient(self.client.app, raise_server_exceptions=False, follow_redirects=False)

    def code(self) -> str:
        """A code made on the page."""
        self.client.get("/")
        self.client.post("/chat", data={"text": "スマホで続ける"}, headers=PAGE)
        found = re.findall(r"/link/(go-\w+)", self.client.get("/").text)
        return str(found[-1])

    def on_line(self, *said: str) -> None:
        """What an owner says on LINE."""
        for words in said:
            number = len(rows(self.parts.database, inbox))
            body = f"{number}:U1:{words}".encode()
            answer = self.client.post("/webhooks/line", content=body, headers={"x-test": "authentic"})
            assert answer.status_code == 200


@pytest.fixture
def site(database_url: str) -> Iterator[Site]:
    app = make_app(Database(database_url), packaged(), settings_for("http://testserver"), lambda: NOW)
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        yield Site(client, app.state.parts)


def newest(client: TestClient) -> str:
    """The newest turn on a browser's page."""
    return client.get("/").text.rsplit("data-turn=", 1)[1]


def test_what_is_tapped_on_line_shows_on_the_page(site: Site) -> None:
    code = site.code()
    site.on_line("こんにちは", code, YES)
    assert SAY("linked").splitlines()[0] in newest(site.client)
    site.on_line("1分でざっくり", "人材の確保")
    assert "人材の確保" in newest(site.client)
    assert "会社の仕事のやり方" in newest(site.client)
    site.client.post("/chat", data={"text": "紙や口頭が中心"}, headers=PAGE)
    site.on_line("1", "1", "1", "1")
    (token,) = {row["token"] for row in rows(site.parts.database, result_table)}
    assert f"/r/{token}" in newest(site.client)


def test_the_page_of_a_code_shows_it_with_its_end(site: Site) -> None:
    code = site.code()
    page = site.client.get(f"/link/{code}")
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert page.headers["referrer-policy"] == "same-origin"
    assert f">{code}</p>" in page.text
    assert "10時15分まで(あと15分)" in page.text
    assert site.client.get(f"/link/{code.upper()}").status_code == 200


def test_a_way_is_shown_with_an_address_where_the_platform_has_one(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "INVITING_SECONDS", 0.01)
    code = site.code()
    site.parts.platforms = {"line": Inviting(), "telegram": Slow(channel="telegram"), "slack": Failing(channel="slack")}
    page = site.client.get(f"/link/{code}").text
    assert f'href="https://line.example/{code}"' in page
    assert page.count('class="solid" href="https://') == 1
    assert "Telegramの伴走とのチャットに、上の合言葉を送ってください。" in page
    assert "Slackの伴走へのダイレクトメッセージに、上の合言葉を送ってください。" in page


def test_the_page_of_a_result_leads_to_the_chat_that_its_owner_has(site: Site) -> None:
    site.on_line("こんにちは", site.code(), YES, "1分でざっくり", "人材の確保", "1", "1", "1", "1", "1")
    (token,) = {row["token"] for row in rows(site.parts.database, result_table)}
    own = site.client.get(f"/r/{token}").text
    assert ('value="c:consult"' in own, "続けられます" in own) == (True, False)
    other = site.browser()
    page = other.get(f"/r/{token}").text
    assert "LINEの伴走のトークで続けられます" in page
    assert not any(way in page for way in ("https://line.example", 'value="c:consult"', 'class="hollow" href="/"'))
    site.parts.platforms = {"line": Inviting()}
    assert 'href="https://line.example/"' in other.get(f"/r/{token}").text
    site.parts.platforms = {}
    assert "そのときのブラウザーで続けられます" in other.get(f"/r/{token}").text


@pytest.mark.parametrize("path", ["/link/go-22222222", "/link/nonsense", "/link/%00"])
def test_a_code_that_has_ended_gets_a_kind_page(site: Site, path: str) -> None:
    page = site.client.get(path)
    assert (page.status_code, page.headers["cache-control"]) == (410, "no-store")
    assert "この合言葉は、もう使えません" in page.text


def test_a_code_that_is_typed_leads_to_its_page(site: Site) -> None:
    assert "合言葉を入れる" in site.client.get("/link").text
    there = site.client.get("/link", params={"code": "ＧＯ－ＡＢＣＤ２３４５"})
    assert (there.status_code, there.headers["location"]) == (303, "/link/go-abcd2345")
    again = site.client.get("/link", params={"code": "<b>"})
    assert "読み取れませんでした" in again.text
    assert "<b>" not in again.text


def test_another_browser_joins_once_it_has_said_so_twice(site: Site) -> None:
    code = site.code()
    other = site.browser()
    assert "このブラウザで続ける" not in site.client.get(f"/link/{code}").text
    page = other.get(f"/link/{code}").text
    (event_id,) = re.findall(r'name="event" value="(\w+)"', page)
    for _ in range(2):
        answer = other.post(f"/link/{code}", data={"event": event_id}, headers=PAGE)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
    shown = other.get("/").text
    assert shown.count("data-turn=") == 1
    assert "つないで続ける" in shown
    assert SAY("welcome.what").splitlines()[0] not in shown
    other.post("/chat", data={"text": YES}, headers=PAGE)
    assert newest(other) == newest(site.client)
    assert other.get(f"/link/{code}").status_code == 410


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://elsewhere.example"}])
def test_another_site_makes_nobody_join(site: Site, headers: dict[str, str]) -> None:
    code, other = site.code(), site.browser()
    assert other.post(f"/link/{code}", data={"event": "1"}, headers=headers).status_code == 403
    assert len(rows(site.parts.database, contact)) == 1


def test_a_link_to_the_chat_brings_a_code_along(site: Site) -> None:
    other = site.browser()
    assert "つないで続ける" in other.get("/", params={"c": site.code()}).text


def test_the_page_that_joins_is_drawn_anew(site: Site) -> None:
    other = site.browser()
    other.get("/", params={"c": site.code()})
    script = PAGE | {"accept": "application/json"}
    assert other.post("/chat", data={"text": "なに"}, headers=script).status_code == 204
    joining = other.post("/chat", data={"text": YES}, headers=script)
    assert (joining.status_code, joining.headers["location"]) == (303, "/")


def test_a_page_that_shows_a_conversation_which_has_joined_another_is_told(site: Site) -> None:
    other = site.browser()
    other.get("/", params={"c": site.code()})
    address = web.Cookies(SECRET)._serializer.loads(other.cookies[web.COOKIE])
    before = chat.find(site.parts, address)
    assert before
    other.post("/chat", data={"text": YES}, headers=PAGE)
    after = chat.find(site.parts, address)
    assert after
    assert (listened(site.parts, before, address), listened(site.parts, after, address)) == ("moved", "turn")


def listened(parts: Parts, shown: owners.Owner, address: str) -> str:
    """The first event for a page that shows this owner's conversation."""

    async def first() -> str:
        page = chat.Shown(address, shown.tag, 0)
        async for sent in chat.turns(parts, shown.id, page, anyio.Event()):
            return sent["event"]
        raise AssertionError("the stream ended")

    return asyncio.run(first())
