"""Owners whom an agency has sent: how they come, what they let it see, and what its officers may ask of them."""

from __future__ import annotations

import hashlib
from contextlib import closing
from datetime import time, timedelta
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot.app import make_app
from dialogs.content import packaged
from dialogs.events import Command
from dialogs.flows.sharing import LABELS, WORDING
from scheduler.experts import Profile, Weekly
from storage import Database, bookings, clients, members, owners, referrals, timers
from storage.referrals import Invitation
from storage.schema import client, consent, journey
from tests.agencies import MINATO, UMIBE, asks, clients_of, connects, ends, invites_one, officer, refers
from tests.serving import settings_for
from tests.taking import rows
from tests.talk import START, Talk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.clients import Client

QUICK = ("1分でざっくり", "事務業務の効率化", "これで決定", "紙や口頭が中心", *["1"] * 4)
NOTHING, RESULT, ALL = "見せない", "結果だけ見せる", "結果と相談を見せる"
BY_LABEL = {NOTHING: "nothing", RESULT: "result", ALL: "all"}
OURS = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def talk(database_url: str) -> Iterator[Talk]:
    with closing(Talk(database_url)) as talk:
        yield talk


def checked(talk: Talk) -> str:
    """The owner makes the quick check to its result; gives the question that comes after it."""
    for label in QUICK:
        talk.say(label)
    return talk.shown()[-1].text


def come(talk: Talk, share: str = ALL, agency: str = MINATO) -> Client:
    """The owner comes by an agency's code, makes the check, and answers what it may see."""
    refers(talk, agency)
    talk.open(talk.made)
    checked(talk)
    talk.tap(share)
    (one,) = known(talk)
    return one


def known(talk: Talk, address: str = "owner") -> list[Client]:
    """The clients that an owner is."""
    with talk.database.reading() as connection:
        return list(clients_of(connection, talk, address))


def seen(talk: Talk, one: Client) -> bool:
    """Whether the agency may see a client now."""
    with talk.database.reading() as connection:
        return clients.seen(connection, one.agency_id, one.id) is not None


def texts(talk: Talk) -> str:
    """All that was said in the latest turn."""
    return "\n".join(message.text for message in talk.shown())


def booked(talk: Talk) -> None:
    """The owner books an expert for tomorrow at eleven."""
    weekly = tuple(Weekly(day, time(9), time(17)) for day in range(5))
    talk.expert("山田 花子", Profile(weekly=weekly, asks=False, meeting="https://meet.example/1"), "expert")
    for step in ("専門家に相談", "IT導入", "Web会議で話す", "12月2日 11時", "12月2日(水) 11時", "見せずに予約"):
        talk.say(step)
    talk.fire()


def guests(talk: Talk) -> list[str]:
    """Who comes along to the one booking there is."""
    with talk.database.reading() as connection:
        (one,) = bookings.all_of(connection)
        return list(bookings.guests(connection, one.id).values())


def connected(talk: Talk) -> None:
    """The officer has a chat."""
    code = connects(talk)
    talk.go_to("member")
    talk.say(code)
    talk.go_to("owner")


# ---------------------------------------------------------------- the words


def test_who_changes_the_words_of_consent_gives_them_a_new_version() -> None:
    phrases = packaged().phrases
    question = phrases.asks["agency-share"]
    said = [phrases.say("sharing.ask", agency="A"), phrases.say("sharing.what")]
    said += [f"{choice.value}:{choice.label}" for choice in question.choices]
    said += [phrases.buttons[name] for name in LABELS.values()]
    versions = {"2026-11-22": "83b389c935f472eb"}
    assert hashlib.sha256("\n".join(said).encode()).hexdigest()[:16] == versions[WORDING], "WORDING needs a new version"


# ---------------------------------------------------------------- coming


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "by-link"])
def test_it_is_known_from_the_first_contact_by_which_way_somebody_came(talk: Talk, typed: bool) -> None:
    code = refers(talk, UMIBE)
    said = talk.say(code) if typed else talk.open(code)
    assert f"{UMIBE}のご案内ですね" in said[0].text
    assert said[-1].kind == "one", "the check begins with no tap before it"
    (row,) = rows(talk.database, journey)
    (one,) = known(talk)
    assert (row["agency_id"], row["referral_id"]) == (one.agency_id, one.referral_id)
    assert one.agency == UMIBE
    assert (one.share, seen(talk, one)) == ("", False)


