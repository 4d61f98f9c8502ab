"""Texts as databases take them."""


def storable(text: str) -> str:
    """`text` as every database takes it: without NUL, and with "?" for half a surrogate pair."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
