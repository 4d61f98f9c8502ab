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
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)

from storage.sealing import Sealed, SealedJSON

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
    Column("record", SealedJSON, nullable=False),
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
# quota; `reply` is how its event can be answered directly. `member_id` is who of an agency tapped or typed for the
# owner, at their side; no foreign key, as whoever leaves the agency is taken out there and not here.
outbox = Table(
    "outbox",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("owner_id", ForeignKey("owner.id"), nullable=False),
    Column("contact_id", ForeignKey("contact.id"), nullable=False, index=True),
    Column("turn", Integer, nullable=False),
    Column("said", Sealed, nullable=False),
    Column("messages", SealedJSON, nullable=False),
    Column("made_at", DateTime, nullable=False, index=True),
    Column("state", String(10), nullable=False, server_default="fetched"),
    Column("due_at", DateTime),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("parts", Integer, nullable=False, server_default="0"),
    Column("pushes", Integer, nullable=False, server_default="0"),
    Column("reply", Text, nullable=False, server_default=""),
    Column("error", String(200)),
    Column("settled_at", DateTime),
    Column("member_id", Integer),
    Column("campaign_id", Integer),
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
OF_CAMPAIGNS = outbox.c.campaign_id.is_not(None)
# All that outcomes read of these rows, which are otherwise wide.
Index(
    "ix_outbox_campaign_id_state",
    outbox.c.campaign_id,
    outbox.c.state,
    outbox.c.settled_at,
    outbox.c.id,
    sqlite_where=OF_CAMPAIGNS,
    postgresql_where=OF_CAMPAIGNS,
)

# When the next request may be made, by platform and by contact ("line", "telegram:17"): the rows by which all processes
# together hold a rate (GCRA). Apart from contact, as an event locks that one and delivery this one.
pace = Table(
    "pace",
    metadata,
    Column("key", String(50), primary_key=True),
    Column("free_at", DateTime, nullable=False),
)

# What owners asked in their own words, and what they said of the answer; `entry` is that of the FAQ shown first, if
# any, and `rated` the one that the verdict is on; `area` is what the nearest entry is about, sure or not.
asked = Table(
    "asked",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner_id", ForeignKey("owner.id"), nullable=False, index=True),
    Column("at", DateTime, nullable=False, index=True),
    Column("text", Sealed, nullable=False),
    Column("confident", Boolean, nullable=False),
    Column("area", String(20), nullable=False, server_default=""),
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

# One result a run and depth; `latest` marks each owner's latest full one, which alone counts among peers. `member_id`
# is who of an agency answered for the owner, at their side, if anybody did. An answer that is edited makes a result
# anew: `made_at` is when that was, `first_at` when the run first came to the end of this depth.
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
    Column("answers", SealedJSON, nullable=False),
    Column("result", JSON, nullable=False),
    Column("segment", String(20), nullable=False),
    Column("industry", String(40)),
    Column("size", String(10)),
    Column("latest", Boolean, nullable=False),
    Column("member_id", Integer),
    Column("first_at", DateTime),
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
    Column("data", SealedJSON, nullable=False),
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
    Column("name", Sealed, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("profile", SealedJSON, nullable=False),
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
# asked before this one and have not taken it. `booked_at` is when it was booked or asked for, None while it was only
# held.
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
    Column("reach", Sealed, nullable=False),
    Column("place", Sealed, nullable=False),
    Column("shared_at", DateTime),
    Column("asked", JSON, nullable=False),
    Column("made_at", DateTime, nullable=False),
    Column("changed_at", DateTime, nullable=False),
    Column("booked_at", DateTime),
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
    Column("name", Sealed, nullable=False, server_default=""),
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
    Column("situation", Sealed, nullable=False),
    Column("support", Sealed, nullable=False),
    Column("handover", String(40), nullable=False),
    Column("made_at", DateTime, nullable=False),
    Column("changed_at", DateTime, nullable=False),
    sqlite_autoincrement=True,
)

# The next actions that were agreed on; `state` is "open", "done" or "dropped", and `done_at` since when it is done.
next_action = Table(
    "next_action",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("consultation_id", ForeignKey("consultation.id"), nullable=False, index=True),
    Column("owner_id", ForeignKey("owner.id"), nullable=False, index=True),
    Column("text", Sealed, nullable=False),
    Column("day", Date),
    Column("state", String(10), nullable=False),
    Column("done_at", DateTime),
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
    Column("reason", Sealed, nullable=False),
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


# ---------------------------------------------------------------- agencies and their desk

# An agency whose people use the desk. `home` is the one that runs this server: its admins see sums over all agencies.
# `ask` is where owners ask it, as it stands on leaflets (a telephone number and its hours).
agency = Table(
    "agency",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("home", Boolean, nullable=False),
    Column("logo", LargeBinary),
    Column("logo_type", String(20)),
    Column("ask", String(120), nullable=False, server_default=""),
    Column("made_at", DateTime, nullable=False),
    sqlite_autoincrement=True,
)

# Somebody of an agency who signs in at the desk; `role` is "admin", "officer" or "expert". `owner_id` is the person
# that the bot talks with (notices, /forward); `expert_id` the expert whom somebody with that role is. `password` is
# an argon2 hash, `secret` that of TOTP, `counter` the latest step of it that was used; `subject` is theirs at the
# identity provider. `fails` counts failed tries to sign in since the last good one, `locked_until` is when the next
# may be made.
member = Table(
    "member",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("agency_id", ForeignKey("agency.id"), nullable=False, index=True),
    Column("owner_id", ForeignKey("owner.id"), nullable=False, unique=True),
    Column("expert_id", ForeignKey("expert.id"), unique=True),
    Column("name", Sealed, nullable=False),
    Column("mail", String(200), nullable=False, unique=True),
    Column("role", String(10), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("password", String(200)),
    Column("secret", Sealed),
    Column("counter", Integer),
    Column("subject", String(200), unique=True),
    Column("fails", Integer, nullable=False, server_default="0"),
    Column("locked_until", DateTime),
    Column("made_at", DateTime, nullable=False),
    Column("seen_at", DateTime),
    sqlite_autoincrement=True,
)

# Who is signed in, by the hash of their cookie. `stage` is "password" until the code of TOTP is given, then "full".
signin = Table(
    "signin",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("member_id", ForeignKey("member.id"), nullable=False, index=True),
    Column("stage", String(10), nullable=False),
    Column("made_at", DateTime, nullable=False),
    Column("seen_at", DateTime, nullable=False),
    Column("ends_at", DateTime, nullable=False, index=True),
)

# Links by which somebody chooses a password and sets up TOTP, by their hash: good once, and for a few days.
enrolment = Table(
    "enrolment",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("member_id", ForeignKey("member.id"), nullable=False, index=True),
    Column("ends_at", DateTime, nullable=False),
)

# Tokens by which programmes of an agency read its figures and clients, by their hash.
api_token = Table(
    "api_token",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("agency_id", ForeignKey("agency.id"), nullable=False, index=True),
    Column("member_id", ForeignKey("member.id"), nullable=False),
    Column("name", String(60), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("made_at", DateTime, nullable=False),
    Column("used_at", DateTime),
    Column("ended_at", DateTime),
    sqlite_autoincrement=True,
)

# A way by which an agency sends owners, which anybody may use: `kind` is "agency", "officer", "campaign" or "event" (an
# event has a day and a place). `code` is what stands in its links, such as "ag-…".
referral = Table(
    "referral",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("agency_id", ForeignKey("agency.id"), nullable=False, index=True),
    Column("member_id", ForeignKey("member.id")),
    Column("kind", String(10), nullable=False),
    Column("name", String(80), nullable=False),
    Column("code", String(20), nullable=False, unique=True),
    Column("day", Date),
    Column("place", String(100), nullable=False, server_default=""),
    Column("made_at", DateTime, nullable=False),
    Column("ended_at", DateTime),
    sqlite_autoincrement=True,
)

# An invitation for one: `name` and `mail` are whom the agency means by it, `used_at` is when somebody came by it.
invitation = Table(
    "invitation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("agency_id", ForeignKey("agency.id"), nullable=False, index=True),
    Column("member_id", ForeignKey("member.id"), nullable=False),
    Column("referral_id", ForeignKey("referral.id")),
    Column("name", Sealed, nullable=False),
    Column("mail", Sealed, nullable=False),
    Column("code", String(20), nullable=False, unique=True),
    Column("made_at", DateTime, nullable=False),
    Column("ends_at", DateTime, nullable=False),
    Column("used_at", DateTime),
    Column("withdrawn_at", DateTime),
    sqlite_autoincrement=True,
)

# An owner who has come by an agency. `share` is what that agency may see: "" while the owner has not been asked or
# has not said, "nothing", "result" or "all" (the result, and consultations with their next actions). `member_id` is
# the officer who looks after them, `name` what the agency calls them (from the invitation), `invitation_id` the one
# that they came by.
client = Table(
    "client",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner_id", ForeignKey("owner.id"), nullable=False),
    Column("agency_id", ForeignKey("agency.id"), nullable=False),
    Column("referral_id", ForeignKey("referral.id"), index=True),
    Column("invitation_id", ForeignKey("invitation.id")),
    Column("member_id", ForeignKey("member.id")),
    Column("name", Sealed, nullable=False),
    Column("came_at", DateTime, nullable=False),
    Column("share", String(10), nullable=False),
    Column("share_at", DateTime),
    UniqueConstraint("owner_id", "agency_id"),
    Index("ix_client_agency_id_share", "agency_id", "share"),
    sqlite_autoincrement=True,
)

# Every answer of an owner to what an agency may see, with the version of the words that it was given to; `member_id` is
# who of the agency tapped it at their side, None where nobody did.
consent = Table(
    "consent",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner_id", ForeignKey("owner.id"), nullable=False, index=True),
    Column("agency_id", ForeignKey("agency.id"), nullable=False),
    Column("share", String(10), nullable=False),
    Column("wording", String(20), nullable=False),
    Column("member_id", ForeignKey("member.id")),
    Column("at", DateTime, nullable=False),
    sqlite_autoincrement=True,
)

# A check taken together: `member_id` taps and types at the owner's side, who heard this `notice` before, by a contact
# of its own (channel "desk", at this address). What is said there is all that it shows, until it has ended.
# `answered_at` is when the first answer was given.
sitting = Table(
    "sitting",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner_id", ForeignKey("owner.id"), nullable=False, index=True),
    Column("agency_id", ForeignKey("agency.id"), nullable=False),
    Column("member_id", ForeignKey("member.id"), nullable=False, index=True),
    Column("address", String(40), nullable=False, unique=True),
    Column("notice", String(20), nullable=False),
    Column("began_at", DateTime, nullable=False),
    Column("answered_at", DateTime),
    Column("ended_at", DateTime),
    sqlite_autoincrement=True,
)

# What officers note about a client, for their agency.
note = Table(
    "note",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("client_id", ForeignKey("client.id"), nullable=False, index=True),
    Column("owner_id", ForeignKey("owner.id"), nullable=False, index=True),
    Column("member_id", ForeignKey("member.id"), nullable=False),
    Column("text", Sealed, nullable=False),
    Column("made_at", DateTime, nullable=False),
    Column("changed_at", DateTime, nullable=False),
    sqlite_autoincrement=True,
)

# How far an owner has come, for what is counted: one narrow row each, as reading the records of a hundred thousand
# would take too long. `agency_id` and `referral_id` are the first by which they came; `stands` is the question of the
# check that was shown last ("" before it and once there is a result), `answered` how many were answered, `depth` which
# check it is (that of the first result, once there is one); `challenges`
# and `tools` are the ids of the latest result between commas (",sales,people,"). A time is when that was first
# reached, None until then; but `outreach_at` is since when news is wanted, None while it is not.
journey = Table(
    "journey",
    metadata,
    Column("owner_id", ForeignKey("owner.id"), primary_key=True),
    Column("agency_id", Integer),
    Column("referral_id", Integer),
    Column("channel", String(20), nullable=False),
    Column("stands", String(40), nullable=False),
    Column("answered", Integer, nullable=False),
    Column("depth", String(10), nullable=False, server_default=""),
    Column("seen_at", DateTime, nullable=False),
    Column("segment", String(20), nullable=False, server_default=""),
    Column("industry", String(40), nullable=False, server_default=""),
    Column("size", String(10), nullable=False, server_default=""),
    Column("prefecture", String(40), nullable=False, server_default=""),
    Column("challenges", String(200), nullable=False, server_default=""),
    Column("tools", String(400), nullable=False, server_default=""),
    Column("came_at", DateTime, nullable=False),
    Column("began_at", DateTime),
    Column("finished_at", DateTime),
    Column("contact_at", DateTime),
    Column("booked_at", DateTime),
    Column("met_at", DateTime),
    Column("acted_at", DateTime),
    Column("outreach_at", DateTime),
    Index("ix_journey_agency_id_came_at", "agency_id", "came_at"),
    Index("ix_journey_referral_id", "referral_id"),
)

# Who of an agency saw and changed what: rows are added, and the database refuses to change or delete any. `subject`
# names a row of ours ("client:7"); no personal data stand here.
audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", DateTime, nullable=False),
    Column("agency_id", Integer),
    Column("member_id", Integer),
    Column("act", String(40), nullable=False),
    Column("subject", String(60), nullable=False),
    Column("data", JSON, nullable=False),
    Index("ix_audit_agency_id_id", "agency_id", "id"),
    sqlite_autoincrement=True,
)

# What was taken away when its time was over: how many rows of which kind, at each run. `day` is that of Japan's which
# the run is for, so that only one process does it; None where an operator had it done.
purge = Table(
    "purge",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", DateTime, nullable=False),
    Column("day", Date, unique=True),
    Column("data", JSON, nullable=False),
    sqlite_autoincrement=True,
)


# ---------------------------------------------------------------- outreach

# Every answer of an owner to whether they want news from us: `choice` is "in" or "out", or "" where it was offered
# and not answered yet. `how` is "offer", "news" (its button or question), "letter" (the button below one), "words"
# (typed), "left" (who blocks us is out) or "merge" (out as one of two who are one person); `wording` is the version
# of the words. What holds now is journey.outreach_at.
outreach = Table(
    "outreach",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner_id", ForeignKey("owner.id"), nullable=False, index=True),
    Column("choice", String(3), nullable=False),
    Column("how", String(20), nullable=False),
    Column("wording", String(20), nullable=False),
    Column("at", DateTime, nullable=False),
    sqlite_autoincrement=True,
)

# A campaign of an agency's: to its clients, or (`everybody`, the home agency alone) to all who want news. `segment`
# and `steps` are storage.segments.Segment and dialogs.letters.Step as JSON data. `state` is "draft", "ready"
# (approved where that is wanted, and waiting for `starts_at`), "sending", "paused", "stopped" or "done". With a
# `trigger` recipients are added as it happens to them. `goal` ends it for who has reached it; `holdout` percent of
# the recipients get nothing. `hindered` is why it did not start when it was to: "quota" (it would go beyond what LINE
# lets us send this month), "unknown" (LINE could not be asked), or "". `ends_on` is the last day (Japan's) on which
# what it says holds: nothing is sent any more after it. `looked_at` is when it was last looked for whom the trigger
# brings.
campaign = Table(
    "campaign",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("agency_id", ForeignKey("agency.id"), nullable=False, index=True),
    Column("member_id", ForeignKey("member.id")),
    Column("approved_by", ForeignKey("member.id")),
    Column("name", String(80), nullable=False),
    Column("library", String(40), nullable=False),
    Column("everybody", Boolean, nullable=False),
    Column("state", String(10), nullable=False, index=True),
    Column("segment", JSON, nullable=False),
    Column("steps", JSON, nullable=False),
    Column("trigger", String(20), nullable=False),
    Column("goal", String(20), nullable=False),
    Column("holdout", Integer, nullable=False),
    Column("hindered", String(10), nullable=False, server_default=""),
    Column("starts_at", DateTime),
    Column("made_at", DateTime, nullable=False),
    Column("changed_at", DateTime, nullable=False),
    Column("frozen_at", DateTime),
    Column("ended_at", DateTime),
    Column("ends_on", Date),
    Column("looked_at", DateTime),
    sqlite_autoincrement=True,
)

# Whom a campaign is for, frozen when it starts; `variant` is "a", "b" …, "-" for who gets nothing (the holdout).
# `step` is the next to be sent, at `due_at`; `state` is "due", "woken" (a timer is on its way), "done", "held" (the
# holdout) or "out" (not sent, for the `reason` that stands there). `tapped_at` is when a button of ours was first
# tapped.
recipient = Table(
    "recipient",
    metadata,
    Column("campaign_id", ForeignKey("campaign.id"), primary_key=True),
    Column("owner_id", ForeignKey("owner.id"), primary_key=True, index=True),
    Column("contact_id", Integer, nullable=False),
    Column("variant", String(1), nullable=False),
    Column("step", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("reason", String(20), nullable=False, server_default=""),
    Column("due_at", DateTime, nullable=False),
    Column("frozen_at", DateTime, nullable=False),
    Column("tapped_at", DateTime),
    Index("ix_recipient_campaign_id_state_due_at", "campaign_id", "state", "due_at"),
)
# A literal, as in DUE.
ON_THEIR_WAY = recipient.c.state.in_([literal_column("'due'"), literal_column("'woken'")])

# What was handed to the outbox, by campaign, step and owner: the key is what makes nobody get a step twice. `row_id` is
# the row of the outbox, which several share where the message is the same for all (LINE's multicast). `at`
# is when it was prepared, `tried_at` when it was first on its way, from which the week of the cap is counted.
sending = Table(
    "sending",
    metadata,
    Column("campaign_id", ForeignKey("campaign.id"), primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("owner_id", ForeignKey("owner.id"), primary_key=True),
    Column("contact_id", Integer, nullable=False),
    Column("row_id", String(36), nullable=False, index=True),
    Column("at", DateTime, nullable=False),
    Column("tried_at", DateTime),
    Index("ix_sending_owner_id_at", "owner_id", "at"),
)

# How often the links of a letter were tapped, by the place of their button. Of a letter that is the same for many it
# can't be known by whom.
link_tap = Table(
    "link_tap",
    metadata,
    Column("campaign_id", ForeignKey("campaign.id", ondelete="CASCADE"), primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("variant", String(1), primary_key=True),
    Column("button", Integer, primary_key=True),
    Column("taps", Integer, nullable=False),
)

# A picture that an agency attaches to letters of a campaign: `token` is made of its bytes, so that what was approved
# stays what it is; `alt` are the words for who can't see it, `width` and `height` px.
flyer = Table(
    "flyer",
    metadata,
    Column("token", String(32), primary_key=True),
    Column("campaign_id", ForeignKey("campaign.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("data", LargeBinary, nullable=False),
    Column("media_type", String(20), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("alt", String(200), nullable=False),
    Column("made_at", DateTime, nullable=False),
)
