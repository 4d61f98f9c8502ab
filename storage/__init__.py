"""What is kept: tables, migrations and the functions that read and write them."""

from storage.database import Database, migrate

__all__ = ["Database", "migrate"]
