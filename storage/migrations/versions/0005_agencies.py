"""agencies, their desk, and what is counted of owners"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


# The database itself refuses to change what the audit log says, whoever asks.
KEEP_SQLITE = """
CREATE TRIGGER audit_{act} BEFORE {act} ON audit BEGIN
    SELECT RAISE(ABORT, 'rows of audit are only added');
END
"""
KEEP_POSTGRESQL = """
CREATE FUNCTION audit_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of audit are only added';
END
$$;
CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_kept();
CREATE TRIGGER audit_whole BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_kept();
"""


# Columns that hold sealed text from now on, which is longer than what it seals, and what they were. What stands in them
# is read as it stands, until `banso keys rotate` seals it.
SEALED: dict[tuple[str, str], sa.types.TypeEngine[Any]] = {
    ("owner", "record"): sa.JSON(),
    ("outbox", "messages"): sa.JSON(),
    ("asked", "text"): sa.String(300),
    ("result", "answers"): sa.JSON(),
    ("timer", "data"): sa.JSON(),
    ("expert", "name"): sa.String(60),
    ("expert", "profile"): sa.JSON(),
    ("booking", "reach"): sa.String(100),
    ("booking", "place"): sa.String(300),
    ("party", "name"): sa.String(60),
    ("next_action", "text"): sa.String(300),
    ("survey", "reason"): sa.String(800),
}


def _retype(table: str, column: str, type: sa.types.TypeEngine[Any]) -> None:
    """Give a column another type of text, with all that stands in it."""
    words = type.compile(op.get_bind().dialect)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {words} USING {column}::{words}")
        return
    # Not by making the table anew: rows of other tables refer to these, and would go with it.
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column}_new {words} DEFAULT '' NOT NULL")
    op.execute(f"UPDATE {table} SET {column}_new = {column}")  # noqa: S608 - names of ours
    op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    op.execute(f"ALTER TABLE {table} RENAME COLUMN {column}_new TO {column}")


# How far those have come who were there before anything was counted, by what is known of them. Left out are experts,
# threads of the desk, and officers who were brought to a booking and have none of their own.
JOURNEYS = """
INSERT INTO journey (owner_id, channel, stands, answered, depth, seen_at, segment, industry, size, came_at, began_at,
    finished_at, contact_at, booked_at, met_at, acted_at)
SELECT owner.id,
    (SELECT channel FROM contact WHERE contact.owner_id = owner.id ORDER BY contact.id LIMIT 1), '', 0,
    COALESCE((SELECT depth FROM result WHERE result.owner_id = owner.id ORDER BY result.id LIMIT 1), ''),
    owner.seen_at,
    COALESCE((SELECT segment FROM result WHERE result.owner_id = owner.id ORDER BY result.id DESC LIMIT 1), ''),
    COALESCE((SELECT industry FROM result WHERE result.owner_id = owner.id ORDER BY result.id DESC LIMIT 1), ''),
    COALESCE((SELECT size FROM result WHERE result.owner_id = owner.id ORDER BY result.id DESC LIMIT 1), ''),
    owner.made_at,
    owner.consented_at,
    (SELECT MIN(made_at) FROM result WHERE result.owner_id = owner.id),
    (SELECT MIN(at) FROM (
        SELECT contact.owner_id, made_at AS at FROM contact WHERE channel IN ('line', 'telegram', 'slack', 'mail')
        UNION ALL SELECT booking.owner_id, made_at FROM booking WHERE reach <> ''
    ) AS reached WHERE reached.owner_id = owner.id),
    (SELECT MIN(made_at) FROM booking WHERE booking.owner_id = owner.id
        AND (reach <> '' OR state IN ('pending', 'proposed', 'confirmed', 'declined', 'done', 'no_show'))),
    (SELECT MIN(changed_at) FROM booking WHERE booking.owner_id = owner.id AND state = 'done'),
    (SELECT MIN(consultation.made_at) FROM consultation JOIN next_action ON consultation_id = consultation.id
        WHERE next_action.owner_id = owner.id AND next_action.state = 'done')
FROM owner
WHERE turns > 0 AND erased_at IS NULL
    AND EXISTS (SELECT 1 FROM contact WHERE contact.owner_id = owner.id
        AND channel IN ('web', 'terminal', 'line', 'telegram', 'slack'))
    AND NOT EXISTS (SELECT 1 FROM expert WHERE expert.owner_id = owner.id)
    AND NOT EXISTS (SELECT 1 FROM talk WHERE talk.desk_id = owner.id)
    AND (NOT EXISTS (SELECT 1 FROM party WHERE party.owner_id = owner.id)
        OR EXISTS (SELECT 1 FROM result WHERE result.owner_id = owner.id)
        OR EXISTS (SELECT 1 FROM booking WHERE booking.owner_id = owner.id))
