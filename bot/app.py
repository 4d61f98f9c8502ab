"""The web app: its routes as a literal list, and how it is put together."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot import metrics, oidc, ticker
from bot.calendars import Calendars
from bot.clock import utc_now
from bot.delivery import Delivery
from bot.desk import routes as desk
from bot.drawing import Drawing
from bot.house import house
from bot.intake import Clock, Intake
from bot.links import Links
from bot.parts import Parts, parts_of
from bot.pictures import Pictures
from bot.platforms import switched_on, web
from bot.platforms.platform import Unreadable
from bot.settings import Settings
from bot.turn import Taken
from bot.web import acts, chat, pages, results
from bot.web import calendars as web_calendars
from bot.web import experts as web_experts
from bot.web import letters as web_letters
from bot.web import links as web_links
from bot.web.guard import LARGEST_BODY, Guard, problem
from dialogs.content import Content
from knowledge import search
from knowledge.faq import version
from scheduler.days import day_in_japan
from scoring import look
from storage import Database, sealing

STATIC = Path(__file__).parent / "web" / "static"
FONTS = Path(look.__file__).parent / "fonts"
# An answer that takes longer than this is announced on the platform.
SLOW_SECONDS = 0.8

log = structlog.get_logger()


# ---------------------------------------------------------------- the platforms


async def webhook(request: Request) -> Response:
    """What a platform has to tell: taken before it is acknowledged, so that what fails is sent again."""
    parts = parts_of(request)
    platform = parts.platforms.get(request.path_params["platform"])
    if platform is None:
        return PlainTextResponse("", 404)
    body = await whole(request)
    if not platform.authentic(request.headers, body, utc_now()):
        metrics.REFUSED.labels(platform.channel).inc()
        return PlainTextResponse("", 401)
    try:
        arrived = platform.parse(request.headers, body)
    except Unreadable:
        metrics.UNREADABLE.labels(platform.channel).inc()
        return PlainTextResponse("", 400)
    # One writing thread takes them in the order in which they are handed over.
    taking = [parts.take(event) for event in arrived.events]
    if taking:
        _, slow = await asyncio.wait(taking, timeout=SLOW_SECONDS)
        if slow:
            await platform.waiting(arrived.events[-1].address)
        await asyncio.gather(*taking)
    return PlainTextResponse(arrived.answer)


async def whole(request: Request) -> bytes:
    """The body, which may come without its length being told; 413 where it is too large."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_BODY:
            raise HTTPException(413)
    return body


# ---------------------------------------------------------------- other pages


async def answer(request: Request) -> Response:
    """One answer of the FAQ, as it stands today."""
    parts = parts_of(request)
    entry = parts.content.faq.get(request.path_params["entry"])
    if entry is None:
        raise HTTPException(404)
    today = day_in_japan(utc_now())
    entry = version(parts.content.faq, entry, today)
    return HTMLResponse(pages.answer_page(entry, parts.content.reference.desk(entry.desk), today))


async def notice(request: Request) -> Response:
    """The full notice on personal data."""
    return HTMLResponse(pages.notice_page(parts_of(request).limits))


async def colours(request: Request) -> Response:
    """The design tokens as CSS variables."""
    return PlainTextResponse(look.css_variables(look.look()), media_type="text/css")


async def alive(request: Request) -> Response:
    """Whether the process runs."""
    return PlainTextResponse("ok\n")


async def ready(request: Request) -> Response:
    """Whether the database answers."""
    await asyncio.to_thread(ask_database, parts_of(request))
    return PlainTextResponse("ok\n")


def ask_database(parts: Parts) -> None:
    """Raise where the database does not answer."""
    with parts.database.reading() as connection:
        connection.execute(text("SELECT 1"))


async def counts(request: Request) -> Response:
    """What is counted, for Prometheus."""
    return Response(await asyncio.to_thread(metrics.page), media_type="text/plain; version=0.0.4")


ROUTES = [
    *chat.ROUTES,
    *results.ROUTES,
    *web_calendars.ROUTES,
    *web_experts.ROUTES,
    *web_links.ROUTES,
    Route("/webhooks/{platform}", webhook, methods=["POST"]),
    *acts.ROUTES,
    *web_letters.ROUTES,
    *desk.ROUTES,
    Route("/faq/{entry}", answer, methods=["GET"]),
    Route("/notice", notice, methods=["GET"]),
    Route("/healthz", alive, methods=["GET"]),
    Route("/readyz", ready, methods=["GET"]),
    Route("/metrics", counts, methods=["GET"]),
    Route("/static/look.css", colours, methods=["GET"]),
    Mount("/static/fonts", StaticFiles(directory=FONTS)),
    Mount("/static", StaticFiles(directory=STATIC)),
]


# ---------------------------------------------------------------- what goes wrong


async def database_away(request: Request, error: Exception) -> Response:
    """The database does not answer or can't be written: nothing was taken, and the owner may try again."""
    log.error("database", error=type(error).__name__, cause=type(getattr(error, "orig", None)).__name__)
    return problem("busy", 503, request.url.path, {"retry-after": "5"})


async def refused(request: Request, error: Exception) -> Response:
    """A page that does not exist, a form that may not be sent."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    kinds = {403: "method", 404: "not_found", 405: "method", 410: "gone", 413: "too_large"}
    return problem(kinds.get(status, "not_found" if status < 500 else "busy"), status, request.url.path)


async def broken(request: Request, error: Exception) -> Response:
    """A defect of ours: a kind word for the owner, the trace for the operator alone."""
    return problem("busy", 500, request.url.path)


def make_app(database: Database, content: Content, settings: Settings, clock: Clock = utc_now) -> Starlette:
    """The app over a migrated database. Its threads and processes live from start-up to shut-down."""
    secret = settings.secret()
    sealing.use(settings.keys())
    links = Links(secret)
    secure = settings.public_url.startswith("https://")

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        intake = Intake(database, content, clock, house(settings, links))
        drawing = Drawing(content)
        pictures = Pictures(database, drawing, links, settings.public_url)
        calendars = Calendars(database, content, settings.public_url)
        platforms = switched_on(settings, pictures, content.phrases, calendars)
        delivery = Delivery(intake, platforms, clock)
        app.state.parts = Parts(
            database=database,
            content=content,
            intake=intake,
            cookies=web.Cookies(secret),
            links=links,
            drawing=drawing,
            pictures=pictures,
            calendars=calendars,
            platforms=platforms,
            delivery=delivery,
            public_url=settings.public_url,
            limits=settings.retention(),
            secure=secure,
            passwords=settings.desk_passwords,
            provider=oidc.provider(settings),
        )
        intake.start()
        for platform in platforms.values():
            await platform.start()
        delivery.start()
        # Making the search ready takes a second, which no owner's question should have to wait for.
        ready = asyncio.create_task(asyncio.to_thread(search.packaged))
        loop = asyncio.get_running_loop()

        def told(taken: Taken) -> None:
            loop.call_soon_threadsafe(app.state.parts.told, taken)

        ticking = ticker.start(intake, told, settings)
        yield
        # What a tick has begun is taken by the intake, which must not end before.
        await asyncio.to_thread(ticking.shutdown)
        await delivery.stop()
        await ready
        for platform in platforms.values():
            await platform.stop()
        await asyncio.to_thread(intake.stop)
        drawing.close()
        database.close()

    return Starlette(
        routes=ROUTES,
        middleware=[Middleware(Guard, secure=secure)],
        exception_handlers={
            DBAPIError: database_away,
            NoConnection: database_away,
            HTTPException: refused,
            Exception: broken,
        },
        lifespan=lifespan,
    )