def test_an_invitation_is_one_persons_and_tells_the_agency_whom_it_meant(talk: Talk) -> None:
    code = invites_one(talk, name="はまべ工業")
    talk.open(code)
    (one,) = known(talk)
    talk.go_to("another")
    talk.open(code)
    with talk.database.reading() as connection:
        by = officer(connection, MINATO)
    (first, second) = rows(talk.database, client)
    assert (first["id"], one.name, one.member_id) == (one.id, "はまべ工業", by.id)
    # Whoever comes second has come by the agency, and is not whom it meant.
    assert (second["agency_id"], second["invitation_id"], second["name"]) == (one.agency_id, None, "")
    assert second["member_id"] is None


@pytest.mark.parametrize("standing", ["open", "withdrawn", "expired"])
@pytest.mark.parametrize("met", [False, True], ids=["new", "known"])
def test_whoever_tries_an_invitation_does_not_learn_whether_somebody_has_come_by_it(
    talk: Talk, standing: str, *, met: bool
) -> None:
    said = []
    for used in (False, True):
        code = invites_one(talk, name="はまべ工業")
        if used:
            talk.go_to(f"{standing}-{met}-who came")
            talk.open(code)
        talk.go_to(f"tries-{used}")
        if met:
            talk.open(refers(talk))
        if standing == "withdrawn":
            withdraws(talk, code)
        tried = [talk.say(code), talk.say(code)]
        now = talk.now
        if standing == "expired":
            talk.now += referrals.LIFE
        else:
            withdraws(talk, code)
        tried.append(talk.say(code))
        talk.now = now
        said.append([[message.text for message in messages] for messages in tried])
    assert said[0] == said[1]


def withdraws(talk: Talk, code: str) -> None:
    """The agency takes an invitation back."""
    with talk.database.writing() as connection:
        found = referrals.by_code(connection, code)
        assert found
        referrals.withdraw(connection, found.agency_id, talk.now, id=found.id)


def test_of_two_who_look_an_invitation_up_at_once_one_comes_by_it(talk: Talk) -> None:
    code = invites_one(talk)
    with talk.database.writing() as connection:
        first, second = (referrals.by_code(connection, code) for _ in range(2))
        assert isinstance(first, Invitation)
        assert isinstance(second, Invitation)
        assert first.used_at is None
        assert second.used_at is None
        assert [referrals.use(connection, one.id, talk.now) for one in (first, second)] == [True, False]


def test_who_comes_by_a_code_in_the_middle_of_a_booking_goes_on_with_it(talk: Talk) -> None:
    talk.expert("山田 花子", Profile(weekly=(Weekly(2, time(9), time(17)),), asks=False), "expert")
    for step in ("専門家に相談", "IT導入"):
        talk.say(step)
    before = talk.shown()[-1].text
    talk.say(refers(talk))
    assert talk.shown()[0].text.startswith(f"{MINATO}のご案内ですね")
    assert talk.shown()[-1].text == before


@pytest.mark.parametrize("why", ["expired", "withdrawn", "ended", "made-up"])
def test_a_way_that_is_good_no_more_makes_nobody_a_client_and_stops_nobody(talk: Talk, why: str) -> None:
    code = refers(talk) if why == "ended" else invites_one(talk)
    match why:
        case "expired":
            talk.now += referrals.LIFE
        case "withdrawn":
            withdraws(talk, code)
        case "ended":
            ends(talk)
        case _:
            code = "iv-22222222"
    said = talk.open(code)
    assert "お使いいただけます" in said[0].text
    assert said[-1].kind == "one"
    assert known(talk) == []
    assert rows(talk.database, journey)[0]["agency_id"] is None


def test_who_comes_again_is_not_asked_again(talk: Talk) -> None:
    before = come(talk, NOTHING)
    talk.say(refers(talk))
    assert "もうお越しいただいています" in texts(talk)
    assert "見せてもよいですか" not in texts(talk)
    assert known(talk) == [before]


def test_who_came_by_a_desk_first_is_known_by_the_name_of_a_later_invitation(talk: Talk) -> None:
    come(talk)
    talk.say(invites_one(talk, name="はまべ工業"))
    (one,) = known(talk)
    assert (one.name, one.share) == ("はまべ工業", "all")