"""
LATEST = "SELECT owner_id, answers FROM result WHERE id IN (SELECT MAX(id) FROM result GROUP BY owner_id)"
DESCRIBED = "UPDATE journey SET prefecture = :prefecture, challenges = :challenges, tools = :tools WHERE owner_id = :id"


def _begin_journeys(connection: sa.Connection) -> None:
    connection.execute(sa.text(JOURNEYS))
    rows = []
    for id, kept in connection.execute(sa.text(LATEST)):
        answers = json.loads(kept) if isinstance(kept, str) else kept
        levels = {key.removeprefix("q2."): level for key, level in answers.items() if key.startswith("q2.")}
        picks = answers.get("picks") or [id for id, level in levels.items() if level in ("urgent", "some")]
        lists = {"challenges": picks, "tools": answers.get("q3") or []}
        row = {name: f",{','.join(sorted(ids))}," if ids else "" for name, ids in lists.items()}
        rows.append(row | {"id": id, "prefecture": str(answers.get("prefecture") or "")})
    if rows:
        connection.execute(sa.text(DESCRIBED), rows)


def upgrade() -> None:
    """Apply."""
    # ### commands auto generated by Alembic - please adjust! ###
    op.create_table(
        "agency",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("home", sa.Boolean(), nullable=False),
        sa.Column("logo", sa.LargeBinary(), nullable=True),
        sa.Column("logo_type", sa.String(length=20), nullable=True),
        sa.Column("ask", sa.String(length=120), server_default="", nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency")),
        sa.UniqueConstraint("name", name=op.f("uq_agency_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=True),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index("ix_audit_agency_id_id", ["agency_id", "id"], unique=False)

    op.create_table(
        "purge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purge")),
        sa.UniqueConstraint("day", name=op.f("uq_purge_day")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "journey",
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=True),
        sa.Column("referral_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("stands", sa.String(length=40), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("depth", sa.String(length=10), server_default="", nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("segment", sa.String(length=20), server_default="", nullable=False),
        sa.Column("industry", sa.String(length=40), server_default="", nullable=False),
        sa.Column("size", sa.String(length=10), server_default="", nullable=False),
        sa.Column("prefecture", sa.String(length=40), server_default="", nullable=False),
        sa.Column("challenges", sa.String(length=200), server_default="", nullable=False),
        sa.Column("tools", sa.String(length=400), server_default="", nullable=False),
        sa.Column("came_at", sa.DateTime(), nullable=False),
        sa.Column("began_at", sa.DateTime(), nullable=True),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("contact_at", sa.DateTime(), nullable=True),
        sa.Column("booked_at", sa.DateTime(), nullable=True),
        sa.Column("met_at", sa.DateTime(), nullable=True),
        sa.Column("acted_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_journey_owner_id")),
        sa.PrimaryKeyConstraint("owner_id", name=op.f("pk_journey")),
    )
    with op.batch_alter_table("journey", schema=None) as batch_op:
        batch_op.create_index("ix_journey_agency_id_came_at", ["agency_id", "came_at"], unique=False)
        batch_op.create_index("ix_journey_referral_id", ["referral_id"], unique=False)

    op.create_table(
        "member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("expert_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mail", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("password", sa.String(length=200), nullable=True),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("counter", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=True),
        sa.Column("fails", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until", sa.DateTime(), nullable=True),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_member_agency_id")),
        sa.ForeignKeyConstraint(["expert_id"], ["expert.id"], name=op.f("fk_member_expert_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_member_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sa.UniqueConstraint("expert_id", name=op.f("uq_member_expert_id")),
        sa.UniqueConstraint("mail", name=op.f("uq_member_mail")),
        sa.UniqueConstraint("owner_id", name=op.f("uq_member_owner_id")),
        sa.UniqueConstraint("subject", name=op.f("uq_member_subject")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_member_agency_id"), ["agency_id"], unique=False)

    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("share", sa.String(length=10), nullable=False),
        sa.Column("wording", sa.String(length=20), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_consent_agency_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_consent_member_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_consent_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_api_token_agency_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_api_token_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_token_hash")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_token_agency_id"), ["agency_id"], unique=False)

    op.create_table(
        "enrolment",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_enrolment_member_id")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_enrolment")),
    )
    with op.batch_alter_table("enrolment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enrolment_member_id"), ["member_id"], unique=False)

    op.create_table(
        "referral",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("place", sa.String(length=100), server_default="", nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_referral_agency_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_referral_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
        sa.UniqueConstraint("code", name=op.f("uq_referral_code")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("referral", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_referral_agency_id"), ["agency_id"], unique=False)

    op.create_table(
        "signin",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("ends_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_signin_member_id")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_signin")),
    )
    with op.batch_alter_table("signin", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_signin_ends_at"), ["ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_signin_member_id"), ["member_id"], unique=False)

    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mail", sa.Text(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("ends_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_invitation_agency_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_invitation_member_id")),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_invitation_referral_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("code", name=op.f("uq_invitation_code")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitation_agency_id"), ["agency_id"], unique=False)

    op.create_table(
        "client",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.Integer(), nullable=True),
        sa.Column("invitation_id", sa.Integer(), nullable=True),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("came_at", sa.DateTime(), nullable=False),
        sa.Column("share", sa.String(length=10), nullable=False),
        sa.Column("share_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_client_agency_id")),
        sa.ForeignKeyConstraint(["invitation_id"], ["invitation.id"], name=op.f("fk_client_invitation_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_client_member_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_client_owner_id")),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_client_referral_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client")),
        sa.UniqueConstraint("owner_id", "agency_id", name=op.f("uq_client_owner_id_agency_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("client", schema=None) as batch_op:
        batch_op.create_index("ix_client_agency_id_share", ["agency_id", "share"], unique=False)
        batch_op.create_index(batch_op.f("ix_client_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "sitting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=40), nullable=False),
        sa.Column("notice", sa.String(length=20), nullable=False),
        sa.Column("began_at", sa.DateTime(), nullable=False),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_sitting_agency_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_sitting_member_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_sitting_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sitting")),
        sa.UniqueConstraint("address", name=op.f("uq_sitting_address")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("sitting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sitting_member_id"), ["member_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sitting_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_note_client_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_note_member_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_note_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_client_id"), ["client_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_note_owner_id"), ["owner_id"], unique=False)

    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("member_id", sa.Integer(), nullable=True))

    with op.batch_alter_table("result", schema=None) as batch_op:
        batch_op.add_column(sa.Column("member_id", sa.Integer(), nullable=True))

    with op.batch_alter_table("asked", schema=None) as batch_op:
        batch_op.add_column(sa.Column("area", sa.String(length=20), server_default="", nullable=False))

    op.create_index("ix_outbox_made_at", "outbox", ["made_at"])
    # Without it, whoever takes a contact away has the database look through the whole outbox for rows that refer to it.
    op.create_index("ix_outbox_contact_id", "outbox", ["contact_id"])
    # ### end Alembic commands ###
    _begin_journeys(op.get_bind())
    for table, column in SEALED:
        _retype(table, column, sa.Text())
    if op.get_bind().dialect.name == "postgresql":
        op.execute(KEEP_POSTGRESQL)
    else:
        for act in ("UPDATE", "DELETE"):
            op.execute(KEEP_SQLITE.format(act=act))


def downgrade() -> None:
    """Take back; PostgreSQL refuses where anything is sealed by now."""
    for (table, column), was in SEALED.items():
        _retype(table, column, was)
    # ### commands auto generated by Alembic - please adjust! ###
    op.drop_index("ix_outbox_contact_id", "outbox")
    op.drop_index("ix_outbox_made_at", "outbox")
    # Not by making the tables anew, as above: the scores of each axis would go with the results.
    for table, column in (("asked", "area"), ("result", "member_id"), ("outbox", "member_id")):
        op.drop_column(table, column)

    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_note_owner_id"))
        batch_op.drop_index(batch_op.f("ix_note_client_id"))

    op.drop_table("note")
    with op.batch_alter_table("sitting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sitting_owner_id"))
        batch_op.drop_index(batch_op.f("ix_sitting_member_id"))

    op.drop_table("sitting")
    with op.batch_alter_table("client", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_client_referral_id"))
        batch_op.drop_index("ix_client_agency_id_share")

    op.drop_table("client")
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invitation_agency_id"))

    op.drop_table("invitation")
    with op.batch_alter_table("signin", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_signin_member_id"))
        batch_op.drop_index(batch_op.f("ix_signin_ends_at"))

    op.drop_table("signin")
    with op.batch_alter_table("referral", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_referral_agency_id"))

    op.drop_table("referral")
    with op.batch_alter_table("enrolment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_enrolment_member_id"))

    op.drop_table("enrolment")
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_token_agency_id"))

    op.drop_table("api_token")
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consent_owner_id"))

    op.drop_table("consent")
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_member_agency_id"))

    op.drop_table("member")
    with op.batch_alter_table("journey", schema=None) as batch_op:
        batch_op.drop_index("ix_journey_referral_id")
        batch_op.drop_index("ix_journey_agency_id_came_at")

    op.drop_table("journey")
    op.drop_table("purge")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_agency_id_id")

    op.drop_table("audit")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_kept")
    op.drop_table("agency")
    # ### end Alembic commands ###
