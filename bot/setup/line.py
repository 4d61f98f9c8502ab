"""Setting up LINE: the webhook, the rich menu; and what is left of the month's messages."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time
from typing import Any

from linebot.v3.messaging import (
    ApiClient,
    ApiException,
    Configuration,
    MessagingApi,
    MessagingApiBlob,
    RichMenuRequest,
    SetWebhookEndpointRequest,
    TestWebhookEndpointRequest,
)
from linebot.v3.messaging.exceptions import UnauthorizedException
from pydantic.v1 import ValidationError
from urllib3.exceptions import HTTPError

from bot.settings import Settings
from bot.setup import SetupError, Tell, by_hand, require, richmenu, webhook
from scheduler.days import JAPAN, day_in_japan

SECONDS = 10
LINES_OWN = Settings.model_fields["line_api_url"].default
# Beyond the calls that may be made in an hour to test a webhook or to make menus.
TOO_MANY = 429


class _OneAddress(ApiClient):  # type: ignore[misc]  # the library has no types
    """Sends pictures to the address that is set, too; LINE itself has another one for them."""

    def call_api(self, *arguments: Any, _host: str | None = None, **options: Any) -> Any:
        return super().call_api(*arguments, **options)


def set_up(settings: Settings, tell: Tell) -> None:
    """Set the webhook and the rich menu; run again, it ends in the same state. Raises SetupError."""
    require(settings, "line")
    url = webhook(settings, "line")
    with _client(settings) as client:
        api = MessagingApi(client)
        bot = api.get_bot_info(_request_timeout=SECONDS)
        tell(f"LINE takes the token: {bot.display_name} ({bot.basic_id}).")
        api.set_webhook_endpoint(SetWebhookEndpointRequest(endpoint=url), _request_timeout=SECONDS)
        tell(f"Webhook: {url}")
        tell(tested(api, url))
        removed = refresh(api, MessagingApiBlob(client), richmenu.menu(), richmenu.png())
        tell(f"Rich menu: made and shown to all; {removed} earlier removed.")
        endpoint = _heard(api.get_webhook_endpoint)
        tell(by_hand("line", active=endpoint and endpoint.active, chat=bot.chat_mode == "chat"))


def refresh(api: Any, blob: Any, menu: dict[str, Any], picture: bytes) -> int:
    """Make the menu, show it to all, then remove the earlier ones of ours; gives how many those were.

    In this order owners are never without a menu, and what a run left behind that broke off is removed by the next.
    """
    earlier = [
        known.rich_menu_id
        for known in api.get_rich_menu_list(_request_timeout=SECONDS).richmenus
        if known.name.startswith(richmenu.PREFIX)
    ]
    made = api.create_rich_menu(RichMenuRequest.from_dict(menu), _request_timeout=SECONDS).rich_menu_id
    blob.set_rich_menu_image(made, picture, _headers={"Content-Type": "image/png"}, _request_timeout=SECONDS)
    api.set_default_rich_menu(made, _request_timeout=SECONDS)
    for id in earlier:
        api.delete_rich_menu(id, _request_timeout=SECONDS)
    return len(earlier)


def tested(api: Any, url: str) -> str:
    """What came of LINE's own test of the webhook, in words; a test that fails keeps nothing from being set up."""
    result = _heard(api.test_webhook_endpoint, TestWebhookEndpointRequest(endpoint=url))
    if result is None:
        return "LINE's test of the webhook gave no result: press 検証 beside the Webhook URL in the console."
    if result.success:
        return "LINE has tested the webhook: it answers."
    what = " ".join(str(word) for word in (result.reason, result.detail) if word)
    return f"LINE has tested the webhook: it does NOT answer ({what}). Start banso serve, and run this once more."


def _heard(call: Callable[..., Any], *arguments: Any) -> Any:
    """What LINE answers; None where there is less in it than LINE documents."""
    try:
        return call(*arguments, _request_timeout=SECONDS)
    except ValidationError:
        return None


def quota(settings: Settings, count: Callable[[datetime], int], now: datetime, tell: Tell) -> None:
    """Tell LINE's figures of this month and, beside them, what Banso has counted itself since its begin.

    Raises SetupError.
    """
    limit, used = _month(settings)
    for line in figures(limit, used, count(month_begin(now))):
        tell(line)


def left(settings: Settings) -> int | None:
    """How many messages of this month are left; None where the plan knows no limit. Raises SetupError."""
    limit, used = _month(settings)
    return None if limit is None else max(limit - used, 0)


def _month(settings: Settings) -> tuple[int | None, int]:
    """The month's limit (None where the plan knows none), and what of it is used. Raises SetupError."""
    require(settings, "line")
    with _client(settings) as client:
        api = MessagingApi(client)
        limit = api.get_message_quota(_request_timeout=SECONDS).value
        used = api.get_message_quota_consumption(_request_timeout=SECONDS).total_usage
    return limit, used


def figures(limit: int | None, used: int, counted: int) -> list[str]:
    """The figures in words; `limit` is None where the plan knows none."""
    rows = [
        f"This month's messages that count (replies don't), by LINE: {used}",
        f"The same by Banso's own count: {counted}",
        "There is no limit." if limit is None else f"Left: {max(limit - used, 0)} of {limit}",
    ]
    if used > counted:
        rows.append("What LINE counts beyond Banso was sent in LINE Official Account Manager or by another programme.")
    return rows


def month_begin(now: datetime) -> datetime:
    """When the month began in Japan, where LINE counts (both UTC, without zone)."""
    first = day_in_japan(now).replace(day=1)
    return datetime.combine(first, time(), JAPAN).astimezone(UTC).replace(tzinfo=None)


@contextmanager
def _client(settings: Settings) -> Iterator[Any]:
    """A client of LINE's; what goes wrong with it is raised as SetupError."""
    token = settings.line_channel_access_token.get_secret_value()
    configuration = Configuration(host=settings.line_api_url, access_token=token)
    configuration.retries = False  # else urllib3 writes a line of its own for each
    kind = ApiClient if settings.line_api_url == LINES_OWN else _OneAddress
    try:
        with kind(configuration) as client:
            yield client
    except UnauthorizedException as error:
        remedy = "Issue a new one in the console (Messaging API設定) and put it into .env."
        raise SetupError(f"LINE does not take LINE_CHANNEL_ACCESS_TOKEN. {remedy}") from error
    except ApiException as error:
        raise SetupError(_refused(error)) from error
    except HTTPError as error:
        raise SetupError(
            f"LINE can't be reached at {settings.line_api_url}. Look at the network, try again."
        ) from error
    except ValidationError as error:
        raise SetupError(f"What answers at {settings.line_api_url} is not LINE. Look at LINE_API_URL.") from error


def _refused(error: ApiException) -> str:
    if error.status == TOO_MANY:
        return "LINE takes no more calls of this kind for now. Try again in an hour."
    try:
        said = json.loads(error.body)["message"]
    except (TypeError, ValueError, KeyError):
        said = error.reason
    # Of a certificate that is not trusted the library makes an error without status, in several lines.
    return f"LINE refuses ({error.status or 'no connection'}): {' '.join(str(said).split())}. See docs/line.md."
