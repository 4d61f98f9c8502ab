"""What a platform can show, as figures that content is checked against."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Characters a button's label and a message may have."""

    label: int
    text: int
