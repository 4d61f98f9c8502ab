"""What a booking can be, and what leads from one state to the next."""

# A booking in one of these holds its expert's half hours.
OCCUPYING = ("held", "pending", "proposed", "confirmed")
ENDED = ("done", "no_show", "cancelled", "expired", "declined")
STATES = (*OCCUPYING, *ENDED)

# What can be done, in which states, and what it leads to. A held time is kept while the owner confirms; pending is what
# the expert has yet to accept, proposed what the owner has.
ACTS = {
    "ask": (("held",), "pending"),
    "book": (("held",), "confirmed"),
    "accept": (("pending",), "confirmed"),
    # To another expert, who has yet to accept or need not be asked.
    "pass_on": (("pending",), "pending"),
    "place": (("pending",), "confirmed"),
    "refuse": (("pending",), "declined"),
    "propose": (("pending", "confirmed"), "proposed"),
    "agree": (("proposed",), "confirmed"),
    "move": (("pending", "proposed", "confirmed"), "confirmed"),
    "move_and_ask": (("pending", "proposed", "confirmed"), "pending"),
    "cancel": (OCCUPYING, "cancelled"),
    "expire": (("held", "pending", "proposed"), "expired"),
    # Who was noted as not having come may have come after all.
    "finish": (("confirmed", "no_show"), "done"),
    "miss": (("confirmed", "done"), "no_show"),
}


class Impossible(ValueError):
    """It can't be done to a booking in this state."""


def after(state: str, act: str) -> str:
    """The state that an act leads to; raises Impossible where it makes no sense."""
    before, to = ACTS[act]
    if state not in before:
        raise Impossible(f"{act}: the booking is {state}")
    return to
