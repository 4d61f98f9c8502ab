"""Notes of officers about a client, for their own agency alone."""

from bot.desk.client import client_of, page_of, path_of
from bot.desk.doors import Door, Rule, missing
from bot.desk.visits import Answer, Go, Page, Visit
from storage import notes
from storage.clients import Client
from storage.notes import Note

# What a note has at the most, as a form sends it: its page takes half of that.
LONGEST = 4_000


def _note_of(visit: Visit, one: Client) -> Note:
    """The note of the address; 404 where it is about somebody else."""
    found = notes.find(visit.connection, one, visit.path["note"])
    if found is None:
        raise missing()
    return found


def added(visit: Visit) -> Answer:
    """Write a note."""
    one, text = client_of(visit), visit.given("text")[:LONGEST]
    if not text:
        return page_of(visit, one, "note-empty", 422)
    notes.add(visit.connection, one, visit.member.id, text, visit.now)
    return Go(path_of(one), done="note-added")


def changed(visit: Visit) -> Answer:
    """Give a note of one's own another text."""
    one = client_of(visit)
    note, text = _note_of(visit, one), visit.given("text")[:LONGEST]
    if note.member_id != visit.member.id:
        return Page("desk/forbidden.html", status=403)
    if not text:
        return page_of(visit, one, "note-empty", 422)
    notes.change(visit.connection, note.id, text, visit.now)
    return Go(path_of(one), done="note-changed")


def deleted(visit: Visit) -> Answer:
    """Delete a note of one's own; an admin deletes any."""
    one = client_of(visit)
    note = _note_of(visit, one)
    if note.member_id != visit.member.id and visit.member.role != "admin":
        return Page("desk/forbidden.html", status=403)
    notes.remove(visit.connection, note.id)
    return Go(path_of(one), done="note-deleted")


DOORS = [
    Door("POST", "/desk/clients/{client:row}/notes", added, Rule.STAFF, "note.add"),
    Door("POST", "/desk/clients/{client:row}/notes/{note:row}", changed, Rule.STAFF, "note.change"),
    Door("POST", "/desk/clients/{client:row}/notes/{note:row}/delete", deleted, Rule.STAFF, "note.delete"),
]
