"""What flows want of agencies, done by storage: owners who come by one, what it may see, and its people in the chat."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.officers import NAME, Officers
from dialogs.agencies import (
    AgencyEffect,
    AnswerWish,
    Arrive,
    BecomeMember,
    FindMember,
    FindReply,
    FindWish,
    Forward,
    KeepShare,
    OpenShares,
    Shares,
)
from dialogs.phrases import Phrases
from scheduler.days import day_in_japan, day_words
from storage import (
    agencies,
    audits,
    bookings,
    clients,
    experts,
    invites,
    journeys,
    members,
    owners,
    referrals,
    results,
    timers,
)
from storage.bookings import Booking
from storage.clients import Client
from storage.members import Member
from storage.referrals import Invitation, Referral
from storage.timers import Timer

# Who of an agency may invite owners.
MAY_INVITE = ("admin", "officer")
# As long as the name is that an agency gives a client.
CALLED = 60


@dataclass(frozen=True, slots=True)
class _Wish:
    """What an officer has asked of a client, as it stands now: a timer, who asked, and the booking that they'd join."""

    client: Client
    timer: Timer
    member: Member | None
    booking: Booking | None


class Agencies:
    """Agencies in one turn, which is that of `officers.person`: an owner, or a member of an agency.

    `beside` is the member who sits at the owner's side, and is to hear of no other agency.
    """

    def __init__(self, officers: Officers, phrases: Phrases, beside: int | None = None) -> None:
        self.officers = officers
        self.phrases = phrases
        self.beside = beside
        self.connection: Connection = officers.connection
        self.person = officers.person
        self.now: datetime = officers.now
        # By which agency, and which of its ways, the owner has come in this turn.
        self.came_by: tuple[int | None, int | None] = (None, None)

    def perform(self, effect: AgencyEffect) -> Any:
        """Do what the effect says; gives its result as JSON data."""
        match effect:
            case Arrive(code):
                return self.arrive(code)
            case OpenShares():
                return [self.view(one) for one in self.open_shares()]
            case Shares():
                return [self.view(one) for one in clients.of_owner(self.connection, self.person)]
            case KeepShare(id, share, wording):
                return self.keep_share(id, share, wording)
            case FindWish(id, kind, revision):
                return self.shown(self.wish(id, kind, revision))
            case AnswerWish(id, kind, revision, yes):
                return self.answer(self.wish(id, kind, revision), yes)
            case FindReply(subject, kind, revision):
                return self.reply(subject, kind, revision)
            case BecomeMember(code):
                return self.become(code)
            case FindMember():
                return self.who()
            case Forward(name):
                return self.forward(name)

    def view(self, one: Client) -> dict[str, Any]:
        """What an agency may see, as flows are given it."""
        since = day_words(day_in_japan(one.share_at)) if one.share_at else ""
        return {"id": one.id, "agency": one.agency, "share": one.share, "since": since}

    # ------------------------------------------------------------ coming

    def arrive(self, code: str) -> dict[str, Any] | None:
        """Note that the owner has come by a code."""
        way = referrals.by_code(self.connection, code) if code else None
        if way is None:
            return None
        before, event = self.client_of(way.agency_id), self.event_of(way)
        again = before is not None and (event is None or before.referral_id == event.id)
        match way:
            case Referral():
                if way.ended_at:
                    return {"outcome": "ended"}
                one = clients.come(self.connection, self.person, way.agency_id, self.now, referral_id=way.id)
            case Invitation():
                if not again and not way.lasts(self.now):
                    return {"outcome": "ended"}
                one = self.invited(way)
        self.came_by = (way.agency_id, way.id if isinstance(way, Referral) else way.referral_id)
        ask = not one.share and results.latest(self.connection, self.person) is not None
        said = {"outcome": "again" if again else "came", "event": event.name if event else "", "ask": ask}
        return self.view(one) | said

    def invited(self, way: Invitation) -> Client:
        """The owner comes by an invitation; who was a client before is known by its name from now on.

        Whoever comes second is no other than who comes by the way that it is part of, nor is told anything else: an
        agency that tries an invitation in a chat learns nothing of whether somebody has come by it.
        """
        before = self.client_of(way.agency_id)
        if before and before.invitation_id == way.id:
            return before
        if not referrals.use(self.connection, way.id, self.now):
            open_way = way.referral_id
            return clients.come(self.connection, self.person, way.agency_id, self.now, referral_id=open_way)
        one = clients.come(
            self.connection,
            self.person,
            way.agency_id,
            self.now,
            referral_id=way.referral_id,
            invitation_id=way.id,
            member_id=way.member_id,
            name=way.name,
        )
        if one.invitation_id is None:
            known = {"member_id": one.member_id or way.member_id, "name": one.name or way.name}
            clients.keep(self.connection, one.id, invitation_id=way.id, **known)
        return one

    def event_of(self, way: Referral | Invitation) -> Referral | None:
        """The 体験会 that a way leads to, or that an invitation is to."""
        of = way if isinstance(way, Referral) else None
        if isinstance(way, Invitation) and way.referral_id:
            of = referrals.find(self.connection, way.agency_id, way.referral_id)
        return of if of and of.kind == "event" else None

    def client_of(self, agency_id: int) -> Client | None:
        """The client of an agency that this owner is."""
        mine = clients.of_owner(self.connection, self.person)
        return next((one for one in mine if one.agency_id == agency_id), None)

    # ------------------------------------------------------------ sharing

    def mine(self, id: int) -> Client | None:
        """A client who is this owner."""
        return next((one for one in clients.of_owner(self.connection, self.person) if one.id == id), None)

    def open_shares(self) -> list[Client]:
        """Of which agencies nothing was said yet, as far as whoever is there may hear of them."""
        found = [one for one in clients.of_owner(self.connection, self.person) if not one.share]
        if self.beside is None:
            return found
        own = members.get(self.connection, self.beside).agency_id
        return [one for one in found if one.agency_id == own]

    def keep_share(self, id: int, share: str, wording: str) -> dict[str, Any] | None:
        """Keep what an agency may see; its officers come to no booking that it may not see."""
        one = self.mine(id)
        if one is None or share not in clients.SHARES:
            return None
        clients.share(self.connection, one, share, wording, self.now, self.beside)
        out = share != "all" and self.put_out(one.agency_id)
        kept = self.mine(id)
        return self.view(kept or one) | {"before": one.share, "out": out}

    def put_out(self, agency_id: int) -> bool:
        """Take an agency's members out of this owner's bookings; gives whether one was in any that lies ahead."""
        people = {one.owner_id for one in members.of_agency(self.connection, agency_id)}
        out = False
        for one in bookings.of_owner(self.connection, self.person):
            for guest in people & bookings.guests(self.connection, one.id).keys():
                self.officers.put_out(one.token, guest)
                out |= self.officers.lies_ahead(one)
        return out

    def merge(self, gone: int) -> None:
        """Make another owner this one; whom the latest word shows less, comes along to no booking any more."""
        both = [one for id in (gone, self.person) for one in clients.of_owner(self.connection, id)]
        seen = {one.agency_id for one in both if one.share == "all"}
        owners.merge(self.connection, gone, self.person)
        for one in clients.of_owner(self.connection, self.person):
            if one.agency_id in seen and one.share != "all":
                self.put_out(one.agency_id)

    # ------------------------------------------------------------ what officers ask

    def wish(self, id: int, kind: str, revision: int) -> _Wish | None:
        """What an officer has asked of this owner, while it makes sense."""
        one = self.mine(id)
        timer = timers.find(self.connection, one.subject, kind, revision) if one else None
        if one is None or timer is None or timer.owner_id != self.person or one.share not in clients.SEEN:
            return None
        asking = members.find(self.connection, id=timer.data.get("member") or one.member_id or 0)
        member = asking if asking and asking.active and asking.agency_id == one.agency_id else None
        if kind == "invite":
            return _Wish(one, timer, member, None)
        found = bookings.find(self.connection, str(timer.data.get("booking")))
        booking = bookings.lock(self.connection, found.id) if found and found.owner_id == self.person else None
        if one.share != "all" or member is None or booking is None or not self.officers.lies_ahead(booking):
            return None
        return _Wish(one, timer, member, booking)

    def shown(self, wish: _Wish | None) -> dict[str, Any] | None:
        """What an officer has asked, as flows are given it."""
        if wish is None:
            return None
        view = self.officers.view(wish.booking) or {}
        return view | self.view(wish.client) | {"officer": wish.member.name if wish.member else ""}

    def answer(self, wish: _Wish | None, yes: bool) -> dict[str, Any] | None:
        """Answer what an officer has asked; each answer is told once."""
        if wish is None:
            return None
        one, booking = wish.member, wish.booking
        called = self.called(wish.client, one) if one else ""
        if one and booking and yes and not self.bring(booking, one.owner_id, called):
            return None
        if one:
            data = {"booking": booking.token} if booking else {}
            kind = f"{wish.timer.kind}-{'yes' if yes else 'no'}"
            timers.add(self.connection, wish.client.subject, kind, wish.timer.revision, one.owner_id, self.now, data)
        return (self.shown(wish) or {}) | {"called": called}

    def called(self, one: Client, member: Member) -> str:
        """What somebody of an agency is called who comes along."""
        return self.phrases.say("wish.called", agency=one.agency, who=member.name)[:NAME]

    def bring(self, booking: Booking, person: int, called: str) -> bool:
        """Have somebody come along to a booking; its expert is told. False for who has another part in it."""
        roles = dict(self.officers.appointments.notices.people(booking))
        if person in (roles["owner"], roles["expert"]):
            return False
        if bookings.invite(self.connection, booking.id, person, self.now, called):
            self.officers.tell(booking, "joined", [roles["expert"]], called=called)
            self.officers.appointments.notices.plan(booking)
        return True

    def reply(self, subject: str, kind: str, revision: int) -> dict[str, Any] | None:
        """What a client has answered to this person."""
        member = members.find(self.connection, owner_id=self.person)
        timer = timers.find(self.connection, subject, kind, revision)
        if member is None or not member.active or timer is None or timer.owner_id != self.person:
            return None
        one = clients.seen(self.connection, member.agency_id, int(subject.rpartition(":")[2]))
        wished, _, answered = kind.partition("-")
        found = bookings.find(self.connection, str(timer.data.get("booking", "")))
        view = self.officers.view(found) if found else None
        if one is None or (view and (one.share != "all" or (answered == "yes" and view["mine"] != "guest"))):
            return None
        return (view or {}) | {"client": one.id, "called": one.name, "kind": wished, "yes": answered == "yes"}

    # ------------------------------------------------------------ members

    def become(self, code: str) -> dict[str, Any] | None:
        """Make this person the member whom a code is for."""
        kind, _, id = (invites.find(self.connection, code, self.now) or "").partition(":")
        member = members.find(self.connection, id=int(id)) if kind == "member" else None
        if member is None or not member.active:
            return None
        values = {"who": member.name, "agency": agencies.get(self.connection, member.agency_id).name}
        if member.owner_id == self.person:
            return {"outcome": "own"} | values
        here, there = (experts.find(self.connection, owner_id=one) for one in (self.person, member.owner_id))
        if members.find(self.connection, owner_id=self.person) or (here and there):
            return {"outcome": "other"} | values
        invites.use(self.connection, code, self.now)
        owners.merge(self.connection, member.owner_id, self.person)
        # Who only came to say who they are was no owner on the way.
        journeys.drop_unbegun(self.connection, self.person)
        audits.add(self.connection, member.agency_id, member.id, "me.chat", self.now, f"member:{member.id}")
        return {"outcome": "done"} | values

    def who(self) -> dict[str, Any] | None:
        """Who of an agency this person is."""
        member = members.find(self.connection, owner_id=self.person)
        if member is None or not member.active:
            return None
        agency = agencies.get(self.connection, member.agency_id)
        return {"who": member.name, "agency": agency.name, "may": member.role in MAY_INVITE}

    def forward(self, name: str) -> dict[str, Any] | None:
        """A personal invitation for a member to hand on."""
        member = members.find(self.connection, owner_id=self.person)
        if member is None or not member.active or member.role not in MAY_INVITE:
            return None
        name = name.strip()[:CALLED]
        made = referrals.invite(self.connection, member.agency_id, member.id, name, "", self.now)
        audits.add(self.connection, member.agency_id, member.id, "invite.make", self.now, f"invitation:{made.id}")
        return {
            "id": made.id,
            "called": name,
            "agency": agencies.get(self.connection, member.agency_id).name,
            "code": made.code,
            "link": f"{self.officers.appointments.house.site}/link/{made.code}",
            # It ends in the course of that day: the one before is whole.
            "until": day_words(day_in_japan(made.ends_at - timedelta(days=1))),
        }
