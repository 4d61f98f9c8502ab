"""The statements of every turn. SQLAlchemy writes them once, the driver runs them.

Run by SQLAlchemy, each would cost several times what the database takes for it: a tenth of a whole turn in all.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Dialect, Select, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import UpdateBase

Values = Mapping[str, Any]


class Prepared:
    """A statement, made by `make` for a kind of database; run with a value for each of its parameters."""

    def __init__(self, make: Callable[[Dialect], UpdateBase | Select[Any]]) -> None:
        self._make = make
        self._made: dict[str, _Text] = {}

    def write(self, connection: Connection, rows: Sequence[Values]) -> int:
        """Run it for each row of values, in one exchange with the database; gives how many rows it wrote."""
        if not rows:
            return 0
        text = self._text(connection)
        given = [text.ready(row) for row in rows]
        with _cursor(connection, text.text) as cursor:
            if len(given) == 1:
                cursor.execute(text.text, given[0])
            else:
                cursor.executemany(text.text, given)
            return cursor.rowcount

    def first(self, connection: Connection, values: Values) -> tuple[Any, ...] | None:
        """The first row that it finds, if any."""
        text = self._text(connection)
        with _cursor(connection, text.text) as cursor:
            cursor.execute(text.text, text.ready(values))
            row = cursor.fetchone()
        return text.read(row) if row else None

    def _text(self, connection: Connection) -> "_Text":
        dialect = connection.dialect
        if dialect.name not in self._made:
            self._made[dialect.name] = _Text(self._make(dialect), dialect)
        return self._made[dialect.name]


class _Text:
    """A statement as the driver takes it, and what becomes of values on their way to the driver and back.

    JSON data are text on the way, and on SQLite times are as well.
    """

    def __init__(self, statement: UpdateBase | Select[Any], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self.order = compiled.positiontup
        binds = {name: bind.type.dialect_impl(dialect) for name, bind in compiled.binds.items()}
        self.there = {name: type.bind_processor(dialect) for name, type in binds.items()}
        columns = statement.selected_columns if isinstance(statement, Select) else ()
        self.back = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]

    def ready(self, row: Values) -> Any:
        values = {name: process(value) if (process := self.there[name]) else value for name, value in row.items()}
        return values if self.order is None else tuple([values[name] for name in self.order])

    def read(self, row: Sequence[Any]) -> tuple[Any, ...]:
        return tuple([process(value) if process else value for process, value in zip(self.back, row, strict=True)])


@contextmanager
def _cursor(connection: Connection, text: str) -> Iterator[DBAPICursor]:
    """A cursor of the driver's, whose errors are raised as SQLAlchemy raises them."""
    dialect, driven = connection.dialect, connection.connection
    cursor = driven.cursor()
    try:
        yield cursor
    except dialect.loaded_dbapi.Error as error:
        gone = dialect.is_disconnect(error, driven, cursor)
        if gone:
            connection.invalidate(error)
        raise DBAPIError.instance(
            text, None, error, dialect.loaded_dbapi.Error, connection_invalidated=gone, dialect=dialect
        ) from error
    finally:
        cursor.close()


def insert_new(dialect: Dialect, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that leaves a row alone that is there already."""
    return insert_row(dialect, table).on_conflict_do_nothing()


def insert_row(dialect: Dialect, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can be told what to do with a row that is there already."""
    return postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)
