"""Made-up meetings played through by all who come to them: what is said of bookings, with values as long as can be."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from dialogs.appointments import (
    AnswerProposal,
    AnswerRequest,
    AnyExpert,
    Book,
    Bookings,
    CancelBooking,
    Elapse,
    FindBooking,
    FreeSlots,
    FreeWays,
    HasAgreed,
    HoldSlot,
    KnownReach,
    LastExpert,
    MoveBooking,
    Notice,
    Overlapping,
    ProposeTime,
    Schedule,
    ShareCheck,
    TookPlace,
)
from dialogs.consultations import AnswerAction, CountVisits, FindAction, FindRecord, KeepHours, KeepRecord
from dialogs.content import Content
from dialogs.effects import Effect, LatestResult
from dialogs.events import Woke
from dialogs.flows import FLOWS, Scene
from dialogs.flows.notices import ELAPSED, EXPERTS, GUESTS, OWNERS, notice
from dialogs.flows.times import SLOT
from dialogs.officers import Attend, Enrol, FindInvitation, FindVisit, InviteOfficer, PartyNotice, PutOut, Write
from dialogs.record import Frame
from dialogs.replay import Replay, replay
from dialogs.steps import Flow, Say
from dialogs.surveys import AskSurvey, KeepScore
from dialogs.talks import EndTalk, FindDesk, OpenTalk, PassTime, TakeWords
from dialogs.waiting import Called, FindWaiting, StopWaiting, WaitForDay
from scoring.questionnaire import Question

# As long as a run is with a tag from storage and more runs than any owner has had.
RUN = "ffffff.999"
TOKEN, CODE = "sample-token", "bk-abcd2345"
# What a button carries that was shown with an earlier revision.
OLDER = f"{TOKEN}.98"
# As long as names and places are kept.
WHO, PLACE = "見本 見本之助" + "見" * 13, "東京都千代田区見本町一丁目二番三号 見本ビルディング本館" + "五階" * 36
NAME, WORDS = "見本商工会議所の" + "見" * 32, "お伝えしたいこと。" * 55
WHEN, THERE, DAY = "12月22日(火) 13時30分から14時30分", "12月22日(火) 5時30分から6時30分", "12月22日(火)"
STATES = ("pending", "proposed", "confirmed", "declined", "cancelled")
WAYS = ("phone", "web", "visit")
# What is told of a talk with the desk, to either side.
FROM_DESK, TO_DESK = ("said", "ended", "closed"), ("opened", "resumed", "said", "sent", "left", "closed", "erased")
# Gives a result when it is wanted: of content that contradicts itself there may be none.
Latest = Callable[[], dict[str, Any]]
# More questions than any of these flows asks.
QUESTIONS = 12


@dataclass(frozen=True, slots=True)
class Part:
    """A part in a rehearsal: who it is, and how the meeting stands."""

    mine: str = "owner"
    way: str = "phone"
    state: str = "confirmed"
    known: bool = True


@dataclass(slots=True)
class Played:
    """What was said and asked in a rehearsal."""

    says: list[Say] = field(default_factory=list)
    asked: list[Question] = field(default_factory=list)


def view(part: Part) -> dict[str, Any]:
    """A booking as effects give it to flows (see dialogs.appointments)."""
    return {
        "token": TOKEN,
        "state": part.state,
        "revision": 99,
        "topic": "会社を知らせる1ページを作る",
        "topic_id": "it",
        "way": part.way,
        "at": "2026-12-22T04:30",
        "when": WHEN,
        "there": THERE,
        "day": DAY,
        "days": 1,
        "until": f"{DAY} 12時30分",
        "before": WHEN,
        "reminds": ["day", "hour"],
        "who": WHO,
        "expert": 999,
        "asks": True,
        "ways": list(WAYS),
        "passed": True,
        "reach": "09012345678" if part.way == "phone" else "",
        "place": "" if part.way == "phone" else PLACE,
        "shared": part.known,
        "recorded": False,
        "person": part.known,
        "file": f"/x/{TOKEN}/{TOKEN}.ics" if part.mine == "expert" else f"/b/{TOKEN}.ics",
        "page": f"/b/{TOKEN}",
        "desk": f"/x/{TOKEN}/{TOKEN}",
        "mine": part.mine,
        "guests": [{"id": 999, "name": NAME}],
        "sample": "",
    }


def _record() -> dict[str, Any]:
    actions = [{"id": n, "text": "見積もりを取る" * 8, "by": DAY, "state": "open"} for n in range(3)]
    texts = {
        "situation": "いまの様子。" * 50,
        "support": "支えたこと。" * 50,
        "handover": "よろず支援拠点",
        "url": "https://y.example",
    }
    return {"id": 7, "token": TOKEN, "day": DAY, "who": WHO, "actions": actions, "page": f"/b/{TOKEN}"} | texts


def _slots() -> dict[str, Any]:
    times = [
        {"at": f"2026-12-{n + 10}T04:30", "expert": 999, "day": DAY, "time": "13時30分", "who": WHO} for n in range(12)
    ]
    days = [{"day": f"2026-12-{n + 10}", "label": DAY, "free": n % 2} for n in range(10)]
    full = {"full": "2026-12-22", "full_words": DAY, "asked": DAY, "holiday": "勤労感謝の日 振替休日"}
    return {"experts": 3, "slots": times, "days": days, "understood": f"{DAY} 13時から18時まで", "met": False} | full


def _times(part: Part, latest: dict[str, Any] | None, whole: dict[str, Any]) -> dict[type, Any]:
    """What effects give that have to do with bookings and their times, by kind."""
    views = (HoldSlot, FindBooking, CancelBooking, ShareCheck, AnswerProposal)
    answers = (AnswerRequest, ProposeTime, TookPlace, Elapse)
    booked = whole | {"state": "pending" if part.state == "pending" else "confirmed"}
    waits = {"topic_id": "it", "way": part.way, "on": "2026-12-22", "day": DAY, "number": 999, "minutes": 30}
    return (
        dict.fromkeys((*views, *answers), whole)
        | {
            # Who does not answer in time is told so, or shown what has come in place of what was answered.
            AnswerRequest: whole if part.known else None,
            AnswerProposal: whole if part.known else None,
            AnyExpert: {"declined": "full", "cancelled": ""}.get(part.state, "free"),
            FreeWays: list(WAYS) if part.mine else ["web"],
            HasAgreed: not part.known,
            Overlapping: WHEN,
            Book: booked,
            MoveBooking: booked,
            FreeSlots: _slots(),
            KnownReach: whole["reach"] if part.known and part.state != "proposed" else "",
            LastExpert: {"id": 999, "who": WHO},
            Bookings: [whole],
            Schedule: {"bookings": [whole], "page": f"/x/{TOKEN}"},
            Notice: {"booking": whole, "mine": part.mine},
            LatestResult: latest if part.known else None,
            WaitForDay: 999,
        }
        | dict.fromkeys((FindWaiting, StopWaiting, Called), waits)
    )


def _around(part: Part, whole: dict[str, Any]) -> dict[type, Any]:
    """What effects give that have to do with officers, records and the survey, by kind."""
    action = {"id": 7, "text": "見積もりを取る" * 8, "day": DAY, "token": TOKEN}
    outcome = {"owner": "ended", "expert": "done", "guest": "own", "": "other"}[part.mine]
    opens = f"{DAY} 9時"
    return {
        FindDesk: {
            "who": "見本相談窓口",
            "open": part.known,
            "opens": opens,
            "led": False,
            "asked": "",
            "new": part.known,
        },
        OpenTalk: {"id": 999, "led": part.known, "who": "見本相談窓口", "opens": opens},
        EndTalk: {"desk": part.mine == "expert", "ended": part.known},
        TakeWords: [_word(what, part) for what in (FROM_DESK if part.mine == "owner" else TO_DESK)],
        PassTime: _word("unanswered", part),
        CountVisits: {"count": 3, "most": 3, "left": part.known},
        KeepRecord: _record(),
        FindRecord: _record(),
        FindAction: action,
        AnswerAction: action,
        KeepHours: True,
        AskSurvey: True,
        KeepScore: True,
        InviteOfficer: whole | {"code": CODE, "link": f"https://banso.example/link/{CODE}", "until": DAY},
        FindInvitation: whole | {"mine": "" if part.known else part.mine},
        PutOut: whole | {"called": NAME},
        Enrol: {"outcome": outcome, "who": WHO, "page": f"/x/{TOKEN}"},
    } | dict.fromkeys((Attend, FindVisit, Write, PartyNotice), whole)


def _word(what: str, part: Part) -> dict[str, Any]:
    """Something told of a talk with the desk."""
    words = {"words": WORDS, "sent": "picture", "left": not part.known, "who": "見本相談窓口", "opens": f"{DAY} 9時"}
    return {"what": what, "id": 999, "led": part.known} | words


def performed(part: Part, latest: dict[str, Any] | None) -> Callable[[Effect], Any]:
    """What gives the results of effects in a rehearsal: None for those that have nothing to do with meetings."""
    whole = view(part)
    given = _times(part, latest, whole) | _around(part, whole)
    return lambda effect: given.get(type(effect))


# ---------------------------------------------------------------- playing

# What is said in place of the first choice of a question, by how the question's id begins.
ANSWERS = {"reach": ("09012345678",), "cancel": ("yes",), "dismiss": ("yes",), "leave": ("yes",), "sure": ("plain",)}
# Flows that are begun with more than a booking's token.
GIVEN: Mapping[str, dict[str, Any]] = {
    "dismiss": {"argument": f"{TOKEN}/999"},
    "unwait": {"argument": "999"},
    "accept": {"argument": OLDER},
    "decline": {"argument": OLDER},
    "agree": {"argument": OLDER},
    "action": {"argument": "7-open"},
    "nps": {"argument": "booking:7-9"},
    "offer": {"argument": TOKEN, "at": "2026-12-22T04:30"},
}
MEETINGS = (
    *("consult", "booked", "change", "cancel", "agree", "share", "unshare", "guest", "dismiss", "attend", "leave"),
    *("write", "enrol", "schedule", "accept", "decline", "propose", "held", "missed", "offer", "record", "hours"),
    *("action", "unwait", "nps", "human", "finish"),
)


def run(content: Content, flow: str, answers: dict[str, Any], does: Callable[[Effect], Any]) -> Replay:
    """A flow as it goes with these answers."""
    return replay(FLOWS[flow].flow(Scene(content, RUN, answers, None, ())), Frame(flow, RUN, answers), does)


def play(content: Content, flow: str, part: Part, latest: dict[str, Any] | None) -> Played:
    """A flow from beginning to end, with the first choice of each question, or what ANSWERS says."""
    does, played = performed(part, latest), Played()
    answers = dict(GIVEN.get(flow, {"argument": TOKEN}))
    if flow == "consult" and part.known:
        answers = {}
    for _ in range(QUESTIONS):
        went = run(content, flow, answers, does)
        played.says += went.says
        if went.open is None:
            break
        played.asked.append(went.open)
        answers[went.open.id] = _answer(went.open)
    return played


def _answer(question: Question) -> Any:
    known = next((values for begins, values in ANSWERS.items() if question.id.startswith(begins)), None)
    if known:
        return known[0]
    # Other times than the first would be asked for without end.
    slot = next((choice.value for choice in question.choices if choice.value.startswith(SLOT)), None)
    first = question.choices[0].value if question.choices else ""
    return WORDS if question.kind == "text" else slot or first


def parts() -> Iterator[Part]:
    """Everybody, at meetings of all kinds."""
    for mine in ("owner", "expert", "guest", ""):
        for way in WAYS:
            yield from (Part(mine, way, state, known) for state in STATES[:3] for known in (True, False))
    yield from (Part(state=state) for state in STATES)


def told(content: Content, part: Part, woke: Woke) -> tuple[Say, ...]:
    """What a timer tells."""
    flow: Flow = notice(Scene(content, "", {}, None, ()), woke)
    return tuple(replay(flow, Frame("notice", ""), performed(part, None)).says)


def timers() -> Iterator[tuple[Part, Woke]]:
    """Every timer there is, told at a meeting by telephone and at one elsewhere."""
    roles = {"owner": (*OWNERS, "thanks"), "expert": EXPERTS, "guest": GUESTS}
    words = {"called": NAME, "words": WORDS, "when": WHEN, "again": False, "before": WHEN, "hidden": True}
    for way in WAYS:
        for mine, kinds in roles.items():
            part = Part(mine, way, "proposed" if way == "web" else "confirmed")
            yield from ((part, Woke(1, "booking:7", f"{kind}:{mine}", 1, words)) for kind in kinds)
            yield from ((part, Woke(1, "party:7", kind, 1, words)) for kind in ("joined", "left", "wrote"))
        yield from ((Part(way=way), Woke(1, "booking:7", f"{kind}:owner", 1, words)) for kind in ELAPSED)
        yield Part("", way), Woke(1, "party:7", "left", 1, words)
    for subject, kind in (
        ("passed", "passed:expert"),
        ("record", "told"),
        ("action", "due"),
        ("follow", "two_weeks"),
        ("follow", "three_months"),
        ("waiting", "free"),
        ("survey:check", "ask"),
        ("talk", "to-owner"),
        ("talk", "unanswered"),
    ):
        yield Part(), Woke(1, f"{subject}:7", kind, 1, words)
    for known in (True, False):
        yield Part("expert", known=known), Woke(1, "talk:7", "to-desk", 1)
        yield Part(known=known), Woke(1, "talk:7", "to-owner", 1)


def talks(content: Content, latest: Latest) -> Iterator[Callable[[], tuple[Say, ...]]]:
    """All rehearsals, as talks are wanted of samples; `latest` gives the result of the owner who plays in them."""
    for flow in MEETINGS:
        for part in parts():
            yield partial(_says, content, flow, part, latest)
    for part, woke in timers():
        yield partial(told, content, part, woke)


def _says(content: Content, flow: str, part: Part, latest: Latest) -> tuple[Say, ...]:
    return tuple(play(content, flow, part, latest()).says)


def questions(content: Content, latest: dict[str, Any] | None) -> Iterator[Question]:
    """Every question asked in these rehearsals."""
    for flow in MEETINGS:
        for part in parts():
            yield from play(content, flow, part, latest).asked
