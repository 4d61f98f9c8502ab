"""Consent to news, and the last look before any is sent: who is out gets nothing, and nobody is disturbed."""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, select, update

from bot import outreach as reaching
from bot import purge
from bot.platforms.failures import Busy, Gone
from dialogs.content import packaged
from dialogs.events import Command, Invited, Left, Opened, Said
from dialogs.flows.outreach import WORDING
from scheduler import outreach as hours
from scheduler.experts import Profile
from storage import agencies, campaigns, clients, experts, outreach
from storage.retention import Limits, back
from storage.schema import campaign, contact, expert, journey, outbox, owner, recipient, sending
from storage.schema import outreach as news
from tests.desk import client_of
from tests.outreach import Round, begins, ends, named, plain
from tests.taking import NOW, finish, rows
from tests.talkers import QUICK, Talker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialogs.letters import Step
    from dialogs.messages import Message

ONE, TWO, PHONE = "line:one", "line:two", "telegram:one"
BOTH = pytest.mark.parametrize("step", [plain("L1"), named("L1")], ids=["equal", "personal"])
# Friday the 4th in the evening, and Monday the 7th in the morning, in Japan.
FRIDAY, MONDAY = datetime(2026, 12, 4, 10, 59, 58), datetime(2026, 12, 7, 0, 0)  # noqa: DTZ001


@pytest.fixture
def out(database_url: str) -> Iterator[Round]:
    with closing(Round(database_url)) as out:
        yield out


def texts(messages: tuple[Message, ...]) -> str:
    return "\n".join(message.text for message in messages)


def labels(messages: tuple[Message, ...]) -> list[str]:
    return [button.label for message in messages for button in message.buttons]


def said(out: Round) -> list[tuple[str, str, str]]:
    """All that was said to news, and how."""
    return [(row["choice"], row["how"], row["wording"]) for row in rows(out.database, news)]


def wants(out: Round, app: str) -> bool:
    """Whether somebody may be sent news."""
    with out.database.reading() as connection:
        mine = select(journey.c.owner_id).where(journey.c.owner_id == out.id(app), outreach.WANTS)
        return connection.execute(mine).first() is not None


def states(out: Round) -> list[tuple[str, str]]:
    """How it stands with the recipients."""
    return [(row["state"], row["reason"]) for row in rows(out.database, recipient)]


def checked(out: Round, app: str, talker: Talker | None = None) -> str:
    """Somebody makes a check to its end; gives what was said with the result."""
    channel, _, address = app.partition(":")
    one = talker or Talker(address, QUICK)
    made = one.event
    one.event = lambda: replace(made(), id=f"{out.now}{one.events}", channel=channel, account="bot")  # type: ignore[method-assign]
    said = texts(finish(out.intake, one).messages)
    one.event = made  # type: ignore[method-assign]
    return said


OFFER, STOPPED = "このトークでお知らせできます", "お知らせは、止めたまま"

# ---------------------------------------------------------------- consent


def test_who_changes_the_words_of_consent_gives_them_a_new_version() -> None:
    phrases = packaged().phrases
    question = phrases.asks["news"]
    words = [phrases.say(name, a_week=1) for name in ("news.offer", "news.back")]
    words += [phrases.say("news.now", choice=choice, a_week=1) for choice in ("in", "out", "")]
    words += [question.text, *(f"{choice.value}:{choice.label}" for choice in question.choices)]
    words += [phrases.buttons["news"], phrases.buttons["nonews"]]
    versions = {"2026-11-24": "d16f31f94a49107d"}
    assert hashlib.sha256("\n".join(words).encode()).hexdigest()[:16] == versions[WORDING], (
        "WORDING needs a new version"
    )


def test_it_is_kept_when_and_to_which_words_somebody_wanted_news(out: Round) -> None:
    out.want(ONE)
    (row,) = rows(out.database, news)
    assert (row["choice"], row["how"], row["wording"], row["at"]) == ("in", "news", f"{WORDING}/1", NOW)
    assert wants(out, ONE)


def test_news_is_offered_with_a_result_and_not_again_before_long(out: Round) -> None:
    talker = Talker("one", QUICK)
    assert OFFER in checked(out, ONE, talker)
    out.later(days=89)
    assert OFFER not in checked(out, ONE, talker)
    out.later(days=2)
    assert OFFER in checked(out, ONE, talker)


