"""The desk's pages with many owners, beside the bare statements that they rest on."""

import random
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, insert, select, text
from starlette.testclient import TestClient

from benchmarks.measuring import median, show, timed
from bot.app import make_app
from bot.clock import utc_now
from bot.desk.figures import Figures
from dialogs.content import packaged
from storage import Database, agencies, members, referrals, tokens
from storage.agencies import Agency
from storage.journeys import STAGES
from storage.members import Member
from storage.schema import asked, client, journey, owner, survey
from tests.desk import sign_in
from tests.serving import settings_for

OWNERS, AGENCIES, ROWS_AT_ONCE = 100_000, 8, 5_000
# Half of all owners are of the agency whose people look.
MINE = 0.5
DAYS, TIMES = 360, 15
CHANNELS = ("web", "web", "line", "line", "telegram")
# How many of those who came to a stage come to the next.
GOES_ON = (0.9, 0.75, 0.6, 0.35, 0.8, 0.5)
AREAS = ("", "invoice", "ebook", "subsidy", "tool")
PAGES = {
    "来訪からの流れ": "/desk/insight",
    "… 都道府県": "/desk/insight?by=prefecture",
    "… all agencies": "/desk/insight?by=agency&agency=all",
    "止まった質問": "/desk/insight/leaving",
    "課題と道具": "/desk/insight/needs",
    "… all agencies ": "/desk/insight/needs?agency=all",
    "評価と質問": "/desk/insight/voices",
    "事業者": "/desk/clients",
}


def fill(database: Database, count: int, now: datetime) -> tuple[Agency, Member]:
    """Put in so many made-up owners of several agencies; gives the agency that half of them came by, and its admin."""
    chance = random.Random(7)
    with database.writing() as connection:
        founded = [agencies.add(connection, f"機関{n}", now) for n in range(AGENCIES)]
        admin = members.add(connection, founded[0].id, "管理者", "admin@example.jp", "admin", now)
        ways = [referrals.add(connection, founded[0].id, None, "campaign", f"案内{n}", now).id for n in range(12)]
    first = 0
    for start in range(0, count, ROWS_AT_ONCE):
        with database.writing() as connection:
            first = _put(connection, min(ROWS_AT_ONCE, count - start), founded, ways, chance, now)
    assert first
    if not database.engine.url.drivername.startswith("sqlite"):
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
    return founded[0], admin


def _put(
    connection: Connection, count: int, founded: list[Agency], ways: list[int], chance: random.Random, now: datetime
) -> int:
    person = {"tag": "000000", "record": {}, "turns": 9, "made_at": now, "seen_at": now}
    # Sealing an empty record for each of them would take longer than all else.
    made: int = connection.execute(insert(owner).values([person]).returning(owner.c.id)).scalar_one()
    kept = connection.execute(text("SELECT record FROM owner WHERE id = :id"), {"id": made}).scalar_one()
    raw = {"tag": "000000", "record": kept, "turns": 9, "now": now}
    statement = (
        "INSERT INTO owner (id, tag, record, turns, made_at, seen_at) VALUES (:id, :tag, :record, :turns, :now, :now)"
    )
    connection.execute(text(statement), [raw | {"id": made + n} for n in range(1, count)])
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT setval('owner_id_seq', {made + count - 1})"))
    rows = [_journey(made + n, founded, ways, chance, now) for n in range(count)]
    connection.execute(insert(journey), rows)
    shared = connection.execute(text("SELECT name FROM client LIMIT 1")).scalar() or _sealed(connection, rows[0], now)
    came = (
        "INSERT INTO client (owner_id, agency_id, name, came_at, share, share_at) VALUES (:o, :a, :n, :at, 'all', :at)"
    )
    new = [row for row in rows[1:] if row["agency_id"] and row["finished_at"]]
    values = [{"o": row["owner_id"], "a": row["agency_id"], "n": shared, "at": row["came_at"]} for row in new]
    connection.execute(text(came), values)
    votes = [row for row in rows if row["finished_at"] and chance.random() < 0.3]
    connection.execute(insert(survey), [_vote(row, chance) for row in votes])
    asking = [row for row in rows if chance.random() < 0.1]
    connection.execute(insert(asked), [_question(row, chance) for row in asking])
    return made


def _sealed(connection: Connection, row: dict[str, Any], now: datetime) -> str:
    """An empty name as it is kept."""
    one = {"owner_id": row["owner_id"], "agency_id": row["agency_id"] or 1, "name": "", "came_at": now, "share": "all"}
    connection.execute(insert(client).values(one))
    found: str = connection.execute(text("SELECT name FROM client LIMIT 1")).scalar_one()
    return found