def test_the_chat_of_a_member_or_an_expert_is_made_no_client(talk: Talk) -> None:
    code = refers(talk)
    connected(talk)
    talk.say(talk.invite(f"expert:{talk.expert('山田 花子', Profile()).id}"))
    for address in ("member", "owner"):
        talk.go_to(address)
        talk.say(code)
        assert "お渡しする合言葉" in texts(talk)
    assert rows(talk.database, client) == []


def test_a_link_on_a_page_brings_somebody_new_at_once_and_asks_who_is_known(talk: Talk) -> None:
    code = refers(talk)
    with TestClient(application(talk), follow_redirects=False) as browser:
        assert f"{MINATO}のご案内ですね" in browser.get(f"/?c={code}").text
        assert browser.get(f"/?c={code}").headers["location"] == f"/link/{code}"


def test_looking_at_the_link_of_an_invitation_does_not_use_it_up(talk: Talk) -> None:
    code = invites_one(talk)
    with TestClient(application(talk), follow_redirects=False) as browser:
        assert browser.get(f"/?c={code}").headers["location"] == f"/link/{code}"
        assert browser.get(f"/link/{code}").status_code == 200
    assert rows(talk.database, client) == []
    with TestClient(application(talk)) as browser:
        browser.post(f"/link/{code}", data={"event": "1"}, headers=OURS)
    assert len(rows(talk.database, client)) == 1


def application(talk: Talk) -> Starlette:
    """The app over the same database."""
    return make_app(Database(talk.url), packaged(), settings_for("http://testserver"), lambda: talk.now)


# ---------------------------------------------------------------- consent


@pytest.mark.parametrize("label", BY_LABEL)
def test_one_tap_says_what_the_agency_may_see_and_is_kept_with_its_words(talk: Talk, label: str) -> None:
    one = come(talk, label)
    assert one.share == BY_LABEL[label]
    (row,) = rows(talk.database, consent)
    assert (row["share"], row["wording"], row["at"]) == (BY_LABEL[label], WORDING, START)
    assert seen(talk, one) is (label != NOTHING)


def test_nothing_is_seen_before_the_owner_has_answered(talk: Talk) -> None:
    talk.open(refers(talk))
    assert f"{MINATO}に見せてもよいですか" in checked(talk)
    (one,) = known(talk)
    assert not seen(talk, one)


def test_whose_result_was_there_first_is_asked_when_they_come(talk: Talk) -> None:
    talk.open()
    assert "見せてもよいですか" not in checked(talk)
    talk.say(refers(talk))
    talk.tap(RESULT)
    assert known(talk)[0].share == "result"


def test_who_leaves_the_question_open_is_asked_with_the_next_result(talk: Talk) -> None:
    talk.open()
    checked(talk)
    talk.say(refers(talk))
    talk.say("最初から")
    talk.tap("最初から始める")
    assert f"{MINATO}に見せてもよいですか" in checked(talk)


def test_who_has_answered_is_not_asked_with_the_next_result(talk: Talk) -> None:
    come(talk, NOTHING)
    talk.say("最初から")
    talk.tap("最初から始める")
    assert "見せてもよいですか" not in checked(talk)


def test_going_back_to_the_question_and_answering_anew_takes_the_answer_back(talk: Talk) -> None:
    one = come(talk, ALL)
    talk.say("戻る")
    talk.tap(NOTHING)
    assert not seen(talk, one)
    assert [row["share"] for row in rows(talk.database, consent)] == ["all", "nothing"]


def test_each_agency_is_answered_by_itself(talk: Talk) -> None:
    first, second = refers(talk), refers(talk, UMIBE)
    talk.open(first)
    talk.say(second)
    checked(talk)
    talk.tap(ALL)
    talk.tap(NOTHING)
    assert {one.agency: one.share for one in known(talk)} == {MINATO: "all", UMIBE: "nothing"}


def test_an_unanswered_question_of_consent_is_no_question_of_the_check_that_somebody_stopped_at(talk: Talk) -> None:
    talk.open(refers(talk))
    checked(talk)
    (row,) = rows(talk.database, journey)
    assert (row["stands"], row["finished_at"]) == ("", START)


