"""How people are reached, as far as an operator settles it: by which channels, and at which mail address."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from storage.prepared import insert_new
from storage.schema import contact

MAIL, MAIL_ACCOUNT = "mail", "bot"
# How an expert who has no app is reached: by the pages themselves, whose token is the address.
PAGE, PAGE_ACCOUNT = "web", "expert"


def channels(connection: Connection, owner_ids: Sequence[int]) -> dict[int, list[str]]:
    """The channels by which each of these people can be reached, in the order in which they were met there."""
    query = select(contact.c.owner_id, contact.c.channel).where(contact.c.owner_id.in_(owner_ids))
    found: dict[int, list[str]] = defaultdict(list)
    for owner_id, channel in connection.execute(query.where(contact.c.gone_at.is_(None)).order_by(contact.c.id)):
        if channel not in found[owner_id]:
            found[owner_id].append(channel)
    return {id: found[id] for id in owner_ids}


def add(connection: Connection, owner_id: int, channel: str, account: str, address: str, now: datetime) -> None:
    """Have somebody reached in one more way; an address that is known already stays whose it is."""
    row = {"owner_id": owner_id, "channel": channel, "account": account, "address": address, "made_at": now}
    connection.execute(insert_new(connection.dialect, contact), row)


def set_mail(connection: Connection, owner_id: int, address: str, now: datetime) -> bool:
    """Reach somebody at this mail address, in place of an earlier one; False where it is somebody else's."""
    whose = (contact.c.channel == MAIL) & (contact.c.account == MAIL_ACCOUNT)
    taken = connection.execute(select(contact.c.owner_id).where(whose, contact.c.address == address)).scalar()
    if taken not in (None, owner_id):
        return False
    # What was sent to the earlier address keeps its row; the address itself is what changes.
    values = {"address": address, "gone_at": None}
    if not connection.execute(update(contact).where(whose, contact.c.owner_id == owner_id).values(values)).rowcount:
        row = {"owner_id": owner_id, "channel": MAIL, "account": MAIL_ACCOUNT, "address": address, "made_at": now}
        connection.execute(insert_new(connection.dialect, contact), row)
    return True
