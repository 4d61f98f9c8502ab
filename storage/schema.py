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
    literal_column,
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

# How an owner is reached: the address on a channel, for one account of ours there. `heard_at` is when the latest event
# happened by the platform's clock, `gone_at` since when it can't be reached.
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
    Column("heard_at", DateTime),
    Column("gone_at", DateTime),
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
# at every attempt, `said` is what the owner said that it answers.
#
# `state` is "fetched" where the channel fetches its rows itself, by turn (the page, the terminal). Others are pushed:
# "due", then "sent", "dead" (refused, or not to be had within a day), "gone" (the contact is) or "dropped" (by hand).
# A row that is due is tried at `due_at`, which whoever claims it moves on by the lease; `attempts` counts the claims,
# so that only the latest can settle it. `parts` are the requests already made for it, `pushes` what they cost of a
# quota; `reply` is how its event can be answered directly.
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
    Column("state", String(10), nullable=False, server_default="fetched"),
    Column("due_at", DateTime),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("parts", Integer, nullable=False, server_default="0"),
    Column("pushes", Integer, nullable=False, server_default="0"),
    Column("reply", Text, nullable=False, server_default=""),
    Column("error", String(200)),
    Column("settled_at", DateTime),
    Index("ix_outbox_owner_id_turn", "owner_id", "turn"),
)
# Written out and not as parameters: only then does a database see that the index serves.
DUE = outbox.c.state == literal_column("'due'")
DEAD = outbox.c.state == literal_column("'dead'")
PUSHED = outbox.c.pushes > literal_column("0")
# Few rows are due at any time, and few are dead: these indexes stay small however long the outbox grows.
Index("ix_outbox_due_at", outbox.c.due_at, sqlite_where=DUE, postgresql_where=DUE)
Index("ix_outbox_contact_id_turn", outbox.c.contact_id, outbox.c.turn, sqlite_where=DUE, postgresql_where=DUE)
Index("ix_outbox_dead", outbox.c.made_at, sqlite_where=DEAD, postgresql_where=DEAD)
Index("ix_outbox_pushed", outbox.c.settled_at, sqlite_where=PUSHED, postgresql_where=PUSHED)

# When the next request may be made, by platform and by contact ("line", "telegram:17"): the rows by which all processes
# together hold a rate (GCRA). Apart from contact, as an event locks that one and delivery this one.
pace = Table(
    "pace",
    metadata,
    Column("key", String(50), primary_key=True),
    Column("free_at", DateTime, nullable=False),
)

# What owners asked in their own words, and what they said of the answer; `entry` is that of the FAQ shown first, if
# any, and `rated` the one that the verdict is on.
asked = Table(
    "asked",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner_id", ForeignKey("owner.id"), nullable=False, index=True),
    Column("at", DateTime, nullable=False, index=True),
    Column("text", String(300), nullable=False),
    Column("confident", Boolean, nullable=False),
    Column("entry", String(60)),
    Column("rated", String(60)),
    Column("verdict", String(10)),
)

# Codes by which an owner goes on in another app: good once, and for a while.
link = Table(
    "link",
    metadata,
    Column("code", String(20), primary_key=True),
    Column("owner_id", ForeignKey("owner.id"), nullable=False, index=True),
    Column("ends_at", DateTime, nullable=False),
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
