"""The results page of a large campaign among many more owners, beside the bare statements that it rests on."""

from contextlib import closing
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, select, text, update
from starlette.testclient import TestClient

from benchmarks.campaigns import MORNING, fill
from benchmarks.databases import described, on_disk, postgresql
from benchmarks.measuring import head, median, show, timed
from bot.app import make_app
from bot.desk.figures import Figures
from dialogs.content import packaged
from dialogs.letters import Letter, Step, steps_to
from scheduler.experts import Profile
from storage import Database, experts, members, sealing
from storage.campaigns import Campaign
from storage.schema import campaign, journey, owner
from tests.desk import sign_in
from tests.serving import KEY, settings_for

RECIPIENTS, OTHERS, TIMES = 150_000, 50_000, 9
DAY = timedelta(days=1)
BUTTON = (("くわしく", "https://www.example.go.jp/subsidy"),)
LETTERS = {"a": Letter("お知らせです。", BUTTON), "b": Letter("{{ agency }}です。", BUTTON)}
STEPS = (Step(0, LETTERS), Step(7, LETTERS))


def _at(days: int) -> str:
    return f"TIMESTAMP '{MORNING + days * DAY}'"


# Of a hundred recipients ten get nothing, and 45 the same two letters as others, five hundred of whom are told by one
# row; the others get two of their own.
_PEOPLE = "FROM generate_series(0, :recipients - 1) AS n JOIN contact ON contact.owner_id = :first + n"
_TOLD = f"{_PEOPLE} CROSS JOIN generate_series(0, 1) AS step WHERE n % 100 >= 10"
_ROW = "CASE WHEN n % 100 < 55 THEN concat('a', step, '-', n / 1111) ELSE concat('b', step, '-', n) END"
_ALL = "FROM generate_series(0, :recipients + :others - 1) AS n"
FILLED = (
    (
        "recipient (campaign_id, owner_id, contact_id, variant, step, state, due_at, frozen_at, tapped_at)",
        f""":campaign, :first + n, contact.id,
            CASE WHEN n % 100 < 10 THEN '-' WHEN n % 100 < 55 THEN 'a' ELSE 'b' END, 2,
            CASE WHEN n % 100 < 10 THEN 'held' ELSE 'done' END, {_at(0)}, {_at(0)},
            CASE WHEN n % 100 >= 10 AND n % 9 = 4 THEN {_at(1)} END {_PEOPLE}""",
    ),
    (
        "outbox (id, owner_id, contact_id, turn, said, messages, made_at, state, attempts, settled_at, campaign_id)",
        f"""DISTINCT ON ({_ROW}) {_ROW}, :first + n, contact.id, 1, '', :messages, {_at(0)},
            CASE WHEN n % 97 = 60 THEN 'gone' ELSE 'sent' END, 1, {_at(0)} + step * INTERVAL '7 days', :campaign
            {_TOLD}""",
    ),
    (
        "sending (campaign_id, step, owner_id, contact_id, row_id, at, tried_at)",
        f":campaign, step, :first + n, contact.id, {_ROW}, {_at(0)}, {_at(0)} {_TOLD}",
    ),
    (
        "result (owner_id, run, depth, token, day, made_at, first_at, answers, result, segment, latest)",
        f""":first + n, 'r', 'full', concat('t', n), {_at(0)}, made.at, made.at, :record, '{{}}', 'low-banso', TRUE
            {_ALL} CROSS JOIN LATERAL (SELECT CASE n % 2 WHEN 0 THEN {_at(3)} ELSE {_at(-9)} END AS at) AS made
            WHERE n % 5 < 2""",
    ),
    (
        """booking (token, page, owner_id, expert_id, topic, way, starts_at, minutes, state, revision, reach, place,
            asked, made_at, changed_at, booked_at)""",
        f"""concat('b', n), concat('p', n), :first + n, :expert, 'it', 'phone', {_at(9)}, 60,
            CASE WHEN n % 3 = 0 THEN 'done' ELSE 'booked' END, 1, '', '', '[]', {_at(3)}, {_at(3)}, {_at(3)}
            {_ALL} WHERE n % 20 = 7""",
    ),
    (
        "consultation (booking_id, owner_id, situation, support, handover, made_at, changed_at)",
        f"id, owner_id, '', '', '', {_at(9)}, {_at(9)} FROM booking WHERE state = 'done'",
    ),
    (
        "next_action (consultation_id, owner_id, text, state, done_at)",
        f"id, owner_id, '', 'done', {_at(12)} FROM consultation",
    ),
    ("outreach (owner_id, choice, how, wording, at)", f":first + n, 'in', 'news', '1', {_at(-30)} {_ALL}"),
    (
        "outreach (owner_id, choice, how, wording, at)",
        f":first + n, 'out', 'letter', '1', {_at(2)} {_ALL} WHERE n % 80 = 11",
    ),
)
FLOORS = {
    "recipients by variant, by SQL alone": (
        "SELECT variant, count(*), count(tapped_at) FROM recipient WHERE campaign_id = :campaign GROUP BY 1"
    ),
    "their letters by variant and state, by SQL alone": (
        "SELECT variant, outbox.state, count(*) FROM recipient"
        " JOIN sending ON sending.campaign_id = :campaign AND sending.owner_id = recipient.owner_id"
        " JOIN outbox ON outbox.id = sending.row_id AND outbox.campaign_id = :campaign"
        " WHERE recipient.campaign_id = :campaign GROUP BY 1, 2"
    ),
}


