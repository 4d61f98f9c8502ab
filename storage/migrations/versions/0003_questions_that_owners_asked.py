"""questions that owners asked"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "asked",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("confident", sa.Boolean(), nullable=False),
        sa.Column("entry", sa.String(length=60), nullable=True),
        sa.Column("rated", sa.String(length=60), nullable=True),
        sa.Column("verdict", sa.String(length=10), nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_asked_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asked")),
    )
    with op.batch_alter_table("asked", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_asked_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_asked_owner_id"), ["owner_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("asked", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_asked_owner_id"))
        batch_op.drop_index(batch_op.f("ix_asked_at"))

    op.drop_table("asked")