@pytest.mark.parametrize("ends", ["typed", "tapped"])
def test_what_has_ended_is_seen_no_more(talk: Talk, ends: str) -> None:
    one = come(talk, ALL)
    if ends == "tapped":
        talk.say("共有")
        talk.tap("共有をやめる")
    else:
        talk.say("共有をやめたいです")
    assert f"いまから、{MINATO}には何も見えません" in texts(talk)
    assert not seen(talk, one)


def test_sharing_can_be_taken_up_again_in_one_tap(talk: Talk) -> None:
    one = come(talk, NOTHING)
    talk.say("共有")
    talk.tap(ALL)
    assert seen(talk, one)


def test_nobody_changes_what_another_owner_shares(talk: Talk) -> None:
    one = come(talk, ALL)
    talk.go_to("stranger")
    talk.say("こんにちは")
    talk.do(Command("sharing", f"{one.id}-nothing"))
    assert "使えなくなりました" in texts(talk)
    assert seen(talk, one)


# ---------------------------------------------------------------- what officers ask


@pytest.mark.parametrize(
    ("share", "kind", "told"),
    [
        (RESULT, "invite", True),
        (ALL, "invite", True),
        (NOTHING, "invite", False),
        (ALL, "join", True),
        (RESULT, "join", False),
    ],
)
def test_an_owner_is_asked_only_what_the_share_covers(talk: Talk, share: str, kind: str, told: bool) -> None:
    come(talk, share)
    booked(talk)
    asks(talk, kind)
    assert [address for address, _ in talk.fire()] == (["owner"] if told else [])


def test_an_officer_comes_along_by_one_tap_and_expert_and_officer_hear_of_it(talk: Talk) -> None:
    come(talk)
    booked(talk)
    connected(talk)
    asks(talk, "join")
    talk.fire()
    talk.tap("同席してもらう")
    assert guests(talk) == [f"{MINATO}の鈴木"]
    assert {address for address, _ in talk.fire()} == {"expert", "member"}
    talk.tap_old("同席してもらう", 1)
    assert talk.fire() == [], "a second tap tells nobody anything"
    reminded = {address for address, _ in talk.pass_time(START + timedelta(days=2))}
    assert reminded >= {"owner", "expert", "member"}


@pytest.mark.parametrize("after", ["共有をやめる", RESULT, ""])
def test_who_shares_consultations_no_more_has_the_officer_there_no_more(talk: Talk, after: str) -> None:
    come(talk)
    booked(talk)
    connected(talk)
    asks(talk, "join")
    talk.fire()
    talk.tap("同席してもらう")
    talk.fire()
    talk.say("共有")
    if after:
        talk.tap(after)
    assert guests(talk) == ([] if after else [f"{MINATO}の鈴木"])
    assert ("同席" in texts(talk)) is bool(after)
    assert {address for address, _ in talk.fire()} == ({"expert", "member"} if after else set())


def test_an_old_button_brings_nobody_once_the_share_has_ended(talk: Talk) -> None:
    come(talk)
    booked(talk)
    connected(talk)
    asks(talk, "join")
    talk.fire()
    talk.say("共有をやめる")
    talk.tap_old("同席してもらう", 1)
    assert "もう終わっています" in texts(talk)
    assert guests(talk) == []


@pytest.mark.parametrize("argument", ["join-{}.0-yes", "join-{}.7-yes", "join-{}.0-maybe", "invite-{}.0-yes", "x", ""])
def test_a_made_up_answer_does_nothing(talk: Talk, argument: str) -> None:
    one = come(talk)
    booked(talk)
    if argument == "join-{}.0-yes":
        # A true one, but of somebody else's.
        asks(talk, "join")
        talk.fire()
        talk.go_to("stranger")
        talk.say("こんにちは")
    talk.do(Command("reply", argument.format(one.id)))
    assert "もう終わっています" in texts(talk)
    assert guests(talk) == []


def test_an_officer_of_another_agency_can_ask_nothing(talk: Talk) -> None:
    one = come(talk)
    booked(talk)
    with talk.database.writing() as connection:
        other = officer(connection, UMIBE)
        token = bookings.all_of(connection)[0].token
        data = {"booking": token, "member": other.id}
        timers.add(connection, one.subject, "join", 0, one.owner_id, talk.now, data)
    assert talk.fire() == []