def sent(database: Database, recipients: int, others: int) -> Campaign:
    """A campaign of two steps that was sent to so many of all owners, who did this and that after it and without it."""
    one = fill(database, recipients + others, 0)
    with database.writing() as connection:
        values = {"steps": steps_to(STEPS), "state": "done", "holdout": 10, "frozen_at": MORNING, "ended_at": MORNING}
        connection.execute(update(campaign).where(campaign.c.id == one.id).values(values))
        given = _given(connection, one) | {"recipients": recipients, "others": others}
        for into, what in FILLED:
            statement = f"INSERT INTO {into} SELECT {what}"
            named = {name: value for name, value in given.items() if f":{name}" in statement}
            connection.execute(text(statement), named)
        began = journey.c.owner_id % 7 == 3
        connection.execute(update(journey).where(began).values(began_at=MORNING + 4 * DAY))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return one


def _given(connection: Connection, one: Campaign) -> dict[str, Any]:
    """What the statements name. Messages are as long as those of a letter when they are sealed."""
    first = connection.execute(select(owner.c.id).order_by(owner.c.id).limit(1)).scalar_one()
    record = connection.execute(text("SELECT record FROM owner WHERE id = :first"), {"first": first}).scalar_one()
    guide = experts.add(connection, "相談員", Profile(), MORNING)
    messages = sealing.seal("お知らせです。" * 30)
    return {"campaign": one.id, "first": first, "record": record, "messages": messages, "expert": guide.id}


def page(url: str, recipients: int = RECIPIENTS, others: int = OTHERS) -> None:
    """(l) What a campaign did: counted anew, and as most are shown, with the figures of the minute."""
    with closing(Database(url)) as database:
        one = sent(database, recipients, others)
        with database.writing() as connection:
            admin = members.add(connection, one.agency_id, "管理者", "admin@example.jp", "admin", MORNING)
        app = make_app(Database(url), packaged(), settings_for("http://testserver"), lambda: MORNING + 60 * DAY)
        with TestClient(app) as browser:
            sign_in(database, browser, admin, MORNING + 60 * DAY)
            get = partial(browser.get, f"/desk/campaigns/{one.id}/results")
            anew, kept = [_anew(app, get) for _ in range(TIMES)], [timed(lambda: _fine(get())) for _ in range(TIMES)]
        words = f"{median(anew):6.0f} ms counted anew, {median(kept):.0f} ms within the minute"
        show(f"(l) what became of {recipients:,} among {recipients + others:,}", words)
        for name, statement in FLOORS.items():
            show(f"    floor: {name}", f"{_floor(database, one, statement):6.0f} ms")


def _anew(app: Any, get: Any) -> float:
    app.state.parts.figures = Figures()
    return timed(lambda: _fine(get()))


def _fine(answer: Any) -> None:
    assert answer.status_code == 200, answer.status_code


def _floor(database: Database, one: Campaign, statement: str) -> float:
    with database.reading() as connection:
        run = lambda: connection.execute(text(statement), {"campaign": one.id}).all()  # noqa: E731
        return median([timed(run) for _ in range(TIMES)])


def main() -> None:
    """Measure the page alone."""
    sealing.use([KEY])
    with on_disk() as folder, postgresql(folder) as url:
        head(f"What a campaign did, on PostgreSQL ({described(url)})")
        page(url)


if __name__ == "__main__":
    main()
