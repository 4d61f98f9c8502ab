"""Setting up Telegram: the webhook, the commands and the profile."""

import asyncio

from telegram import MenuButtonCommands, Update, WebhookInfo
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.ext import ExtBot

from bot.settings import Settings
from bot.setup import SetupError, Tell, by_hand, require, texts, webhook

# What Banso takes; Telegram sends nothing else.
UPDATES = (Update.MESSAGE, Update.EDITED_MESSAGE, Update.CALLBACK_QUERY, Update.MY_CHAT_MEMBER)


def set_up(settings: Settings, tell: Tell) -> None:
    """Set webhook, commands and profile; run again, it ends in the same state. Raises SetupError."""
    require(settings, "telegram")
    url = webhook(settings, "telegram")
    try:
        asyncio.run(_set_up(settings, url, tell))
    except TelegramError as error:
        # Without its cause: the library writes the token into some of its errors.
        raise SetupError(_explained(error, settings)) from None
    except KeyError as error:  # how the library meets an answer that holds no result
        raise SetupError(
            f"What answers at {settings.telegram_api_url} is not Telegram. Look at TELEGRAM_API_URL."
        ) from error


async def _set_up(settings: Settings, url: str, tell: Tell) -> None:
    token = settings.telegram_bot_token.get_secret_value()
    async with ExtBot(token, base_url=f"{settings.telegram_api_url}/bot") as bot:
        tell(f"Telegram takes the token: {bot.first_name} (@{bot.username}).")
        before = await bot.get_webhook_info()
        await bot.set_webhook(
            url,
            secret_token=settings.telegram_webhook_secret.get_secret_value(),
            allowed_updates=UPDATES,
            drop_pending_updates=False,
        )
        tell(f"Webhook: {url}")
        if met := trouble(before):
            tell(met)
        await _introduce(bot)
        tell("Commands, menu button and descriptions: set.")
        tell(by_hand("telegram", name=bot.username, groups=bot.can_join_groups))


async def _introduce(bot: ExtBot[None]) -> None:
    shown = texts()["telegram"]
    await bot.set_my_commands([(one["command"], one["description"]) for one in shown["commands"]])
    await bot.set_chat_menu_button(menu_button=MenuButtonCommands())
    await bot.set_my_short_description(shown["short_description"])
    await bot.set_my_description(shown["description"])


def trouble(webhook: WebhookInfo) -> str:
    """What Telegram last met when it tried to reach the webhook; "" where all was well."""
    if not webhook.last_error_message:
        return ""
    return f"Before this, Telegram's last trouble with the webhook was: {webhook.last_error_message}"


def _explained(error: TelegramError, settings: Settings) -> str:
    match error:
        case InvalidToken() | Forbidden():
            return "Telegram does not take TELEGRAM_BOT_TOKEN. Ask @BotFather for it (/token) and put it into .env."
        case RetryAfter():
            return "Telegram takes no more calls for now. Try again in a few minutes."
        case BadRequest():
            return f"Telegram refuses: {error.message}. docs/telegram.md says more."
        case NetworkError():
            return f"Telegram can't be reached at {settings.telegram_api_url}. Look at the network, try again."
        case _:
            return f"Telegram does not take the call ({type(error).__name__}). Try again later."
