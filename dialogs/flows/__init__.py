"""The flows, one file each; their names are the commands that start them."""

from dialogs.flows.answers import answers
from dialogs.flows.apps import join, link
from dialogs.flows.booked import agree, booked, cancel, change, share, unshare
from dialogs.flows.booking import consult
from dialogs.flows.check import check, deepen, restart
from dialogs.flows.data import data, discard, erase
from dialogs.flows.expert import accept, decline, desk, enrol, held, missed, propose, schedule
from dialogs.flows.faq import question
from dialogs.flows.forward import forward, member, staff
from dialogs.flows.human import finish, human, thread
from dialogs.flows.officer import attend, dismiss, guest, leave, officer, write
from dialogs.flows.outreach import go, news, nonews
from dialogs.flows.record import action, hours, offer, record
from dialogs.flows.referred import referred, reply
from dialogs.flows.scene import Entry, Scene
from dialogs.flows.sharing import hide, sharing
from dialogs.flows.side import help, later, menu, result, settings, support
from dialogs.flows.steps import steps
from dialogs.flows.survey import nps
from dialogs.flows.waiting import unwait

FLOWS = {
    "check": Entry(check),
    "deepen": Entry(deepen),
    "restart": Entry(restart),
    "answers": Entry(answers, reads_below=True),
    "steps": Entry(steps),
    "data": Entry(data),
    "erase": Entry(erase),
    "discard": Entry(discard),
    "help": Entry(help),
    "later": Entry(later),
    "menu": Entry(menu),
    "question": Entry(question),
    "consult": Entry(consult),
    "booked": Entry(booked),
    "change": Entry(change),
    "cancel": Entry(cancel),
    "agree": Entry(agree),
    "share": Entry(share),
    "unshare": Entry(unshare),
    "accept": Entry(accept),
    "decline": Entry(decline),
    "propose": Entry(propose),
    "held": Entry(held),
    "missed": Entry(missed),
    "desk": Entry(desk),
    "enrol": Entry(enrol),
    "officer": Entry(officer),
    "guest": Entry(guest),
    "dismiss": Entry(dismiss),
    "attend": Entry(attend),
    "leave": Entry(leave),
    "write": Entry(write),
    "schedule": Entry(schedule),
    "record": Entry(record),
    "offer": Entry(offer),
    "hours": Entry(hours),
    "action": Entry(action),
    "unwait": Entry(unwait),
    "nps": Entry(nps),
    "news": Entry(news),
    "nonews": Entry(nonews),
    "go": Entry(go),
    "human": Entry(human),
    "finish": Entry(finish),
    "thread": Entry(thread),
    "result": Entry(result),
    "support": Entry(support),
    "settings": Entry(settings),
    "link": Entry(link),
    "join": Entry(join),
    "referred": Entry(referred),
    "sharing": Entry(sharing),
    "hide": Entry(hide),
    "reply": Entry(reply),
    "staff": Entry(staff),
    "member": Entry(member),
    "forward": Entry(forward),
}

__all__ = ["FLOWS", "Entry", "Scene"]