@pytest.mark.parametrize("choice", ["in", "out"])
def test_who_has_answered_is_not_offered_it_any_more(out: Round, choice: str) -> None:
    talker = Talker("one", QUICK)
    checked(out, ONE, talker)
    out.do(ONE, Command("news", choice))
    out.later(days=100)
    assert OFFER not in checked(out, ONE, talker)


def test_an_offer_is_no_consent(out: Round) -> None:
    checked(out, ONE)
    assert said(out) == [("", "offer", f"{WORDING}/1")]
    assert not wants(out, ONE)
    out.campaign(plain("L1"))
    out.run()
    assert out.got(ONE) == []


def test_the_words_name_the_number_that_holds(database_url: str) -> None:
    with closing(Round(database_url, cap=3)) as out:
        assert "多くても週に3回" in checked(out, ONE)


def test_where_none_is_sent_none_is_offered(database_url: str) -> None:
    with closing(Round(database_url, cap=0)) as out:
        assert OFFER not in checked(out, ONE)


# ---------------------------------------------------------------- the way out


@BOTH
def test_every_letter_ends_with_the_button_that_ends_them(out: Round, step: Step) -> None:
    out.want(ONE, PHONE)
    out.campaign(step)
    out.prepare()
    letters = [row["messages"] for row in rows(out.database, outbox) if row["campaign_id"]]
    assert [message[-1]["buttons"][-1]["label"] for message in letters] == ["配信停止"] * 2


@pytest.mark.parametrize(
    "way", [Command("nonews", "1"), Said("配信停止"), Said("お知らせを止めて"), Command("news", "out")]
)
def test_one_tap_or_word_ends_it_and_one_tap_begins_it_again(out: Round, way: Command | Said) -> None:
    out.want(ONE)
    answered = out.do(ONE, way).messages
    assert "お知らせを止めました" in answered[0].text
    assert labels(answered[:1]) == ["お知らせを受け取る"]
    assert (out.choice(ONE), wants(out, ONE)) == ("out", False)
    out.do(ONE, Command("news", "in"))
    assert wants(out, ONE)


WAYS_TO_SAY_IT = (
    "配信停止",
    " 配信 停止。",
    "配信を停止",
    "停止",
    "お知らせを止めて",
    "お知らせはもういらないので、送らないでください",
    "Unsubscribe",
    "opt-out",
)


def test_it_ends_in_whatever_words_it_is_wanted_in_the_middle_of_a_check_too(out: Round) -> None:
    out.want(ONE)
    for words in (*WAYS_TO_SAY_IT, "停止", "お知らせは不要です"):
        assert "お知らせを止めました" in texts(out.do(ONE, Said(words)).messages), words
        assert not wants(out, ONE)
        out.do(ONE, Command("news", "in"))
        if words == WAYS_TO_SAY_IT[-1]:
            out.do(ONE, Said("1分でざっくり"))


@pytest.mark.parametrize("channel", ["line", "telegram", "slack", "web", "terminal"])
def test_the_button_in_any_app_ends_it_in_all_of_that_person(out: Round, channel: str) -> None:
    other = f"{channel}:other"
    out.want(ONE, TWO)
    out.meet(other)
    out.join(ONE, other)
    out.campaign(plain("L1"))
    out.prepare()
    out.do(other, Command("nonews", "1"))
    out.send()
    assert (out.got(ONE), out.got(TWO)) == ([], ["L1"])


@pytest.mark.parametrize("there", [True, False], ids=["over", "gone"])
def test_the_button_works_when_its_campaign_is_over_and_when_it_is_gone(out: Round, there: bool) -> None:
    out.want(ONE)
    id = out.campaign(plain("L1"))
    out.run()
    out.prepare()
    with out.database.reading() as connection:
        assert campaigns.get(connection, id).state == "done"
    out.do(ONE, Command("nonews", str(id if there else id + 1)))
    assert not wants(out, ONE)
    out.campaign(plain("L2"))
    out.later(days=8)
    out.run()
    assert out.got(ONE) == ["L1"]


