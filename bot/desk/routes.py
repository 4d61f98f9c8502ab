"""All doors of the desk, as one list."""

from bot.desk import (
    agency,
    api,
    audit,
    campaigns,
    client,
    clients,
    enrolment,
    entrance,
    events,
    flyers,
    forward,
    insight,
    invitations,
    me,
    notes,
    outcomes,
    provider,
    staff,
    starts,
    together,
)
from bot.desk.doors import Door

DOORS: list[Door] = [
    *entrance.DOORS,
    *provider.DOORS,
    *enrolment.DOORS,
    *me.DOORS,
    *staff.DOORS,
    *agency.DOORS,
    *audit.DOORS,
    *clients.DOORS,
    *forward.DOORS,
    *invitations.DOORS,
    *client.DOORS,
    *notes.DOORS,
    *events.DOORS,
    *together.DOORS,
    *insight.DOORS,
    *campaigns.DOORS,
    *flyers.DOORS,
    *starts.DOORS,
    *outcomes.DOORS,
    *api.DOORS,
]
ROUTES = [door.route() for door in DOORS]
