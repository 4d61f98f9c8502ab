"""Made-up owners whom an agency has sent, and its people in the chat: what they are told, with long names."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from bot import rehearsals
from bot.rehearsals import DAY, NAME, Part
from dialogs.agencies import (
    AnswerWish,
    Arrive,
    BecomeMember,
    FindMember,
    FindReply,
    FindWish,
    Forward,
    KeepShare,
    OpenShares,
    Shares,
)
from dialogs.content import Content
from dialogs.effects import Effect
from dialogs.events import Woke
from dialogs.flows import Scene
from dialogs.flows.notices import notice
from dialogs.flows.sharing import ASKED
from dialogs.record import Frame
from dialogs.replay import replay
from dialogs.steps import Say

# As long as an agency's name is kept.
AGENCY = "見本商工会議所" + "見" * 73
CODE = "iv-abcd2345"
SHARES = ("", "nothing", "result", "all")
WISHES = ("invite-7.0-yes", "invite-7.0-no", "join-7.0-yes", "join-7.0-no")


def _view(share: str) -> dict[str, Any]:
    return {"id": 7, "agency": AGENCY, "share": share, "since": DAY if share else ""}


def performed(share: str, outcome: str, wish: str = "join-7.0-yes") -> Callable[[Effect], Any]:
    """What gives the results of effects to somebody who shares so much, where a code or a wish leads to `outcome`."""
    kind, _, answer = wish.partition("-7.0-")
    view, booking = _view(share), rehearsals.view(Part())
    asked = booking | view | {"officer": NAME, "called": NAME}
    given: dict[type, Any] = {
        Arrive: view | {"outcome": outcome, "event": AGENCY if share else "", "ask": not share},
        OpenShares: [view] if not share else [],
        Shares: [view, view],
        KeepShare: view | {"before": "all", "out": True},
        FindWish: asked,
        AnswerWish: asked,
        FindReply: booking | {"mine": "guest", "client": 7, "called": NAME, "kind": kind, "yes": answer == "yes"},
        BecomeMember: {"outcome": outcome, "who": NAME, "agency": AGENCY},
        FindMember: {"who": NAME, "agency": AGENCY, "may": outcome != "other"},
        Forward: {
            "id": 7,
            "called": NAME,
            "agency": AGENCY,
            "code": CODE,
            "link": f"https://banso.example/link/{CODE}",
            "until": DAY,
        },
    }
    return lambda effect: given.get(type(effect))


def flows() -> Iterator[tuple[str, dict[str, Any], Callable[[Effect], Any]]]:
    """Every flow of theirs, with what it begins with and what its effects give."""
    for share in SHARES:
        for outcome in ("came", "again", "ended"):
            yield "referred", {"argument": CODE, f"{ASKED}7": share or "all"}, performed(share, outcome)
        yield "sharing", {}, performed(share, "")
        yield "hide", {}, performed(share, "")
        yield "sharing", {"argument": f"7-{share or 'nothing'}"}, performed(share, "")
    for outcome in ("done", "own", "other"):
        yield "staff", {"argument": CODE}, performed("", outcome)
        yield "forward", {"argument": NAME}, performed("", outcome)
    yield from (("reply", {"argument": wish}, performed("all", "", wish)) for wish in WISHES)


def talks(content: Content) -> Iterator[Callable[[], tuple[Say, ...]]]:
    """All that is said to them, as talks are wanted of samples."""
    for flow, answers, does in flows():
        yield partial(_says, content, flow, answers, does)
    for wish in WISHES:
        kind, _, answer = wish.partition("-7.0-")
        for told in (kind, f"{kind}-{answer}"):
            yield partial(_told, content, Woke(1, "client:7", told, 0), performed("all", "", wish))


def _says(content: Content, flow: str, answers: dict[str, Any], does: Callable[[Effect], Any]) -> tuple[Say, ...]:
    return tuple(rehearsals.run(content, flow, answers, does).says)


def _told(content: Content, woke: Woke, does: Callable[[Effect], Any]) -> tuple[Say, ...]:
    return tuple(replay(notice(Scene(content, "", {}, None, ()), woke), Frame("notice", ""), does).says)
