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

# SQLite gives the number of the last row again when that is deleted, unless it is told not to (`sqlite_autoincrement`):
# what a timer is about ("booking:7") must not come to mean another's.

# A timer comes back as an event when it falls due, to the owner (a person: client, expert or officer) whom it is for.
# The unique key is what makes a thing be told once: `revision` is that of its subject, or counts what is told of it.
# `state` is "due", then "fired" or "cancelled"; who claims a due one moves `due_at` on, and who dies leaves it.
timer = Table(
    "timer",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subject", String(40), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("owner_id", ForeignKey("owner.id"), nullable=False, index=True),
    Column("at", DateTime, nullable=False),
    Column("due_at", DateTime, nullable=False),
    Column("data", JSON, nullable=False),
    Column("state", String(10), nullable=False, server_default="due"),
    UniqueConstraint("subject", "kind", "revision"),
    sqlite_autoincrement=True,
)
WAITS = timer.c.state == literal_column("'due'")
Index("ix_timer_due_at", timer.c.due_at, sqlite_where=WAITS, postgresql_where=WAITS)

# Who is booked. `owner_id` is the person whom the bot talks to; `token` is the secret part of the expert's own page,
# `feed` that of the calendar. `profile` is scheduler.experts.Profile as JSON data. `busy` are the times that the
# expert's own calendar was seen to hold at `busy_at` ([[from, until], …], UTC), `busy_error` why it can't be read, and
# `busy_tried_at` when that was last tried.
expert = Table(
    "expert",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner_id", ForeignKey("owner.id"), nullable=False, unique=True),
    Column("name", String(60), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("profile", JSON, nullable=False),
    Column("token", String(40), nullable=False, unique=True),
    Column("feed", String(40), nullable=False, unique=True),
    Column("busy", JSON, nullable=False),
    Column("busy_at", DateTime),
    Column("busy_error", String(200)),
    Column("busy_tried_at", DateTime),
    Column("made_at", DateTime, nullable=False),
)

# A booking; `state` and what leads from one to the next: scheduler.bookings. `revision` counts the changes. `token` is
# its name in buttons, `page` the secret part of its record's address, for its owner and who comes along. `reach` is how
# the owner is met (a telephone number), as far as the way of meeting needs it; `place` where (an address, a link).
# `shared_at` is since when the expert may see the owner's check, None without consent. `asked` are the experts who were
# asked before this one and have not taken it.
booking = Table(
    "booking",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("token", String(40), nullable=False, unique=True),
    Column("page", String(40), nullable=False, unique=True),
    Column("owner_id", ForeignKey("owner.id"), nullable=False, index=True),
    Column("expert_id", ForeignKey("expert.id"), nullable=False),
    Column("topic", String(60), nullable=False),
    Column("way", String(20), nullable=False),
    Column("starts_at", DateTime, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("held_until", DateTime),
    Column("reach", String(100), nullable=False),
    Column("place", String(300), nullable=False),
    Column("shared_at", DateTime),
    Column("asked", JSON, nullable=False),
    Column("made_at", DateTime, nullable=False),
    Column("changed_at", DateTime, nullable=False),
    Index("ix_booking_expert_id_starts_at", "expert_id", "starts_at"),
    sqlite_autoincrement=True,
)

# The half hours that bookings hold: the primary key is what keeps two of them out of one.
cell = Table(
    "cell",
    metadata,
    Column("expert_id", ForeignKey("expert.id"), primary_key=True),
    Column("at", DateTime, primary_key=True),
    Column("booking_id", ForeignKey("booking.id"), nullable=False, index=True),
)

# The meetings of an expert's day (by the expert's clock), numbered from 1: the same guard for how many there may be.
seat = Table(
    "seat",
    metadata,
    Column("expert_id", ForeignKey("expert.id"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("booking_id", ForeignKey("booking.id"), nullable=False, index=True),
)

# Who else comes to a booking: officers of agencies whom the owner has invited; `name` is what they call themselves.
party = Table(
    "party",
    metadata,
    Column("booking_id", ForeignKey("booking.id"), primary_key=True),
    Column("owner_id", ForeignKey("owner.id"), primary_key=True, index=True),
    Column("name", String(60), nullable=False, server_default=""),
    Column("made_at", DateTime, nullable=False),
)

# Codes that make whoever sends them an expert's person ("expert:7") or bring them to a booking ("booking:12").
invite = Table(
    "invite",
    metadata,
    Column("code", String(20), primary_key=True),
    Column("subject", String(40), nullable=False, index=True),
    Column("ends_at", DateTime, nullable=False),
)

# Who waits for a day that is full. `offered_at` is when they were last told of a time that has come free.
waiting = Table(
    "waiting",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner_id", ForeignKey("owner.id"), nullable=False, index=True),
    Column("day", Date, nullable=False, index=True),
    Column("topic", String(60), nullable=False),
    Column("way", String(20), nullable=False),
    Column("prefecture", String(40), nullable=False),
    Column("made_at", DateTime, nullable=False),
    Column("offered_at", DateTime),
    UniqueConstraint("owner_id", "day"),
    sqlite_autoincrement=True,
)

# What came of a meeting, as the expert has written it down; the owner has it too. `handover` is a desk, or "".
consultation = Table(
    "consultation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("booking_id", ForeignKey("booking.id"), nullable=False, unique=True),
    Column("owner_id", ForeignKey("owner.id"), nullable=False, index=True),
    Column("situation", Text, nullable=False),
    Column("support", Text, nullable=False),
    Column("handover", String(40), nullable=False),
    Column("made_at", DateTime, nullable=False),
    Column("changed_at", DateTime, nullable=False),
    sqlite_autoincrement=True,
)

# The next actions that were agreed on; `state` is "open", "done" or "dropped".
next_action = Table(
    "next_action",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("consultation_id", ForeignKey("consultation.id"), nullable=False, index=True),
    Column("owner_id", ForeignKey("owner.id"), nullable=False, index=True),
    Column("text", String(300), nullable=False),
    Column("day", Date),
    Column("state", String(10), nullable=False),
    sqlite_autoincrement=True,
)

# How likely owners are to recommend us, 0 to 10; `subject` is "check:<result's token>" or "booking:<id>". `score` is
# None while they were only asked; `at` is when they were asked, then when they last answered.
survey = Table(
    "survey",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner_id", ForeignKey("owner.id"), nullable=False),
    Column("subject", String(40), nullable=False),
    Column("score", Integer),
    Column("reason", String(800), nullable=False),
    Column("at", DateTime, nullable=False, index=True),
    UniqueConstraint("owner_id", "subject"),
)

# Conversations of owners with people at the agency's desk. `desk_id` is the person that stands for the thread on Slack
# (its contact's address is channel and thread). While it is `led`, what the owner types goes there. `heard_at` is the
# latest word of either, `waits_since` the owner's first word that the desk has not answered.
talk = Table(
    "talk",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner_id", ForeignKey("owner.id"), nullable=False, index=True),
    Column("desk_id", ForeignKey("owner.id"), nullable=False, unique=True),
    Column("led", Boolean, nullable=False),
    Column("opened_at", DateTime, nullable=False),
    Column("heard_at", DateTime, nullable=False),
    Column("waits_since", DateTime),
    sqlite_autoincrement=True,
)
