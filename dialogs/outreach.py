"""What flows want of outreach, done by bot/: whether an owner wants news, letters of campaigns, and their buttons."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FindNews:
    """What holds of news.

    Gives {"choice": "in", "out", "left" (blocked us while in), or "" while nothing was said; "a_week": how many letters
    there are in a week at the most}.
    """


@dataclass(frozen=True, slots=True)
class OfferNews:
    """Whether news is to be offered now: to who has said nothing, once in a while; noted where it is.

    `back` is set where somebody comes back, who is asked anew if they blocked us while they had news. `wording` is the
    version of the words. Gives {"a_week"} as above, or None where it is not.
    """

    wording: str
    back: bool = False


@dataclass(frozen=True, slots=True)
class KeepNews:
    """Keep whether the owner wants news ("in" or "out"), with the version of the words that it was said to.

    What is on its way already is not sent any more to who does not. `how` names the way in which it was said. Gives
    whether it is kept: experts, and members of agencies, can't be in.
    """

    choice: str
    how: str
    wording: str


@dataclass(frozen=True, slots=True)
class TakeLetter:
    """A step of a campaign for this owner, looked at as things stand now.

    Gives {"text", "buttons" ([label, target, tag]), "picture" (a result's token, or ""), "flyer" (the token of a
    picture that the agency attaches, or "") and "alt" (the words for that)}, or None where nothing is to be said: the
    campaign is stopped, the owner is out, a person leads, or there was enough this week.
    """

    campaign: int
    step: int


@dataclass(frozen=True, slots=True)
class Tap:
    """A button of a letter was tapped (`tag` as in its press: "7.0.a.1"); gives its target, or "" for none of ours."""

    tag: str


OutreachEffect = FindNews | OfferNews | KeepNews | TakeLetter | Tap

# What timers are about that bring letters ("campaign:7"), and of what kind they are ("step0").
SUBJECT, STEP = "campaign", "step"


def letter_of(subject: str, kind: str) -> tuple[int, int] | None:
    """The campaign and the step of which a timer brings the letter; None for any other timer."""
    about, _, id = subject.partition(":")
    return (int(id), int(kind.removeprefix(STEP))) if about == SUBJECT else None
