"""What can become of a sending that fails, whatever the platform; each module translates its library's errors to these.

- Failure
  - Busy: not taken; later
  - Unanswered: nobody knows whether it was taken; the same again, with the same key
  - Unusable: the way of answering the event is closed (a reply token that has ended); go on without it
  - Gone: blocked, deleted, put out; nothing reaches this contact any more
  - Refused: never to be taken as it is; a dead letter
"""


class Failure(Exception):
    """A sending that failed. The text says why, in words for an operator, and holds no personal data."""


class Busy(Failure):
    """The platform wants to be asked later; `after` is in how many seconds, where it says so."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class Unanswered(Failure):
    """No answer, or a server's error: it may have been taken or not."""


class Unusable(Failure):
    """The way of answering the event itself is closed; it can still be sent in the ordinary way."""


class Gone(Failure):
    """The contact can't be reached any more."""


class Refused(Failure):
    """The platform will never take it as it is."""