@pytest.mark.parametrize("standing", [True, False], ids=["stands", "ended"])
def test_an_officer_hears_the_answer_while_the_share_stands(talk: Talk, standing: bool) -> None:
    come(talk)
    connected(talk)
    asks(talk, "invite")
    talk.fire()
    talk.tap("いまは相談しない")
    if not standing:
        talk.say("共有をやめる")
    told = talk.fire()
    assert [address for address, _ in told] == (["member"] if standing else [])


def test_who_is_of_the_agency_no_more_hears_nothing(talk: Talk) -> None:
    come(talk)
    connected(talk)
    asks(talk, "invite")
    talk.fire()
    talk.tap("いまは相談しない")
    with talk.database.writing() as connection:
        members.keep(connection, officer(connection, MINATO).id, active=False)
    assert talk.fire() == []


# ---------------------------------------------------------------- one person, and nobody any more


def joins(talk: Talk) -> None:
    """The owner goes on in another app, and with it its conversation becomes one with this one."""
    talk.go_to("owner")
    talk.say("ほかのアプリで続ける")
    talk.go_to("app")
    talk.say(talk.code())
    talk.tap("つないで続ける")
    talk.go_to("owner")


@pytest.mark.parametrize("latest", ["owner", "app"])
def test_of_two_conversations_of_one_person_the_latest_word_holds(talk: Talk, latest: str) -> None:
    code = refers(talk)
    said = {"owner": ALL, "app": NOTHING}
    for address in sorted(said, key=lambda address: address == latest):
        talk.go_to(address)
        talk.open(code)
        checked(talk)
        talk.tap(said[address])
        talk.wait(hours=1)
    joins(talk)
    (one,) = known(talk)
    assert one.share == BY_LABEL[said[latest]]
    assert {row["owner_id"] for row in rows(talk.database, consent)} == {one.owner_id}
    assert len(rows(talk.database, consent)) == 2
    (row,) = rows(talk.database, journey)
    assert (row["agency_id"], row["came_at"]) == (one.agency_id, START)


@pytest.mark.parametrize("latest", ["owner", "app"])
def test_an_officer_comes_along_no_more_where_the_latest_word_was_said_in_the_other_app(
    talk: Talk, latest: str
) -> None:
    def shares_nothing() -> None:
        talk.wait(hours=1)
        talk.go_to("app")
        talk.open(code)
        checked(talk)
        talk.tap(NOTHING)
        talk.wait(hours=1)
        talk.go_to("owner")

    code = refers(talk)
    if latest == "owner":
        shares_nothing()
    come(talk)
    booked(talk)
    connected(talk)
    asks(talk, "join")
    talk.fire()
    talk.tap("同席してもらう")
    if latest == "app":
        shares_nothing()
    joins(talk)
    assert guests(talk) == ([f"{MINATO}の鈴木"] if latest == "owner" else [])


def test_who_had_come_in_the_other_app_is_that_agencys_client_from_then_on(talk: Talk) -> None:
    talk.open()
    checked(talk)
    code = refers(talk)
    talk.go_to("app")
    talk.open(code)
    talk.wait(minutes=1)
    joins(talk)
    (one,) = known(talk)
    assert (one.agency, one.share) == (MINATO, "")
    assert [row["agency_id"] for row in rows(talk.database, journey)] == [one.agency_id]


def test_erasing_takes_all_of_it_and_officers_hear_nothing_of_it(talk: Talk) -> None:
    come(talk)
    connected(talk)
    asks(talk, "invite")
    talk.fire()
    talk.tap("いまは相談しない")
    talk.say("すべて消す")
    talk.tap("すべて消す")
    assert talk.fire() == []
    assert [rows(talk.database, table) for table in (client, consent, journey)] == [[], [], []]


def test_what_agencies_may_see_is_part_of_what_an_owner_can_have(talk: Talk) -> None:
    come(talk, RESULT)
    with talk.database.reading() as connection:
        owner = owners.find(connection, "test", "chat", "owner")
        assert owner
        held = owners.export(connection, owner.id)
    assert [one["share"] for one in held["agencies"]] == ["result"]
    assert [one["wording"] for one in held["consents"]] == [WORDING]
