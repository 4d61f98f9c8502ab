"""The flows, one file each; their names are the commands that start them."""

from dialogs.flows.answers import answers
from dialogs.flows.apps import join, link
from dialogs.flows.check import check, deepen, restart
from dialogs.flows.data import data, discard, erase
from dialogs.flows.faq import question
from dialogs.flows.scene import Entry, Scene
from dialogs.flows.side import consult, help, later, menu, result, settings, support
from dialogs.flows.steps import steps

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
    "result": Entry(result),
    "support": Entry(support),
    "settings": Entry(settings),
    "link": Entry(link),
    "join": Entry(join),
}

__all__ = ["FLOWS", "Entry", "Scene"]
