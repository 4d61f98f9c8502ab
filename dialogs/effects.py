"""What a flow may want from the world, as values; bot/ has it done by storage within the turn's transaction."""

from dataclasses import dataclass
from typing import Any

from dialogs.agencies import AgencyEffect
from dialogs.appointments import Appointment
from dialogs.consultations import ConsultationEffect
from dialogs.officers import Officer
from dialogs.outreach import OutreachEffect
from dialogs.surveys import Survey
from dialogs.talks import Talking
from dialogs.waiting import Waiting
from scoring.result import Result


@dataclass(frozen=True, slots=True)
class GiveConsent:
    """Keep that the owner agreed to this version of the notice; gives None."""

    notice: str


@dataclass(frozen=True, slots=True)
class EarlierResult:
    """The owner's latest result before this one ({"token", "result", "day"}), or None."""

    run: str
    depth: str


@dataclass(frozen=True, slots=True)
class LatestResult:
    """The owner's latest result ({"token", "result", "day"}), or None."""


@dataclass(frozen=True, slots=True)
class Peers:
    """Full results of other owners of this industry and size: {"n", "segments": {id: n}, "balance": {id: mean}}."""

    industry: str
    size: str


@dataclass(frozen=True, slots=True)
class SaveResult:
    """Keep the result of this run and depth, in place of the one kept for them; gives its token."""

    run: str
    answers: dict[str, Any]
    result: Result


@dataclass(frozen=True, slots=True)
class DeleteResult:
    """Delete one result; gives True where there was one."""

    token: str


@dataclass(frozen=True, slots=True)
class ExportLink:
    """An address, good for a day, at which all that is stored about the owner can be had; gives its path."""


@dataclass(frozen=True, slots=True)
class EraseOwner:
    """Delete all that is stored about the owner; gives None."""


@dataclass(frozen=True, slots=True)
class MakeCode:
    """A code by which the owner goes on in another app; gives {"code", "minutes"}."""


@dataclass(frozen=True, slots=True)
class FindCode:
    """Whose a code is; gives "own", "other" (the same person's conversation elsewhere), or "" where it is no good.

    "experts" where both are, "members" likewise: two experts, or two members of agencies, can't become one.
    """

    code: str


@dataclass(frozen=True, slots=True)
class JoinConversation:
    """Go on with the conversation that a code is from, in place of this one; gives whether the code was still good."""

    code: str


@dataclass(frozen=True, slots=True)
class FindAnswers:
    """Look for answers to an owner's words, and keep that they were asked.

    `after` is the entry that the owner was just shown, to which "it" may refer; the rest is what the check has told of
    them. Gives {"confident", "outside", "ids" (the best first), "asked" (the number under which it was kept)}.
    """

    text: str
    after: str = ""
    industry: str = ""
    size: str = ""
    prefecture: str = ""


@dataclass(frozen=True, slots=True)
class Recognise:
    """Whether there is a sure answer to these words; nothing is kept."""

    text: str


@dataclass(frozen=True, slots=True)
class LookUp:
    """Which entry holds today, or on the day that is named in the words, in place of the entry `id`.

    Gives {"id", "standing", "ended"}: `ended` is the entry itself where another holds now.
    """

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class RateAnswer:
    """Keep what the owner says of an answer, "useful" or "wrong"; gives None."""

    asked: int
    entry: str
    verdict: str


Effect = (
    GiveConsent
    | EarlierResult
    | LatestResult
    | Peers
    | SaveResult
    | DeleteResult
    | ExportLink
    | EraseOwner
    | MakeCode
    | FindCode
    | JoinConversation
    | FindAnswers
    | Recognise
    | LookUp
    | RateAnswer
    | Appointment
    | ConsultationEffect
    | Waiting
    | Officer
    | Survey
    | Talking
    | AgencyEffect
    | OutreachEffect
)
