"""Campaigns at the desk: written, looked at, tried out, approved and started, each by whom it may be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from bot import campaigns as rules
from bot import outreach, timing
from bot.app import make_app
from bot.desk.drafts import LISTS, written
from bot.desk.words import words
from bot.house import House
from bot.intake import Intake
from bot.quota import Quota, wanted
from bot.turn import Event, take
from dialogs import library
from dialogs.content import packaged
from dialogs.events import Command
from dialogs.letters import TARGETS, Letter, Step
from storage import Database, campaigns, contacts, owners
from storage import outreach as kept
from storage.schema import audit, campaign, outbox, recipient, sending
from storage.segments import Segment
from tests.desk import OURS, Two, client_of, sign_in
from tests.serving import settings_for
from tests.taking import NOW, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from httpx2 import Response

    from storage.campaigns import Campaign
    from storage.members import Member

LETTER = Letter(
    "{{ step or 'まずは診断' }}から、始めませんか。", (("続ける", "resume"), ("調べる", "https://example.jp/a"))
)
PLAN = rules.Plan("年末のお知らせ", steps=(Step(0, {"a": LETTER}), Step(3, {"a": Letter("もう一度、いかがですか。")})))
CONTENT = packaged()


class Desk:
    """The desk as somebody uses it in a browser; `approval` and `quota` as the house has them."""

    def __init__(self, database: Database, browser: TestClient) -> None:
        self.database = database
        self.browser = browser

    def become(self, member: Member) -> None:
        sign_in(self.database, self.browser, member)

    def house(self, **changed: Any) -> None:
        intake = self.browser.app.state.parts.intake  # type: ignore[attr-defined]
        intake.house = replace(intake.house, **changed)

    def get(self, path: str) -> Response:
        return self.browser.get(f"/desk/campaigns{path}")

    def post(self, path: str, form: dict[str, Any] | None = None) -> Response:
        return self.browser.post(f"/desk/campaigns{path}", data=form or {}, headers=OURS)

    def done(self, path: str, form: dict[str, Any] | None = None) -> str:
        """What is said after a form that went well."""
        answer = self.post(path, form)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].partition("done=")[2]


@pytest.fixture
def desk(database: Database, database_url: str, people: Two) -> Iterator[Desk]:
    app = make_app(Database(database_url), CONTENT, settings_for("http://testserver"), lambda: NOW)
    with TestClient(app, follow_redirects=False) as browser:
        desk = Desk(database, browser)
        desk.become(people.officer)
        yield desk


def draft(database: Database, member: Member, plan: rules.Plan = PLAN) -> Campaign:
    with database.writing() as connection:
        return rules.add(connection, member.agency_id, member.id, plan, NOW)


def now(database: Database, one: Campaign) -> Campaign:
    with database.reading() as connection:
        return campaigns.get(connection, one.id)


def form_of(one: Campaign, plan: rules.Plan | None = None) -> dict[str, Any]:
    """What a browser sends that has this campaign's form, with what is to stand in it."""
    typed = written(plan or rules.plan_of(one), {id: entry.title for id, entry in CONTENT.faq.items()})
    return {**typed.fields, **{name: list(typed.ticked[name]) for name in LISTS}, "changed": one.changed_at.isoformat()}


def reader(database: Database, agency_id: int, address: str, channel: str = "line") -> int:
    """A client of an agency's who wants news."""
    intake = Intake(database, CONTENT, lambda: NOW, House(lambda owner_id: f"/me/{owner_id}"))
    with database.writing() as connection:
        for n, action in enumerate((Command("start"), Command("news", "in"))):
            take(connection, CONTENT, Event(f"{address}{n}", channel, "bot", address, action), NOW, intake.house)
        one = owners.find(connection, channel, "bot", address)
        assert one
    client_of(database, agency_id, one.id)
    return one.id


def acts(database: Database) -> list[str]:
    return [row["act"] for row in rows(database, audit)]


# ---------------------------------------------------------------- writing


def test_a_new_campaign_is_an_empty_draft_to_be_written(desk: Desk, database: Database, people: Two) -> None:
    desk.post("")
    (row,) = rows(database, campaign)
    assert (row["agency_id"], row["member_id"], row["state"]) == (people.home.id, people.officer.id, "draft")
    assert "お知らせを書く" in desk.get(f"/{row['id']}/edit").text
    assert acts(database) == ["campaign.make"]


