"""Talks with people at the agency's desk, done by storage. What either side is to be told goes by timers, in order."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.house import Desk, House
from dialogs import record
from dialogs.content import NOTICE
from dialogs.talks import EndTalk, FindDesk, IsLed, OpenTalk, PassBack, PassOn, PassTime, TakeWords, Talking
from scheduler.desk import opening_words, opens
from scheduler.reminders import loud
from storage import owners, questions, talks, timers
from storage.talks import Talk

# What one side is to be told: the kind of the timers, which are numbered.
DESK, OWNER = "to-desk", "to-owner"
# An owner who has waited so long is told that nobody has answered; of words that were left, after so long.
PATIENCE, LEFT = timedelta(minutes=15), timedelta(hours=2)
# After so long without a word of either side nobody leads any more.
SILENCE = timedelta(hours=2)
# Who comes back so soon goes on in the same thread.
AGAIN = timedelta(days=1)
# A question asked so lately can be passed on as it is.
LATELY = timedelta(minutes=10)
# In the address of a thread whose first message has not been sent yet.
NEW = "new-"


class Talks:
    """The talks of one turn, which is that of `person`: an owner, or who stands for a thread of the desk's."""

    def __init__(self, connection: Connection, person: int, now: datetime, house: House) -> None:
        self.connection = connection
        self.person = person
        self.now = now
        self.desk = house.desk

    def perform(self, effect: Talking) -> Any:
        """Do what the effect says; gives its result as JSON data."""
        match effect:
            case FindDesk():
                return self.find_desk()
            case OpenTalk(words, id):
                return self.open(words, id)
            case PassOn(words, kind):
                return self.pass_on(words, kind)
            case PassBack(words):
                return {"remark": self.pass_back(words)}
            case IsLed():
                return talks.is_led(self.connection, self.person)
            case EndTalk():
                return self.end()
            case TakeWords():
                return self.take_words(effect)
            case PassTime("silence", subject):
                return self.fall_silent(subject)
            case PassTime(_, subject, since):
                return self.look_for_answer(subject, since)

    # ------------------------------------------------------------ the owner

    def find_desk(self) -> dict[str, Any] | None:
        """The desk, and what is to be known of it before one talks with it."""
        if self.desk is None:
            return None
        asked = questions.latest(self.connection, self.person, self.now - LATELY)
        return {
            "who": self.desk.name,
            "open": self.is_open(),
            "opens": self.opens(),
            "led": talks.is_led(self.connection, self.person),
            "asked": asked,
            "new": not owners.agreed(self.connection, self.person, NOTICE),
        }

    def open(self, words: str, id: int) -> dict[str, Any] | None:
        """Begin to talk, or go on."""
        if self.desk is None:
            return None
        mine = talks.of_owner(self.connection, self.person)
        fitting = (one for one in mine if one.led or one.id == id or self.now - one.heard_at < AGAIN)
        # What is said in a channel that is there no more would be lost.
        begun = next((one for one in fitting if owners.reach(self.connection, one.desk_id)), None)
        one = begun or talks.begin(self.connection, self.person, self.new_thread(self.desk), self.now)
        begins, led = opens(self.desk.hours, self.now), self.is_open()
        self.tell_desk(one, "resumed" if begun else "opened", begins, words=words, left=not led)
        talks.keep(self.connection, one.id, led=led, heard_at=self.now, waits_since=begins)
        self.wait(one, begins, PATIENCE if led else LEFT)
        if led:
            self.watch(one, self.now)
        return {"id": one.id, "led": led, "who": self.desk.name, "opens": self.opens()}

    def new_thread(self, desk: Desk) -> int:
        """A person that stands for a thread, which its first message will begin."""
        address = f"{desk.place}:{NEW}{secrets.token_hex(8)}"
        made = owners.lock(self.connection, desk.channel, desk.account, address, "", self.now)
        thread = record.to_json(record.Record(made.tag).push("thread"))
        row: owners.Row = {
            "owner_id": made.id,
            "record": thread,
            "turns": 0,
            "seen_at": self.now,
            "erased_at": None,
        }
        owners.save(self.connection, [row])
        return made.id

    def pass_on(self, words: str, kind: str) -> dict[str, Any] | None:
        """Pass the owner's words to the desk, where somebody leads."""
        if not talks.is_led(self.connection, self.person):
            return None
        one = talks.of_owner(self.connection, self.person)[0]
        if not one.led:
            return None
        if words:
            self.tell_desk(one, "said", self.now, words=words)
        else:
            self.tell_desk(one, "sent", self.now, sent=kind)
        if one.waits_since is None:
            self.wait(one, self.now, PATIENCE)
        talks.keep(self.connection, one.id, heard_at=self.now, waits_since=one.waits_since or self.now)
        return {"remark": "" if words else "words"}

    def end(self) -> dict[str, bool] | None:
        """Have the bot lead again; the other side is told."""
        one = talks.in_thread(self.connection, self.person)
        if one:
            self.release(one)
            if one.led:
                self.tell_owner(one, "ended")
            return {"desk": True, "ended": one.led}
        led = [one for one in talks.of_owner(self.connection, self.person) if one.led]
        for one in led:
            self.release(one)
            self.tell_desk(one, "left", self.now)
        return {"desk": False, "ended": True} if led else None

    def release(self, one: Talk) -> None:
        """Nobody leads any more, and nobody waits for an answer."""
        talks.keep(self.connection, one.id, led=False, waits_since=None)

    def leave(self) -> None:
        """Forget all talks of somebody who wants to be forgotten, in the threads as well; the desk is told to do so."""
        for one in talks.of_owner(self.connection, self.person):
            _, _, address = owners.first_contact(self.connection, one.desk_id)
            owners.erase(self.connection, one.desk_id, 0, self.now)
            if f":{NEW}" not in address:
                self.tell_desk(one, "erased", self.now)

    # ------------------------------------------------------------ the desk

    def pass_back(self, words: str) -> str:
        """Pass the desk's words to the owner; gives the remark on it."""
        one = talks.in_thread(self.connection, self.person)
        if one is None:
            return "gone"
        if owners.reach(self.connection, one.owner_id) is None:
            return "unreachable"
        if not words:
            return "words"
        self.tell_owner(one, "said", words=words)
        talks.keep(self.connection, one.id, heard_at=self.now, waits_since=None)
        return ""

    # ------------------------------------------------------------ telling

    def tell_desk(self, one: Talk, what: str, at: datetime, **data: Any) -> None:
        """Have the desk told."""
        timers.add_next(self.connection, one.subject, DESK, one.desk_id, at, {"what": what} | data)

    def tell_owner(self, one: Talk, what: str, **data: Any) -> None:
        """Have the owner told at once."""
        timers.add_next(self.connection, one.subject, OWNER, one.owner_id, self.now, {"what": what} | data)

    def take_words(self, effect: TakeWords) -> list[dict[str, Any]]:
        """What a timer tells, and all else that is told to the same side: who is second must not be told first."""
        one = self.by_subject(effect.subject)
        waiting = [timer for timer in timers.of(self.connection, effect.subject) if timer.kind == effect.kind]
        fired = timers.fire(self.connection, [timer.id for timer in waiting])
        told = {timer.revision: timer.data for timer in waiting if timer.id in fired}
        told[effect.revision] = effect.data
        common = {"id": one.id if one else 0, "led": bool(one and one.led)}
        return [told[number] | common for number in sorted(told)]

    # ------------------------------------------------------------ time

    def look_for_answer(self, subject: str, since: str) -> dict[str, Any] | None:
        """Whether the owner has waited in vain since then, and is to be told so."""
        one = self.by_subject(subject)
        if one is None or one.waits_since is None or one.waits_since.isoformat() != since:
            return None
        return self.told(one, "unanswered")

    def fall_silent(self, subject: str) -> dict[str, Any] | None:
        """Have the bot lead again where nobody has said anything for long; else look again later."""
        one = self.by_subject(subject)
        if one is None or not one.led:
            return None
        if self.now - one.heard_at < SILENCE:
            self.watch(one, one.heard_at)
            return None
        self.release(one)
        self.tell_desk(one, "closed", self.now)
        return self.told(one, "closed")

    def told(self, one: Talk, what: str) -> dict[str, Any]:
        """What the owner is told of a talk."""
        name, when = (self.desk.name, "" if self.is_open() else self.opens()) if self.desk else ("", "")
        return {"what": what, "id": one.id, "led": one.led, "who": name, "opens": when}

    def wait(self, one: Talk, since: datetime, patience: timedelta) -> None:
        """Look whether the owner who waits since then has waited in vain."""
        data = {"since": since.isoformat()}
        timers.add_next(self.connection, one.subject, "unanswered", one.owner_id, since + patience, data)

    def watch(self, one: Talk, heard: datetime) -> None:
        """Look whether there is silence, so long after the latest word; once for each such time."""
        number = (heard - one.opened_at) // timedelta(seconds=1)
        timers.add(self.connection, one.subject, "silence", number, one.owner_id, loud(heard + SILENCE))

    # ------------------------------------------------------------ looking

    def by_subject(self, subject: str) -> Talk | None:
        """The talk that a subject names, locked."""
        return talks.lock(self.connection, int(subject.rpartition(":")[2]))

    def is_open(self) -> bool:
        """Whether the desk is open."""
        return self.desk is not None and opens(self.desk.hours, self.now) == self.now

    def opens(self) -> str:
        """When the desk opens next, in words."""
        return opening_words(opens(self.desk.hours, self.now), self.now) if self.desk else ""
