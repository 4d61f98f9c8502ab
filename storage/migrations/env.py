"""Alembic's entry: runs the migrations on the connection that storage.database.migrate hands over."""

from alembic import context

from storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can't alter a column: Alembic then makes the table anew.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
