"""Seals: by which key the values of every table are sealed, and sealing them anew with the key that seals now."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    Text,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    tuple_,
    type_coerce,
    update,
)

from storage import sealing
from storage.schema import metadata
from storage.sealing import EMPTY, MARK, NAME_LENGTH, Sealed, SealedJSON

# What is sealed, by table.
COLUMNS = {
    table: columns
    for table in metadata.sorted_tables
    if (columns := [column for column in table.columns if isinstance(column.type, Sealed | SealedJSON)])
}
# Rows sealed anew in one transaction, and rows looked at in a sample.
AT_ONCE, SAMPLE = 200, 20

Key = tuple[Any, ...]


def _kept(column: ColumnElement[Any]) -> ColumnElement[str]:
    """A column as the database keeps it."""
    return type_coerce(column, Text)


def tally(connection: Connection) -> dict[str, int]:
    """How many values are sealed with which key, by its name; under "" those that are not sealed."""
    counts: Counter[str] = Counter()
    for columns in COLUMNS.values():
        for column in columns:
            kept = _kept(column)
            sealed = func.substr(kept, 1, len(MARK)) == MARK
            key = case((sealed, func.substr(kept, len(MARK) + 1, NAME_LENGTH)), else_="").label("key")
            query = select(key, func.count()).where(kept.not_in(EMPTY)).group_by(key)
            counts.update(dict(map(tuple, connection.execute(query))))
    return dict(counts)


def probe(connection: Connection) -> None:
    """Open a few values of every table, the oldest and the newest; raises NoKey where one can't be."""
    for table, columns in COLUMNS.items():
        for order in (table.primary_key.columns.values(), [one.desc() for one in table.primary_key]):
            connection.execute(select(*columns).order_by(*order).limit(SAMPLE)).all()


def seal_anew(connection: Connection, table: Table, after: Key | None) -> tuple[int, Key | None]:
    """Seal with the key that seals now what of a table is not, beyond the row with this key, a few rows at once.

    Gives how many rows that were, and the key of the last; None where there was none. Rows that somebody is just
    writing are passed over; raises NoKey.
    """
    keys, columns = list(table.primary_key), COLUMNS[table]
    stale = or_(*(_stale(column) for column in columns))
    query = select(*keys, *columns).where(stale).order_by(*keys).limit(AT_ONCE).with_for_update(skip_locked=True)
    if after is not None:
        query = query.where(tuple_(*keys) > tuple_(*map(literal, after)))
    rows = connection.execute(query).all()
    if not rows:
        return 0, None
    names = [f"key_{key.name}" for key in keys], [f"new_{column.name}" for column in columns]
    same = [key == bindparam(name) for key, name in zip(keys, names[0], strict=True)]
    values: dict[str, Any] = {column.name: bindparam(name) for column, name in zip(columns, names[1], strict=True)}
    given = [dict(zip((*names[0], *names[1]), row, strict=True)) for row in rows]
    connection.execute(update(table).where(*same).values(values), given)
    return len(rows), _key(rows[-1], len(keys))


def _key(row: Sequence[Any], length: int) -> Key:
    return tuple(row[:length])


def _stale(column: ColumnElement[Any]) -> ColumnElement[bool]:
    beginning = f"{MARK}{sealing.sealing_key()}:"
    kept = _kept(column)
    return kept.not_in(EMPTY) & (func.substr(kept, 1, len(beginning)) != beginning)