def _journey(id: int, founded: list[Agency], ways: list[int], chance: random.Random, now: datetime) -> dict[str, Any]:
    asked_of = packaged().questionnaire
    came = now - timedelta(days=chance.random() * DAYS)
    times: dict[str, datetime | None] = {}
    on = True
    for stage, goes_on in zip(STAGES, (1.0, *GOES_ON), strict=True):
        on = on and chance.random() < goes_on
        times[f"{stage}_at"] = came if on else None
    done, depth = times["finished_at"] is not None, chance.choice(("quick", "full"))
    mine = chance.random() < MINE
    questions = list(asked_of.questions)

    def some(ids: list[str], least: int, most: int) -> str:
        return f",{','.join(sorted(chance.sample(ids, chance.randint(least, most))))}," if done else ""

    def one(question: str) -> str:
        return chance.choice(asked_of.questions[question].choices).value if done else ""

    return times | {
        "owner_id": id,
        "agency_id": founded[0].id if mine else chance.choice(founded[1:]).id,
        "referral_id": chance.choice(ways) if mine else None,
        "channel": chance.choice(CHANNELS),
        "stands": "" if done else chance.choice(questions),
        "answered": 9,
        "depth": depth,
        "seen_at": came,
        "segment": chance.choice(("high-banso", "high-jiso", "low-banso", "low-jiso")) if done else "",
        "industry": one("industry"),
        "size": one("size"),
        "prefecture": one("prefecture"),
        "challenges": some([one.id for one in asked_of.challenges], 1, 4),
        "tools": some([one.id for one in asked_of.tools], 1, 7),
    }


def _vote(row: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    subject = f"check:{row['owner_id']}"
    score = chance.choice((None, 3, 6, 7, 8, 9, 10, 10))
    return {"owner_id": row["owner_id"], "subject": subject, "score": score, "reason": "", "at": row["came_at"]}


def _question(row: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    known = {"confident": chance.random() < 0.6, "area": chance.choice(AREAS)}
    return {"owner_id": row["owner_id"], "at": row["came_at"], "text": ""} | known


def pages(url: str) -> None:
    """(i) Pages with a hundred thousand owners: counted anew, and as most are shown, with figures of the minute."""
    with closing(Database(url)) as database:
        home, admin = fill(database, OWNERS, utc_now())
        floors = {name: _floor(database, home.id, name) for name in FLOORS}
        app = make_app(Database(url), packaged(), settings_for("http://testserver"))
        with TestClient(app) as browser:
            sign_in(database, browser, admin, utc_now())
            with database.writing() as connection:
                token = tokens.make(connection, home.id, admin.id, "bench", utc_now())
            for name, path in PAGES.items():
                _measure(name, partial(browser.get, path), partial(_forget, app))
            headers = {"authorization": f"Bearer {token}"}
            _measure("API: clients", partial(browser.get, "/api/v1/clients", headers=headers), partial(_forget, app))
    for name, milliseconds in floors.items():
        show(f"    floor: {name}", f"{milliseconds:6.1f} ms")


def _measure(name: str, get: Callable[[], Any], forget: Callable[[], None]) -> None:
    def cold() -> float:
        forget()
        return timed(lambda: _fine(get()))

    times = [cold() for _ in range(TIMES)]
    warm = [timed(lambda: _fine(get())) for _ in range(TIMES)]
    show(f"(i) {name}", f"{median(times):6.1f} ms counted anew, {median(warm):6.1f} ms within the minute")


def _fine(answer: Any) -> None:
    assert answer.status_code == 200, answer.status_code


def _forget(app: Any) -> None:
    app.state.parts.figures = Figures()


FLOORS = {
    "one agency's stages, by SQL alone": (
        "SELECT prefecture, acted_at IS NULL, booked_at IS NULL, finished_at IS NULL, count(*) FROM journey"
        " WHERE agency_id = :agency GROUP BY 1, 2, 3, 4"
    ),
    "all agencies' challenges and tools, by SQL alone": (
        "SELECT challenges, tools, count(*) FROM journey WHERE segment <> '' AND :agency > 0 GROUP BY 1, 2"
    ),
}


def _floor(database: Database, agency_id: int, name: str) -> float:
    with database.reading() as connection:
        assert connection.execute(select(journey.c.owner_id).limit(1)).first()
        run = lambda: connection.execute(text(FLOORS[name]), {"agency": agency_id}).all()  # noqa: E731
        return median([timed(run) for _ in range(TIMES)])
