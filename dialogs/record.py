"""The record of a conversation: all that is stored of it, and all that is needed to go on with it."""

from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Frame:
    """One flow under way: its answers by question id, and what its effects gave (see steps.Do).

    `asked` is the question last shown to the owner, to which alone a typed answer may belong; `draft` is what of it is
    ticked so far, where it is a multi-choice.
    """

    flow: str
    run: str
    answers: dict[str, Any] = field(default_factory=dict)
    done: dict[str, Any] = field(default_factory=dict)
    asked: str = ""
    draft: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """Frames, the first of them the check and the last the one that is talking.

    `tag` tells this conversation's buttons from another's, `runs` counts the frames there have been. `offered` are the
    buttons (label, press) that were shown last, where no question came after them.
    """

    tag: str
    runs: int = 0
    frames: tuple[Frame, ...] = ()
    offered: tuple[tuple[str, str], ...] = ()

    @property
    def top(self) -> Frame:
        """The frame that is talking; IndexError where there is none."""
        return self.frames[-1]

    def push(self, flow: str, answers: dict[str, Any] | None = None) -> "Record":
        """The record with a new frame on top."""
        frame = Frame(flow, f"{self.tag}.{self.runs + 1}", answers or {})
        return replace(self, runs=self.runs + 1, frames=(*self.frames, frame))

    def pop(self) -> "Record":
        """The record without its top frame."""
        return replace(self, frames=self.frames[:-1])

    def put(self, frame: Frame) -> "Record":
        """The record with this frame in place of the top one."""
        return replace(self, frames=(*self.frames[:-1], frame))


def to_json(record: Record) -> dict[str, Any]:
    """A record as JSON data (the tag is kept by storage, beside it)."""
    frames = [
        {"flow": f.flow, "run": f.run, "answers": f.answers, "done": f.done, "asked": f.asked, "draft": list(f.draft)}
        for f in record.frames
    ]
    offered = {"offered": [list(pair) for pair in record.offered]} if record.offered else {}
    return {"runs": record.runs, "frames": frames} | offered


def from_json(tag: str, data: dict[str, Any]) -> Record:
    """A record from its JSON data; an empty one is that of a conversation not begun."""
    frames = tuple(
        Frame(f["flow"], f["run"], f["answers"], f["done"], f["asked"], tuple(f.get("draft", ())))
        for f in data.get("frames", ())
    )
    offered = tuple((label, press) for label, press in data.get("offered", ()))
    return Record(tag, data.get("runs", 0), frames, offered)
