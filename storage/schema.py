"""The tables. Times are UTC without zone; JSON columns hold what dialogs and scoring turn into JSON data."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# A person and the conversation with them. `turns` counts turns and numbers their rows in inbox and outbox.
owner = Table(
    "owner",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("tag", String(8), nullable=False),
    Column("record", JSON, nullable=False),
    Column("turns", Integer, nullable=False),
    Column("notice", String(20)),
    Column("consented_at", DateTime),
    Column("made_at", DateTime, nullable=False),
    Column("seen_at", DateTime, nullable=False),
    Column("erased_at", DateTime, index=True),
)

# How an owner is reached: the address on a channel, for one account of ours there.
contact = Table(
    "contact",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner_id", ForeignKey("owner.id"), nullable=False, index=True),
    Column("channel", String(20), nullable=False),
    Column("account", String(100), nullable=False),
    Column("address", String(200), nullable=False),
    Column("came_by", String(100)),
    Column("made_at", DateTime, nullable=False),
    UniqueConstraint("channel", "account", "address"),
)

# Every event taken, once: the primary key is what makes an event seen twice answered once.
inbox = Table(
    "inbox",
    metadata,
    Column("channel", String(20), primary_key=True),
    Column("account", String(100), primary_key=True),
    Column("event_id", String(100), primary_key=True),
    Column("owner_id", ForeignKey("owner.id"), nullable=False),
    Column("turn", Integer, nullable=False),
    Column("at", DateTime, nullable=False),
    Index("ix_inbox_owner_id_turn", "owner_id", "turn"),
)

# Everything said to owners, one row a sending, numbered within the conversation by its turn. `id` names the sending
# at every attempt, `said` is what the owner said that it answers. The channels there are so far fetch their rows
# themselves, by turn; none has to be pushed.
outbox = Table(
    "outbox",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("owner_id", ForeignKey("owner.id"), nullable=False),
    Column("contact_id", ForeignKey("contact.id"), nullable=False),
    Column("turn", Integer, nullable=False),
    Column("said", Text, nullable=False),
    Column("messages", JSON, nullable=False),
    Column("made_at", DateTime, nullable=False),
    Index("ix_outbox_owner_id_turn", "owner_id", "turn"),
)

# One result a run and depth; `latest` marks each owner's latest full one, which alone counts among peers.
result = Table(
    "result",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner_id", ForeignKey("owner.id"), nullable=False),
    Column("run", String(20), nullable=False),
    Column("depth", String(10), nullable=False),
    Column("token", String(40), nullable=False, unique=True),
    Column("day", Date, nullable=False),
    Column("made_at", DateTime, nullable=False),
    Column("answers", JSON, nullable=False),
    Column("result", JSON, nullable=False),
    Column("segment", String(20), nullable=False),
    Column("industry", String(40)),
    Column("size", String(10)),
    Column("latest", Boolean, nullable=False),
    UniqueConstraint("owner_id", "run", "depth"),
    Index("ix_result_peers", "industry", "size", "latest"),
)

# The balance of a result by category, so that the mean of the peers is one statement on every database.
result_axis = Table(
    "result_axis",
    metadata,
    Column("result_id", ForeignKey("result.id", ondelete="CASCADE"), primary_key=True),
    Column("category", String(40), primary_key=True),
    Column("value", Integer, nullable=False),
)