def test_who_is_out_gets_no_later_step_and_is_brought_in_by_no_trigger(out: Round) -> None:
    out.want(ONE, TWO)
    id = out.campaign(plain("L1"), named("L2", 3), plain("L3", 7))
    out.run()
    out.do(ONE, Command("nonews", str(id)))
    with out.database.writing() as connection:
        agency_id = campaigns.get(connection, id).agency_id
        steps = (plain("L4"),)
        one = campaigns.add(
            connection, agency_id, None, "L4", out.now, everybody=True, steps=steps, trigger="dropped", state="sending"
        )
        connection.execute(update(journey).values(began_at=out.now, stands="sales", seen_at=out.now))
    for _ in range(30):
        out.later(days=1)
        out.run()
    assert out.got(ONE) == ["L1"]
    assert sorted(out.got(TWO)) == ["L1", "L2", "L3", "L4"]
    assert one.trigger == "dropped"


def test_who_types_it_while_a_person_leads_is_heard_by_us(out: Round) -> None:
    out.want(ONE)
    begins(out, ONE)
    out.do(ONE, Said("配信停止"))
    assert not wants(out, ONE)
    assert out.do(ONE, Said("売上のことです")).messages == ()


def test_somebody_new_or_erased_who_wants_none_is_told_so_and_asked_nothing(out: Round) -> None:
    assert "お知らせを止めました" in texts(out.do(ONE, Said("配信停止")).messages)
    out.want(TWO)
    out.do(TWO, Command("erase"))
    out.do(TWO, Said("はい"))
    assert [message.kind for message in out.do(TWO, Said("配信停止")).messages] == ["say"]


@BOTH
def test_out_is_out_in_every_app_and_every_campaign(out: Round, step: Step) -> None:
    out.want(ONE, PHONE)
    out.join(ONE, PHONE)
    first, second = out.campaign(step), out.campaign(plain("L2"))
    out.turn(second, "paused")
    out.do(PHONE, Said("配信停止"))
    out.turn(second, "sending")
    out.run()
    out.later(days=8)
    out.run()
    assert out.got(ONE) + out.got(PHONE) == []
    assert states(out) == [("out", "optout")] * 2
    assert first != second


@BOTH
@pytest.mark.parametrize("held", [False, True], ids=["waiting", "held"])
def test_what_is_on_its_way_is_not_sent_to_who_is_out_by_then(out: Round, step: Step, held: bool) -> None:
    out.want(ONE, TWO)
    id = out.campaign(step)
    out.prepare()
    if held:
        out.turn(id, "paused")
    out.do(ONE, Command("nonews", f"{id}"))
    if held:
        out.turn(id, "sending")
    out.send()
    assert (out.got(ONE), out.got(TWO)) == ([], ["L1"])


@BOTH
def test_nor_when_it_was_tried_before(out: Round, step: Step) -> None:
    out.want(ONE, TWO)
    out.send()
    id = out.campaign(step)
    out.prepare()
    for address in ("one", "two", *(row["address"] for row in crowds(out))):
        out.platforms["line"].fails[address] = [Busy("slow", after=60)]
    out.send()
    out.do(ONE, Command("nonews", f"{id}"))
    out.later(minutes=2)
    out.send()
    assert (out.got(ONE), out.got(TWO)) == ([], ["L1"])


def crowds(out: Round) -> list[dict[str, str]]:
    return [row for row in rows(out.database, contact) if row["address"].startswith("crowd:")]


