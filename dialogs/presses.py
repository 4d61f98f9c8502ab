"""What a button carries: actions as short strings (at most 64 bytes, Telegram's limit) and back."""

from dialogs.events import Command, Picked, Tapped, Toggled

Press = Tapped | Toggled | Picked | Command
LIMIT = 64
# Ids of rows have fewer digits than this.
DIGITS = 10


def encode(action: Press) -> str:
    """The string that stands for an action; `decode` gives the action back."""
    match action:
        case Tapped(run, question, value):
            return f"a:{run}:{question}:{value}"
        case Toggled(run, question, value):
            return f"t:{run}:{question}:{value}"
        case Picked(run, question, None):
            return f"d:{run}:{question}"
        case Picked(run, question, values):
            return f"d:{run}:{question}:{','.join(values or ())}"
        case Command(name, argument):
            return f"c:{name}:{argument}" if argument else f"c:{name}"


def row_id(text: str) -> int | None:
    """The id of a row that an argument consists of; None for what no button of ours ever carried."""
    return int(text) if text.isdecimal() and len(text) < DIGITS else None


def decode(press: str) -> Press | None:
    """The action behind a press, or None for what no button of ours ever carried."""
    if "\0" in press or len(press.encode("utf-8", "replace")) > LIMIT:
        return None
    match press.split(":", 3):
        case ["a", run, question, value]:
            return Tapped(run, question, value)
        case ["t", run, question, value]:
            return Toggled(run, question, value)
        case ["d", run, question]:
            return Picked(run, question)
        case ["d", run, question, values]:
            return Picked(run, question, tuple(value for value in values.split(",") if value))
        case ["c", name]:
            return Command(name)
        case ["c", name, *argument]:
            return Command(name, ":".join(argument))
        case _:
            return None