def test_what_is_written_is_kept_as_it_was_written(desk: Desk, database: Database, people: Two) -> None:
    one = draft(database, people.officer)
    plan = rules.Plan(
        "冬のお知らせ",
        segment=Segment(stages=("began",), seen_from=3, due=True, deadline="ebook-aoiro-65"),
        steps=(Step(1, {"a": LETTER, "b": Letter("こんにちは。", (("予約", "consult"),), "share")}),),
        trigger="dropped",
        goal="finished",
        holdout=10,
        ends_on=date(2026, 12, 20),
    )
    assert desk.done(f"/{one.id}/edit", form_of(one, plan)) == "campaign-changed"
    assert rules.plan_of(now(database, one)) == plan
    assert "campaign.change" in acts(database)


@pytest.mark.parametrize(
    ("changed", "place", "said"),
    [
        ({"name": ""}, "name", "ここが空いています"),
        ({"holdout": "99"}, "holdout", "0から50まで"),
        ({"holdout": "たくさん"}, "holdout", "0から50まで"),
        ({"days-1": "1000"}, "days-1", "0から366まで"),
        ({"seen_from": "-4"}, "seen_from", "0から3660まで"),
        ({"text-0-a": ""}, "text-0-a", "ここが空いています"),
        ({"text-0-a": "{{ hoge }}さん"}, "text-0-a", "「hoge」という差し込みはありません"),
        ({"text-0-a": "{{ step }}から始めます。"}, "text-0-a", "文に穴があきます"),
        ({"text-0-a": "{{ step から"}, "text-0-a", "差し込みの書き方"),
        ({"text-0-a": "{% for n in [1] %}あ{% endfor %}"}, "text-0-a", "差し込みの書き方"),
        ({"text-0-a": "{{ 'あ' | center(100000000000) }}"}, "text-0-a", "差し込みの書き方"),
        ({"text-0-a": "{{ 'あ'.join(['い']) }}"}, "text-0-a", "差し込みの書き方"),
        ({"text-0-a": "{% if points > 50 %}高い{% else %}低い{% endif %}"}, "text-0-a", "差し込みの書き方"),
        ({"text-0-a": "{% if step %}こんにちは。{% endif %}"}, "text-0-a", "空の文になります"),
        ({"text-0-a": "あ" * 501}, "text-0-a", "500字まで"),
        ({"label-0-a-0": ""}, "label-0-a-0", "ここが空いています"),
        ({"label-0-a-0": "あ" * 21}, "label-0-a-0", "20字まで"),
        ({"label-0-a-0": "調べる"}, "label-0-a-1", "同じ名前のボタン"),
        ({"to-0-a-0": ""}, "to-0-a-0", "ここが空いています"),
        ({"url-0-a-1": "http://example.jp"}, "to-0-a-1", "https://で始まる"),
        ({"url-0-a-1": "https://"}, "to-0-a-1", "https://で始まる"),
        ({"to-0-a-1": "answer", "url-0-a-1": "GビズID"}, "to-0-a-1", "一覧から、選んで"),
        ({"ends_on": "2026-11-30"}, "ends_on", "過ぎた日です"),
        ({"ends_on": "12/20"}, "ends_on", "日付を選んで"),
        ({"url-0-a-1": "https://example.jp/ a"}, "to-0-a-1", "https://で始まる"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(
    desk: Desk, database: Database, people: Two, changed: dict[str, str], place: str, said: str
) -> None:
    one = draft(database, people.officer)
    answer = desk.post(f"/{one.id}/edit", form_of(one) | changed | {"text-1-a": "書きかけの言葉"})
    assert answer.status_code == 422
    _, _, beside = answer.text.partition(f'id="wrong-{place}"')
    assert said in beside.partition("</p>")[0]
    assert f'aria-describedby="wrong-{place}"' in answer.text
    assert "書きかけの言葉" in answer.text
    assert now(database, one) == one, "nothing is kept"
    assert "campaign.change" not in acts(database)


def test_an_emptied_button_is_gone_and_the_next_moves_up(desk: Desk, database: Database, people: Two) -> None:
    one = draft(database, people.officer)
    desk.done(f"/{one.id}/edit", form_of(one) | {"label-0-a-0": "", "to-0-a-0": ""})
    assert now(database, one).steps[0].letters["a"].buttons == (LETTER.buttons[1],)


def test_steps_and_variants_are_added_and_taken_away_with_nothing_lost_or_kept(
    desk: Desk, database: Database, people: Two
) -> None:
    one = draft(database, people.officer)
    form = form_of(one) | {"text-1-a": "書きかけの言葉"}
    more = desk.post(f"/{one.id}/form", form | {"do": "add-step"}).text
    assert 'name="text-2-a"' in more
    assert "書きかけの言葉" in more
    assert 'name="text-1-b"' in desk.post(f"/{one.id}/form", form | {"do": "add-variant"}).text
    fewer = desk.post(f"/{one.id}/form", form | {"do": "drop-step:0"}).text
    assert 'name="text-1-a"' not in fewer
    assert "書きかけの言葉" in fewer
    assert now(database, one) == one
    assert acts(database) == []


def test_what_somebody_else_wrote_meanwhile_is_not_written_over(desk: Desk, database: Database, people: Two) -> None:
    one = draft(database, people.officer)
    old = form_of(one)
    with database.writing() as connection:
        rules.change(connection, one, people.admin.id, replace(PLAN, name="別の名前"), NOW + timedelta(minutes=1))
    answer = desk.post(f"/{one.id}/edit", old)
    assert answer.status_code == 422
    assert "ほかの人が" in answer.text
    assert now(database, one).name == "別の名前"


def test_every_target_has_a_plain_word(desk: Desk, database: Database, people: Two) -> None:
    page = desk.get(f"/{draft(database, people.officer).id}/edit").text
    for target in TARGETS:
        assert f'<option value="{target}"' in page


def test_a_ready_made_campaign_becomes_a_draft_that_can_be_sent(desk: Desk, database: Database) -> None:
    name, ready = next((name, one) for name, one in library.ready().items() if one.standing(NOW.date()) == "offered")
    assert ready.name in desk.get("").text
    desk.post("", {"library": name})
    (row,) = rows(database, campaign)
    assert (row["library"], row["name"]) == (name, ready.name)
    with database.reading() as connection:
        assert rules.wrong(rules.plan_of(campaigns.get(connection, row["id"])), CONTENT) == {}


def test_every_ready_made_campaign_is_kept_as_it_is_when_its_form_is_sent(
    desk: Desk, database: Database, people: Two
) -> None:
    for name, ready in library.ready().items():
        if ready.valid_until and ready.valid_until < NOW.date():
            continue
        plan = rules.plan_from(ready)
        one = draft(database, people.officer, plan)
        assert desk.done(f"/{one.id}/edit", form_of(one)) == "campaign-changed", name
        assert rules.plan_of(now(database, one)) == plan, name


def test_a_ready_made_campaign_is_two_taps_from_what_it_takes(desk: Desk, database: Database) -> None:
    page = desk.browser.get(desk.post("", {"library": "half-year"}).headers["location"]).text
    (row,) = rows(database, campaign)
    assert f'href="/desk/campaigns/{row["id"]}/start"' in page
    assert "この内容で配信を始める" in desk.get(f"/{row['id']}/start").text


def test_only_who_writes_to_everybody_chooses_by_which_agency_owners_came(
    desk: Desk, database: Database, people: Two
) -> None:
    one = draft(database, people.officer)
    chosen = {"agencies": [str(people.other.id)]}
    assert 'name="agencies"' not in desk.get(f"/{one.id}/edit").text
    desk.done(f"/{one.id}/edit", form_of(one) | chosen)
    assert now(database, one).segment.agencies == ()
    desk.become(people.admin)
    assert 'name="agencies"' in desk.get(f"/{one.id}/edit").text
    desk.done(f"/{one.id}/edit", form_of(now(database, one)) | chosen | {"everybody": "yes"})
    assert now(database, one).segment.agencies == (people.other.id,)
    assert people.other.name in desk.get(f"/{one.id}").text


@pytest.mark.parametrize(
    ("segment", "said"),
    [
        (Segment(seen_from=7), "7日以上たった方"),
        (Segment(seen_to=0), "0日以内の方"),
        (Segment(finished_from=0, finished_to=90), "0日以上たった方、90日以内の方"),
    ],
)
def test_a_span_of_days_is_said_whole(desk: Desk, database: Database, people: Two, segment: Segment, said: str) -> None:
    one = draft(database, people.officer, replace(PLAN, segment=segment))
    assert f"<dd>{said}</dd>" in desk.get(f"/{one.id}").text


@pytest.mark.parametrize("who", ["officer", "other_admin"])
def test_only_admins_of_the_home_agency_write_to_everybody(
    desk: Desk, database: Database, people: Two, who: str
) -> None:
    member = getattr(people, who)
    desk.become(member)
    one = draft(database, member)
    assert "すべての方に送る" not in desk.get(f"/{one.id}/edit").text
    assert desk.post(f"/{one.id}/edit", form_of(one) | {"everybody": "yes"}).status_code == 404
    assert not now(database, one).everybody
    desk.become(people.admin)
    for_all = draft(database, people.admin, replace(PLAN, everybody=True))
    assert "すべての方に送る" in desk.get(f"/{for_all.id}/edit").text
    desk.become(people.officer)
    for door in ("edit", "start", "stop"):
        assert desk.get(f"/{for_all.id}/{door}").status_code == 404


# ---------------------------------------------------------------- looking


def test_the_preview_shows_each_letter_on_each_app_for_who_is_known_and_who_is_not(
    desk: Desk, database: Database, people: Two
) -> None:
    one = draft(database, people.officer)
    page = desk.get(f"/{one.id}/preview").text
    step = rules.reader(CONTENT, "")["step"]
    assert page.count(f"{step}から、始めませんか。") == 4
    assert page.count("まずは診断から、始めませんか。") == 4
    assert page.count('<span class="tap">続ける</span>') == 8
    assert page.count('<span class="tap">配信停止</span>') == 12, (
        "two readers of the first letter, and all of the second"
    )


def test_a_trial_reaches_the_members_own_chat_marked_and_counts_nowhere(
    desk: Desk, database: Database, people: Two
) -> None:
    one = draft(database, people.officer)
    form = {"step": "0", "variant": "a"}
    refused = desk.post(f"/{one.id}/test", form)
    assert refused.status_code == 409
    assert "つないでいるチャットがありません" in refused.text
    assert acts(database) == []
    with database.writing() as connection:
        contacts.add(connection, people.officer.owner_id, "telegram", "bot", "me", NOW)
    assert desk.done(f"/{one.id}/test", form) == "campaign-tested"
    intake = desk.browser.app.state.parts.intake  # type: ignore[attr-defined]
    (taken,) = timing.fire(intake, intake.clock)
    assert "お試し" in taken.messages[0].text
    assert taken.messages[1].text.endswith("から、始めませんか。")
    assert [button.label for button in taken.messages[1].buttons] == ["続ける", "調べる", "配信停止"]
    (row,) = rows(database, outbox)
    assert row["campaign_id"] is None
    assert rows(database, recipient) == rows(database, sending) == []
    assert acts(database) == ["campaign.test"]


# ---------------------------------------------------------------- before anything is sent


def test_counts_costs_and_time_are_shown_before_anything_is_sent(desk: Desk, database: Database, people: Two) -> None:
    for n in range(6):
        reader(database, people.home.id, f"U{n}")
    one = draft(database, people.officer)
    desk.house(quota=lambda: Quota(True, 200, ""))
    page = desk.get(f"/{one.id}/start").text
    assert "今月12通" in page, "six people, two letters each within the month"
    assert "200通" in page
    assert "1分以内" in page
    assert rows(database, recipient) == []


def test_fewer_than_five_are_not_counted(desk: Desk, database: Database, people: Two) -> None:
    for n in range(6):
        reader(database, people.home.id, f"U{n}")
    reader(database, people.home.id, "T", "telegram")
    one = draft(database, people.officer)
    page = desk.get(f"/{one.id}/start").text
    table = page.partition("<tbody>")[2].partition("</tbody>")[0]
    assert "非表示" in table
    assert ">1人<" not in table
    assert not (">6人<" in table and ">7人<" in table), "the difference tells of one"
    assert "通" not in page.partition("LINEで使う通数</dt>")[2].partition("</dd>")[0], "nor may what it costs"


@pytest.mark.parametrize(
    ("quota", "said"),
    [
        (Quota(True, 11, ""), "今月の残りでは足りません"),
        (Quota(False, None, "LINE can't be reached"), "今月の残りがわからない"),
        (Quota(), "今月の残りがわからない"),
    ],
)
def test_a_quota_that_would_be_overrun_keeps_it_from_starting(
    desk: Desk, database: Database, people: Two, quota: Quota, said: str
) -> None:
    for n in range(6):
        reader(database, people.home.id, f"U{n}")
    one = draft(database, people.officer)
    desk.house(quota=lambda: quota)
    assert said in desk.get(f"/{one.id}/start").text
    answer = desk.post(f"/{one.id}/start", {"when": "now"})
    assert answer.status_code == 422
    assert now(database, one).state == "draft"
    assert "campaign.start" not in acts(database)


def test_what_fits_the_quota_starts(desk: Desk, database: Database, people: Two) -> None:
    for n in range(6):
        reader(database, people.home.id, f"U{n}")
    one = draft(database, people.officer)
    desk.house(quota=lambda: Quota(True, 12, ""))
    assert desk.done(f"/{one.id}/start", {"when": "now"}) == "campaign-started"
    assert now(database, one).state == "ready"
    assert now(database, one).starts_at == NOW


def test_it_starts_at_a_time_by_japans_clock(desk: Desk, database: Database, people: Two) -> None:
    one = draft(database, people.officer)
    assert desk.done(f"/{one.id}/start", {"when": "later", "at": "2026-12-03T10:30"}) == "campaign-planned"
    assert now(database, one).starts_at == NOW.replace(day=3, hour=1, minute=30)
    assert desk.done(f"/{one.id}/withdraw") == "campaign-withdrawn"
    assert (now(database, one).state, now(database, one).starts_at) == ("draft", None)


@pytest.mark.parametrize("at", ["", "morgen", "2026-11-30T10:00", "2030-01-01T10:00"])
def test_a_time_that_makes_no_sense_is_asked_for_again(desk: Desk, database: Database, people: Two, at: str) -> None:
    one = draft(database, people.officer)
    answer = desk.post(f"/{one.id}/start", {"when": "later", "at": at})
    assert answer.status_code == 422
    assert 'id="wrong"' in answer.text
    assert now(database, one).state == "draft"


def test_messages_of_a_later_month_are_not_counted_against_this_one() -> None:
    one = replace_steps((Step(0, {"a": LETTER}), Step(20, {"a": LETTER}), Step(20, {"a": LETTER})))
    assert wanted(one, 10, NOW) == 20
    assert wanted(replace(one, holdout=50), 10, NOW) == 10


def replace_steps(steps: tuple[Step, ...]) -> Campaign:
    """A campaign that is nowhere kept."""
    values: dict[str, Any] = dict.fromkeys(campaigns.Campaign.__dataclass_fields__)
    return campaigns.Campaign(**values | {"id": 1, "steps": steps, "holdout": 0, "segment": Segment()})


def test_letters_that_are_the_same_for_all_take_less_time_on_line() -> None:
    rates = {"line": (10.0, 2.0), "telegram": (30.0, 0.0)}
    same, personal = (replace_steps((Step(0, {"a": letter}),)) for letter in (Letter("はい。"), LETTER))
    assert rules.seconds(same, {"line": 5000}, rates) == 5
    assert rules.seconds(personal, {"line": 5000}, rates) == 500
    assert rules.seconds(same, {"line": 5000, "telegram": 3000}, rates) == 100, "all channels go at once"


def test_what_is_over_is_not_started_and_the_page_says_until_when_it_held(
    desk: Desk, database: Database, people: Two
) -> None:
    one = draft(database, people.officer, replace(PLAN, ends_on=NOW.date()))
    assert "この内容で配信を始める" in desk.get(f"/{one.id}/start").text
    assert desk.post(f"/{one.id}/start", {"when": "later", "at": "2026-12-02T10:00"}).status_code == 422
    assert now(database, one).state == "draft"
    over = draft(database, people.officer, replace(PLAN, ends_on=NOW.date() - timedelta(days=1)))
    assert "期限(2026年11月30日(月))が過ぎた" in desk.get(f"/{over.id}/start").text
    assert "2026年11月30日(月)" in desk.get("").text


@pytest.mark.parametrize(("why", "said"), [("quota", "LINEの残りが不足"), ("unknown", "LINEの残りを確認中")])
def test_list_and_page_say_what_hinders_a_campaign(
    desk: Desk, database: Database, people: Two, why: str, said: str
) -> None:
    one = draft(database, people.officer)
    with database.writing() as connection:
        rules.turn(connection, one, "start", NOW)
        outreach.hinder(connection, one, why, NOW)
    assert said in desk.get("").text
    assert words()["hindered"][why] in desk.get(f"/{one.id}").text


def test_the_time_it_takes_is_by_the_setting_of_lines_requests() -> None:
    fast, slow = (settings_for("http://testserver", line_requests_per_second=most) for most in ("0", "100"))
    personal = replace_steps((Step(0, {"a": LETTER}),))
    took = [rules.seconds(personal, {"line": 19_600}, rules.rates_by(settings)) for settings in (fast, slow)]
    assert took == [10.0, 200.0]


# ---------------------------------------------------------------- approval


def test_a_second_person_approves_where_the_setting_asks_for_it(desk: Desk, database: Database, people: Two) -> None:
    one = draft(database, people.officer)
    desk.house(approval=True)
    assert "承認を受けて" in desk.get(f"/{one.id}/start").text
    assert desk.post(f"/{one.id}/start", {"when": "now"}).status_code == 422
    seen = {"changed": one.changed_at.isoformat()}
    assert desk.post(f"/{one.id}/approve", seen).status_code == 403, "no admin"
    desk.become(people.admin)
    assert desk.done(f"/{one.id}/approve", seen) == "campaign-approved"
    desk.become(people.officer)
    assert desk.done(f"/{one.id}/start", {"when": "now"}) == "campaign-started"
    assert [act for act in acts(database) if act.startswith("campaign")] == ["campaign.approve", "campaign.start"]


@pytest.mark.parametrize("act", ["approve", "start"])
def test_what_somebody_wrote_meanwhile_is_neither_approved_nor_started(
    database: Database, people: Two, act: str
) -> None:
    read = draft(database, people.officer)
    with database.writing() as connection:
        # What another process writes between our reading and our writing.
        rules.change(connection, read, people.officer.id, replace(PLAN, name="別の名前"), NOW + timedelta(seconds=1))
        later = NOW + timedelta(seconds=2)
        if act == "approve":
            assert not rules.approve(connection, read, people.admin, later)
        else:
            assert not rules.turn(connection, read, "start", later)
        assert rules.turn(connection, campaigns.get(connection, read.id), "start", later)


def test_nobody_approves_what_they_wrote_last(desk: Desk, database: Database, people: Two) -> None:
    one = draft(database, people.admin)
    desk.become(people.admin)
    assert desk.post(f"/{one.id}/approve", {"changed": one.changed_at.isoformat()}).status_code == 409
    assert now(database, one).approved_by is None
    assert acts(database) == []


def test_editing_takes_approval_back(desk: Desk, database: Database, people: Two) -> None:
    one = draft(database, people.officer)
    with database.writing() as connection:
        rules.approve(connection, one, people.admin, NOW)
    one = now(database, one)
    assert one.approved_by == people.admin.id
    desk.done(f"/{one.id}/edit", form_of(one))
    assert now(database, one).approved_by is None


def test_what_was_changed_since_it_was_looked_at_is_not_approved(desk: Desk, database: Database, people: Two) -> None:
    one = draft(database, people.officer)
    with database.writing() as connection:
        rules.change(connection, one, people.officer.id, PLAN, NOW + timedelta(minutes=1))
    desk.become(people.admin)
    assert desk.post(f"/{one.id}/approve", {"changed": one.changed_at.isoformat()}).status_code == 409
    assert now(database, one).approved_by is None


def test_an_admin_of_another_agency_approves_nothing(database: Database, people: Two) -> None:
    one = draft(database, people.officer)
    assert not rules.may_approve(one, people.other_admin)
    assert rules.may_approve(one, people.admin)


# ---------------------------------------------------------------- under way


def test_it_is_paused_resumed_and_stopped_after_a_question(desk: Desk, database: Database, people: Two) -> None:
    one = draft(database, people.officer)
    with database.writing() as connection:
        rules.turn(connection, one, "start", NOW)
        outreach.begin(connection, now(database, one), NOW)
    assert now(database, one).state == "sending"
    assert desk.done(f"/{one.id}/pause") == "campaign-paused"
    assert desk.done(f"/{one.id}/resume") == "campaign-resumed"
    assert "再開できません" in desk.get(f"/{one.id}/stop").text
    assert now(database, one).state == "sending", "a question stops nothing"
    assert desk.done(f"/{one.id}/stop") == "campaign-stopped"
    assert desk.post(f"/{one.id}/resume").status_code == 409
    assert acts(database) == ["campaign.pause", "campaign.resume", "campaign.stop"]


def test_what_has_begun_is_not_written_in_any_more(desk: Desk, database: Database, people: Two) -> None:
    one = draft(database, people.officer)
    with database.writing() as connection:
        rules.turn(connection, one, "start", NOW)
    one = now(database, one)
    assert desk.get(f"/{one.id}/edit").status_code == desk.get(f"/{one.id}/start").status_code == 303
    assert desk.post(f"/{one.id}/start").status_code == 409
    assert desk.post(f"/{one.id}/edit", form_of(one, replace(PLAN, name="別の名前"))).status_code == 409
    assert desk.post(f"/{one.id}/drop").status_code == 409
    assert now(database, one).name == PLAN.name
    assert acts(database) == []


def test_a_campaign_that_has_not_started_does_not_go_on(database: Database, people: Two) -> None:
    one = draft(database, people.officer)
    with database.writing() as connection:
        rules.turn(connection, one, "start", NOW)
        assert not rules.turn(connection, now(database, one), "resume", NOW)


def test_progress_tells_no_few(desk: Desk, database: Database, people: Two) -> None:
    one = draft(database, people.officer)
    ids = [reader(database, people.home.id, f"U{n}") for n in range(7)]
    with database.writing() as connection:
        rules.turn(connection, one, "start", NOW)
        outreach.begin(connection, now(database, one), NOW)
    assert "7人" in desk.get(f"/{one.id}").text
    with database.writing() as connection:
        kept.keep(connection, ids[0], "out", "letter", "x", NOW)
    page = desk.get(f"/{one.id}").text
    assert ">1人<" not in page
    assert "非表示" in page


def test_letters_that_failed_are_told_by_reason_in_plain_words(desk: Desk, database: Database, people: Two) -> None:
    same = rules.Plan("同じ文", steps=(Step(0, {"a": Letter("こんにちは。")}),))
    one = draft(database, people.officer, same)
    for n in range(12):
        reader(database, people.home.id, f"T{n}", "telegram")
    with database.writing() as connection:
        rules.turn(connection, one, "start", NOW)
        outreach.begin(connection, now(database, one), NOW)
    intake = desk.browser.app.state.parts.intake  # type: ignore[attr-defined]
    outreach.tick(intake)
    timing.fire(intake, intake.clock)
    with database.writing() as connection:
        ids = sorted(row["id"] for row in rows(database, outbox) if row["campaign_id"] == one.id)
        for id, state in zip(ids, ["sent"] * 5 + ["gone"] * 7, strict=True):
            changed = {
                "state": state,
                "due_at": None,
                "settled_at": NOW,
                "error": "Forbidden" if state == "gone" else None,
            }
            connection.execute(update(outbox).where(outbox.c.id == id).values(changed))
    told = desk.get(f"/{one.id}/figures").text
    assert "12通のうち、5通" not in told, "what failed is not on its way any more"
    assert "相手がブロックしたか、退会していた: 7通" in told
    assert "<code>Forbidden</code> 7通" in told
    assert "<html" not in told
    with database.writing() as connection:
        connection.execute(update(outbox).where(outbox.c.id == ids[-1]).values(error="Bad Request"))
    assert "<code>" not in desk.get(f"/{one.id}/figures").text, "one of another reason"


def test_a_draft_is_taken_away(desk: Desk, database: Database, people: Two) -> None:
    one = draft(database, people.officer)
    assert desk.done(f"/{one.id}/drop") == "campaign-dropped"
    assert rows(database, campaign) == []
    assert acts(database) == ["campaign.drop"]