def test_without_the_last_look_it_would_be(out: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other half of the pair."""
    monkeypatch.setattr(outreach.Ready, "against", lambda self, cap: "")
    out.want(ONE, TWO)
    id = out.campaign(plain("L1"))
    out.prepare()
    out.do(ONE, Command("nonews", f"{id}"))
    out.send()
    assert out.got(ONE) == ["L1"]


# ---------------------------------------------------------------- blocking, and coming back


@pytest.mark.parametrize("comes", [Opened(), Command("start")], ids=["follows", "starts"])
def test_who_blocks_us_is_out_and_asked_anew_once_on_coming_back(out: Round, comes: Opened | Command) -> None:
    out.want(ONE)
    out.do(ONE, Left())
    assert (out.choice(ONE), wants(out, ONE)) == ("left", False)
    back = out.do(ONE, comes).messages
    assert STOPPED in back[0].text
    assert labels(back[:1]) == ["お知らせを受け取る", "個人情報の扱い(全文)"]
    assert not wants(out, ONE), "nobody is in who has not said so"
    assert STOPPED not in texts(out.do(ONE, comes).messages)


@pytest.mark.parametrize("before", ["", "out"])
def test_who_was_not_in_is_not_asked_on_coming_back(out: Round, before: str) -> None:
    out.meet(ONE)
    if before:
        out.do(ONE, Command("news", before))
    out.do(ONE, Left())
    assert STOPPED not in texts(out.do(ONE, Opened()).messages)
    assert out.choice(ONE) == before


def test_a_block_that_only_sending_finds_counts_as_well(out: Round) -> None:
    out.want(PHONE)
    out.platforms["telegram"].fails["one"] = [Gone("blocked")]
    out.do(PHONE, Said("メニュー"))
    out.send()
    assert (out.choice(PHONE), wants(out, PHONE)) == ("left", False)


# ---------------------------------------------------------------- two who are one


@pytest.mark.parametrize("stays", [ONE, PHONE])
@pytest.mark.parametrize(
    ("one", "phone", "holds"),
    [
        ("in", "", "in"),
        ("in", "in", "in"),
        ("in", "out", "out"),
        ("out", "", "out"),
        ("in", "left", "left"),
        ("left", "out", "out"),
        ("", "", ""),
    ],
)
def test_whoever_is_out_as_one_of_two_is_out_as_both(out: Round, stays: str, one: str, phone: str, holds: str) -> None:
    for app, choice in ((ONE, one), (PHONE, phone)):
        out.meet(app)
        if choice:
            out.do(app, Command("news", "in" if choice == "left" else choice))
        if choice == "left":
            out.do(app, Left())
    out.join(stays, PHONE if stays == ONE else ONE)
    assert (out.choice(stays), wants(out, stays)) == (holds, holds == "in")


@BOTH
@pytest.mark.parametrize("stays", [ONE, PHONE])
def test_a_letter_that_is_prepared_for_one_of_them_is_not_sent_then(out: Round, step: Step, stays: str) -> None:
    out.want(ONE)
    out.meet(PHONE)
    out.do(PHONE, Said("配信停止"))
    out.campaign(step)
    out.prepare()
    out.join(stays, PHONE if stays == ONE else ONE)
    out.send()
    assert out.got(ONE) + out.got(PHONE) == []


def test_two_who_are_in_and_become_one_get_a_step_once(out: Round) -> None:
    out.want(ONE, PHONE)
    out.campaign(plain("L1"), plain("L2", 8))
    out.prepare()
    out.join(ONE, PHONE)
    out.send()
    out.later(days=9)
    out.run()
    assert sorted(out.got(ONE) + out.got(PHONE)) == ["L1", "L2"]


# ---------------------------------------------------------------- who never counts


def test_who_serves_as_an_expert_gets_no_news_and_is_told_so(out: Round) -> None:
    out.want(ONE, TWO)
    with out.database.writing() as connection:
        made = experts.add(connection, "山田", Profile(), NOW)
        connection.execute(update(expert).where(expert.c.id == made.id).values(owner_id=out.id(ONE)))
    assert not wants(out, ONE)
    assert "事業者の方にだけ" in texts(out.do(ONE, Command("news", "in")).messages)
    out.campaign(plain("L1"))
    out.run()
    assert (out.got(ONE), out.got(TWO)) == ([], ["L1"])


def test_who_becomes_an_expert_after_the_freezing_gets_nothing_either(out: Round) -> None:
    out.want(ONE)
    out.campaign(plain("L1"))
    out.prepare()
    with out.database.writing() as connection:
        made = experts.add(connection, "山田", Profile(), NOW)
        connection.execute(update(expert).where(expert.c.id == made.id).values(owner_id=out.id(ONE)))
    out.send()
    assert out.got(ONE) == []


def test_a_group_a_thread_and_a_crowd_have_no_journey_that_could_want_anything(out: Round) -> None:
    out.want(ONE)
    out.do("line:group", Invited())
    begins(out, TWO)
    out.campaign(plain("L1"))
    out.run()
    apart = {row["id"] for row in rows(out.database, owner)} - {out.id(ONE), out.id(TWO)}
    assert len(apart) == 3
    assert not apart & {row["owner_id"] for row in rows(out.database, journey)}


@BOTH
@pytest.mark.parametrize("when", ["before", "prepared", "next"])
def test_who_ends_the_share_gets_nothing_more_of_the_agencys(out: Round, step: Step, when: str) -> None:
    out.want(ONE, TWO)
    with out.database.writing() as connection:
        agency = agencies.add(connection, "みなと商工会議所", NOW)
        one = campaigns.add(connection, agency.id, None, "お知らせ", NOW, steps=(step, replace(step, days=8)))
    shared = [client_of(out.database, agency.id, out.id(app), "result") for app in (ONE, TWO)]
    with out.database.writing() as connection:
        campaigns.turn(connection, one.id, "ready", NOW)
        reaching.begin(connection, campaigns.get(connection, one.id), NOW)
    if when == "prepared":
        out.prepare()
    if when == "next":
        out.run()
        out.later(days=8)
    with out.database.writing() as connection:
        clients.share(connection, shared[0], "nothing", "test", out.now)
    out.run()
    assert out.got(ONE) == (["L1"] if when == "next" else [])
    assert out.got(TWO) == ["L1"] * (2 if when == "next" else 1)


# ---------------------------------------------------------------- when


@pytest.mark.parametrize(
    ("there", "allowed"),
    [
        ("2026-12-01T08:59", False),
        ("2026-12-01T09:00", True),
        ("2026-12-01T19:59", True),
        ("2026-12-01T20:00", False),
        ("2026-12-05T12:00", False),
        ("2026-11-23T12:00", False),
        ("2026-12-31T12:00", False),
    ],
    ids=["early", "morning", "evening", "late", "saturday", "holiday", "year's end"],
)
def test_letters_go_out_by_day_on_working_days(there: str, allowed: bool) -> None:
    now = datetime.fromisoformat(there) - timedelta(hours=9)
    assert hours.allowed(now) is allowed
    assert hours.allowed(hours.next_allowed(now))


@BOTH
def test_what_is_prepared_before_the_evening_is_not_sent_in_it_but_on_the_next_working_day(
    out: Round, step: Step
) -> None:
    out.at(FRIDAY)
    out.want(ONE, TWO)
    out.campaign(step)
    out.prepare()
    out.later(seconds=5)
    out.send()
    out.later(days=1)
    out.run()
    assert out.got(ONE) == []
    out.at(MONDAY)
    out.run()
    assert (out.got(ONE), out.got(TWO)) == (["L1"], ["L1"])


@BOTH
def test_without_quiet_hours_it_would_be(out: Round, step: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hours, "allowed", lambda now: True)
    out.at(FRIDAY)
    out.want(ONE)
    out.campaign(step)
    out.prepare()
    out.later(seconds=5)
    out.send()
    assert out.got(ONE) == ["L1"]


def test_a_timer_that_a_stop_held_up_says_no_letter_in_the_night(out: Round) -> None:
    out.at(FRIDAY)
    out.want(ONE)
    out.campaign(named("L1"))
    reaching.tick(out.intake)
    out.later(hours=8)
    out.run()
    assert out.got(ONE) == []
    out.at(MONDAY)
    out.run()
    assert out.got(ONE) == ["L1"]


@BOTH
def test_what_busy_hours_put_off_waits_for_the_morning_and_keeps_no_answer_back(out: Round, step: Step) -> None:
    out.at(FRIDAY - timedelta(days=1))
    out.want(ONE)
    out.send()
    out.campaign(step)
    out.prepare()
    for address in ("one", *(row["address"] for row in crowds(out))):
        out.platforms["line"].fails[address] = [Busy("slow", after=60)]
    out.send()
    out.platforms["line"].fails.clear()
    out.later(minutes=10)
    out.do(ONE, Said("メニュー"))
    out.send()
    assert out.got(ONE) == []
    assert "何をしますか" in out.platforms["line"].taken[-1][0]["text"]
    out.at(FRIDAY - timedelta(hours=10))
    out.run()
    assert out.got(ONE) == ["L1"]


# ---------------------------------------------------------------- how often


@BOTH
def test_an_owner_gets_so_many_a_week_over_all_campaigns(out: Round, step: Step) -> None:
    out.want(ONE)
    out.campaign(step)
    out.campaign(plain("L2"))
    out.run()
    out.later(days=6)
    out.run()
    assert len(out.got(ONE)) == 1
    out.later(days=1, minutes=1)
    out.run()
    assert sorted(out.got(ONE)) == ["L1", "L2"]


def test_with_a_higher_cap_both_come_at_once(database_url: str) -> None:
    with closing(Round(database_url, cap=2)) as out:
        out.want(ONE)
        out.campaign(plain("L1"))
        out.campaign(plain("L2"))
        out.run()
        assert sorted(out.got(ONE)) == ["L1", "L2"]


def test_the_week_begins_when_a_letter_is_sent_and_not_when_it_was_prepared(out: Round) -> None:
    out.want(ONE)
    first = out.campaign(plain("L1"))
    out.prepare()
    out.turn(first, "paused")
    out.later(days=8)
    out.turn(first, "sending")
    out.campaign(plain("L2"))
    out.send()
    out.run()
    assert out.got(ONE) == ["L1"]


def test_two_letters_that_were_prepared_for_two_are_no_two_in_a_week_for_the_one_they_are(out: Round) -> None:
    out.want(ONE, PHONE)
    alone(out, out.campaign(plain("L1")), ONE)
    alone(out, out.campaign(named("L2")), PHONE)
    out.prepare()
    out.join(ONE, PHONE)
    out.send()
    assert len(out.got(ONE) + out.got(PHONE)) == 1
    out.later(days=8)
    out.run()
    assert sorted(out.got(ONE) + out.got(PHONE)) == ["L1", "L2"]


def alone(out: Round, id: int, app: str) -> None:
    """Of a campaign's recipients only this one is left."""
    with out.database.writing() as connection:
        others = (recipient.c.campaign_id == id) & (recipient.c.owner_id != out.id(app))
        connection.execute(delete(recipient).where(others))


# ---------------------------------------------------------------- a person leads


@BOTH
@pytest.mark.parametrize("when", ["before", "prepared"])
def test_nothing_comes_between_an_owner_and_a_person(out: Round, step: Step, when: str) -> None:
    out.want(ONE, TWO)
    if when == "before":
        begins(out, ONE)
    out.campaign(step)
    out.prepare()
    if when == "prepared":
        begins(out, ONE)
    out.send()
    assert (out.got(ONE), out.got(TWO)) == ([], ["L1"])
    ends(out, ONE)
    out.later(hours=4)
    out.run()
    assert out.got(ONE) == ["L1"]


def test_where_nobody_leads_it_comes_at_once(out: Round) -> None:
    out.want(ONE)
    begins(out, ONE)
    ends(out, ONE)
    out.campaign(named("L1"))
    out.run()
    assert out.got(ONE) == ["L1"]


# ---------------------------------------------------------------- the rows


def test_when_a_campaign_was_over_for_long_its_recipients_go_and_then_itself(out: Round) -> None:
    out.want(ONE)
    old, new = out.campaign(plain("L1")), out.campaign(plain("L2"))
    out.run()
    with out.database.writing() as connection:
        ended = {"state": "done", "ended_at": back(NOW, 24) - timedelta(days=1)}
        connection.execute(update(campaign).where(campaign.c.id == old).values(ended))
    for _ in range(2):
        purge.at_once(out.database, Limits(), NOW)
    assert {row["campaign_id"] for row in rows(out.database, recipient)} == {new}
    assert {row["campaign_id"] for row in rows(out.database, sending)} <= {new}
    assert [row["id"] for row in rows(out.database, campaign)] == [new]


def test_whoever_a_trigger_brought_long_ago_goes_though_its_campaign_goes_on(out: Round) -> None:
    out.want(ONE, TWO)
    id = out.campaign(plain("L1"), plain("L2", days=10))
    out.run()
    long_ago = back(NOW, 24) - timedelta(days=1)
    with out.database.writing() as connection:
        connection.execute(update(campaign).where(campaign.c.id == id).values(trigger="dropped"))
        connection.execute(update(recipient).values(frozen_at=long_ago))
        connection.execute(update(sending).values(at=long_ago))
        # The one has had all that there is, the other still waits for the second letter.
        done = recipient.c.owner_id == out.id(ONE)
        connection.execute(update(recipient).where(done).values(state="done"))
    purge.at_once(out.database, Limits(), NOW)
    assert [row["owner_id"] for row in rows(out.database, recipient)] == [out.id(TWO)]
    assert rows(out.database, sending) == []
    assert [row["state"] for row in rows(out.database, campaign)] == ["sending"]
