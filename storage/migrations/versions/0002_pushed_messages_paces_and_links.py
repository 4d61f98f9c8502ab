"""messages that are pushed, paces, and codes that link apps"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

DUE, DEAD, PUSHED = sa.text("state = 'due'"), sa.text("state = 'dead'"), sa.text("pushes > 0")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "pace",
        sa.Column("key", sa.String(length=50), nullable=False),
        sa.Column("free_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_pace")),
    )
    op.create_table(
        "link",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_link_owner_id")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_link")),
    )
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_owner_id"), ["owner_id"], unique=False)

    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.add_column(sa.Column("heard_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("gone_at", sa.DateTime(), nullable=True))

    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("state", sa.String(length=10), server_default="fetched", nullable=False))
        batch_op.add_column(sa.Column("due_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("attempts", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("parts", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("pushes", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("reply", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("error", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("settled_at", sa.DateTime(), nullable=True))
        batch_op.create_index(
            "ix_outbox_contact_id_turn", ["contact_id", "turn"], unique=False, sqlite_where=DUE, postgresql_where=DUE
        )
        batch_op.create_index("ix_outbox_dead", ["made_at"], unique=False, sqlite_where=DEAD, postgresql_where=DEAD)
        batch_op.create_index("ix_outbox_due_at", ["due_at"], unique=False, sqlite_where=DUE, postgresql_where=DUE)
        batch_op.create_index(
            "ix_outbox_pushed", ["settled_at"], unique=False, sqlite_where=PUSHED, postgresql_where=PUSHED
        )


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_pushed", sqlite_where=PUSHED, postgresql_where=PUSHED)
        batch_op.drop_index("ix_outbox_due_at", sqlite_where=DUE, postgresql_where=DUE)
        batch_op.drop_index("ix_outbox_dead", sqlite_where=DEAD, postgresql_where=DEAD)
        batch_op.drop_index("ix_outbox_contact_id_turn", sqlite_where=DUE, postgresql_where=DUE)
        batch_op.drop_column("settled_at")
        batch_op.drop_column("error")
        batch_op.drop_column("reply")
        batch_op.drop_column("pushes")
        batch_op.drop_column("parts")
        batch_op.drop_column("attempts")
        batch_op.drop_column("due_at")
        batch_op.drop_column("state")

    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.drop_column("gone_at")
        batch_op.drop_column("heard_at")

    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_link_owner_id"))

    op.drop_table("link")
    op.drop_table("pace")
