"""Sealing: names, telephone numbers and free text are encrypted on their way into the database.

The keys are those of the settings, given once when a process begins: the first seals, all of them open. Text that was
kept before there were keys is read as it stands. What is empty stays so: that there is nothing is no secret, and SQL
can tell it from what is there. Beyond that, SQL can neither compare, nor search, nor order what is sealed.
"""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

from storage.texts import storable

# What a sealed text begins with; the name of its key and a colon follow.
MARK = "sealed:"
NAME_LENGTH = 8
EMPTY = ("", "{}", "[]")

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class NoKey(Exception):
    """None of the keys opens what the database keeps."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no key of DATA_KEYS opens what was sealed with the key {name}")
        self.name = name


class _Ring:
    """The keys of this process by their names, the one that seals first."""

    def __init__(self) -> None:
        self.keys: dict[str, Fernet] = {}
        self.first = ""


_ring = _Ring()


def use(keys: Sequence[str]) -> None:
    """Seal with the first of these keys, and open with any; ValueError where one is no key, or there is none."""
    if not keys:
        raise ValueError("there is no key")
    _ring.keys = {name_of(key): Fernet(key) for key in keys}
    _ring.first = name_of(keys[0])


def new_key() -> str:
    """A new key, as `use` takes it."""
    return Fernet.generate_key().decode()


def name_of(key: str) -> str:
    """What a key is called where it must not be told; nobody can tell the key from it."""
    return sha256(key.encode()).hexdigest()[:NAME_LENGTH]


def sealing_key() -> str:
    """The name of the key that seals."""
    return _ring.first


def known_keys() -> frozenset[str]:
    """The names of the keys that open."""
    return frozenset(_ring.keys)


def seal(text: str) -> str:
    """A text as the database keeps it."""
    if text in EMPTY:
        return text
    if not _ring.first:
        raise RuntimeError("nothing can be sealed before sealing.use has been given the keys")
    return f"{MARK}{_ring.first}:{_ring.keys[_ring.first].encrypt(storable(text).encode()).decode()}"


def unseal(kept: str) -> str:
    """The text of what the database keeps; raises NoKey."""
    if not kept.startswith(MARK):
        return kept
    name, _, token = kept.removeprefix(MARK).partition(":")
    try:
        return _ring.keys[name].decrypt(token).decode()
    except (KeyError, InvalidToken) as error:
        raise NoKey(name) from error


class Sealed(TypeDecorator[str]):
    """A text that is kept sealed."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """As the database keeps it."""
        return None if value is None else seal(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """As it was."""
        return None if value is None else unseal(value)


class SealedJSON(TypeDecorator[Any]):
    """JSON data that are kept sealed."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """As the database keeps them."""
        return None if value is None else seal(_encode(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """As they were."""
        return None if value is None else json.loads(unseal(value))
