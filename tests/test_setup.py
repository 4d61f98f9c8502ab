"""Setting up the platforms: what is set over there, what the operator reads, and the rich menu's picture."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from contextlib import closing, contextmanager
from datetime import datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import combinations
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from urllib.request import Request, urlopen
from xml.etree import ElementTree

import pytest
from fontTools.ttLib import TTFont
from starlette.datastructures import Headers
from telegram import WebhookInfo
from typer.testing import CliRunner

from bot import setup
from bot.cli import app
from bot.platforms.fitting import utf16
from bot.platforms.slack import Slack
from bot.platforms.telegram import Telegram
from bot.settings import PLATFORMS, Settings
from bot.setup import line, richmenu, slack, telegram
from dialogs import presses
from dialogs.content import packaged
from dialogs.events import Command
from dialogs.flows import FLOWS
from scoring import pictures
from tests import standin
from tests.test_pictures import luminance, sizes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.pictures import Pictures
    from bot.platforms.platform import Platform

ROOT = Path(__file__).parents[1]
SVG = "{http://www.w3.org/2000/svg}"
PUBLIC = "https://banso.example.jp"
VALUES = {
    "LINE_CHANNEL_SECRET": "hush-line-secret",
    "LINE_CHANNEL_ACCESS_TOKEN": "hush-line-token",
    "TELEGRAM_BOT_TOKEN": "123456:hush-telegram-token",
    "TELEGRAM_WEBHOOK_SECRET": "hush-telegram-secret",
    "SLACK_BOT_TOKEN": "xoxb-hush-slack-token",
    "SLACK_SIGNING_SECRET": "hush-slack-secret",
}
# How a platform says that it does not know a token, and under which path its stand-in has it.
UNKNOWN_TOKEN: dict[str, tuple[int, dict[str, Any]]] = {
    "line": (401, {"message": "Authentication failed."}),
    "telegram": (401, {"ok": False, "error_code": 401, "description": "Unauthorized"}),
    "slack": (200, {"ok": False, "error": "invalid_auth"}),
}
PATHS = {"line": "line", "telegram": "telegram", "slack": "slack/api"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own, with the secrets of all platforms set and no settings else."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in {**VALUES, "PUBLIC_URL": PUBLIC}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    """Run a command; gives its exit code and all that it printed."""
    done = CliRunner().invoke(app, arguments)
    assert "hush" not in done.output
    return done.exit_code, done.output


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """A server that gives one answer to everything; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PUT = do_GET  # noqa: N815 - the names that http.server calls

        def log_message(self, *arguments: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        return int(taken.getsockname()[1])


class StandIn:
    """The platforms' stand-in, as far as these tests ask it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, path: str, method: str = "GET") -> Any:
        with urlopen(Request(self.url + path, method=method)) as answer:  # noqa: S310 - our own process
            return json.load(answer)

    @property
    def calls(self) -> list[tuple[str, Any]]:
        """Every call so far: its method and what it carried; none may be against a platform's description."""
        assert self.ask("/_violations") == []
        return [(call["method"], call["body"]) for call in self.ask("/_calls")]

    def answers(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether it has come up; ends with an error where its process has ended."""
        assert process.poll() is None
        try:
            self.ask("/_")
        except OSError:
            return False
        return True


@pytest.fixture(scope="module")
def process() -> Iterator[StandIn]:
    program, port = standin.place(), free_port()
    with subprocess.Popen([sys.executable, str(program), "--port", str(port)]) as running:
        stand_in = StandIn(f"http://127.0.0.1:{port}")
        try:
            while not stand_in.answers(running):
                pass
            yield stand_in
        finally:
            running.kill()


@pytest.fixture
def platforms(process: StandIn, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """The stand-in in place of all three platforms, with nothing asked of it yet."""
    process.ask("/_reset", "POST")
    for platform, path in PATHS.items():
        monkeypatch.setenv(f"{platform.upper()}_API_URL", f"{process.url}/{path}")
    return process


# ---------------------------------------------------------------- what is set over there


def test_setting_up_line_sets_the_webhook_and_shows_the_menu_to_all(platforms: StandIn) -> None:
    code, said = run("setup", "line")
    calls = platforms.calls
    assert code == 0
    assert ("/v2/bot/channel/webhook/endpoint", {"endpoint": f"{PUBLIC}/webhooks/line"}) in calls
    assert ("/v2/bot/channel/webhook/test", {"endpoint": f"{PUBLIC}/webhooks/line"}) in calls
    assert ("/v2/bot/richmenu", richmenu.menu()) in calls
    made = next(path for path, _ in calls if path.endswith("/content")).split("/")[-2]
    uploaded = next(body for path, body in calls if path.endswith(f"/{made}/content"))
    assert uploaded == {"__raw__": f"<{len(richmenu.png())} bytes>"}
    assert (f"/v2/bot/user/all/richmenu/{made}", {}) in calls
    assert "@000aaaaa" in said
    assert "応答メッセージ" in said


def test_setting_up_telegram_sets_webhook_commands_and_profile(platforms: StandIn) -> None:
    code, said = run("setup", "telegram")
    calls = dict(platforms.calls)
    assert code == 0
    webhook = calls["setWebhook"]
    assert webhook["url"] == f"{PUBLIC}/webhooks/telegram"
    assert webhook["secret_token"] == VALUES["TELEGRAM_WEBHOOK_SECRET"]
    assert set(json.loads(webhook["allowed_updates"])) == {
        "message", "edited_message", "callback_query", "my_chat_member",
    }  # fmt: skip
    assert webhook.get("drop_pending_updates", "false") == "false"
    texts = setup.texts()["telegram"]
    assert json.loads(calls["setMyCommands"]["commands"]) == texts["commands"]
    assert calls["setMyShortDescription"]["short_description"] == texts["short_description"]
    assert calls["setMyDescription"]["description"] == texts["description"]
    assert json.loads(calls["setChatMenuButton"]["menu_button"]) == {"type": "commands"}
    assert "https://t.me/stand_in_bot" in said


def test_setting_up_slack_checks_the_token_and_writes_the_manifest(platforms: StandIn) -> None:
    code, said = run("setup", "slack", "--out", "here/manifest.json")
    assert code == 0
    assert [method for method, _ in platforms.calls] == ["auth.test"]
    written = json.loads(Path("here/manifest.json").read_text(encoding="utf-8"))
    assert written == slack.manifest(f"{PUBLIC}/webhooks/slack")
    assert "here/manifest.json" in said
    assert "https://example.slack.com/" in said


@pytest.mark.parametrize("platform", PLATFORMS)
def test_setting_up_twice_ends_in_the_same_state(platforms: StandIn, platform: str) -> None:
    first = run("setup", platform)
    before = platforms.calls
    assert run("setup", platform) == first
    again = platforms.calls[len(before) :]
    # The stand-in forgets its menus; that earlier ones are removed shows below.
    names = [[re.sub(r"richmenu-\w+", "ID", method) for method, _ in calls] for calls in (before, again)]
    assert names[0] == names[1]


def test_the_quota_is_shown_with_what_is_left(platforms: StandIn) -> None:
    run("setup", "line")
    # The stand-in counts every call as a message: those of the set-up, and the first of the two that ask.
    used = len(platforms.calls) + 1
    code, said = run("line", "quota")
    assert code == 0
    assert f"by LINE: {used}\n" in said
    assert "own count: 0\n" in said
    assert f"Left: {200000 - used} of 200000" in said


# ---------------------------------------------------------------- the rich menu on LINE


class Menus:
    """LINE's rich menus: those made, by id, with their pictures, and the one shown to all."""

    def __init__(self, *names: str) -> None:
        self.kept = {f"id{n}": name for n, name in enumerate(names)}
        self.pictures: dict[str, bytes] = {}
        self.shown = ""
        self.made = len(names)
        self.refuses_pictures = False

    def get_rich_menu_list(self, **options: Any) -> SimpleNamespace:
        return SimpleNamespace(
            richmenus=[SimpleNamespace(rich_menu_id=id, name=name) for id, name in self.kept.items()]
        )

    def create_rich_menu(self, request: Any, **options: Any) -> SimpleNamespace:
        id = f"id{self.made}"
        self.made += 1
        self.kept[id] = request.name
        return SimpleNamespace(rich_menu_id=id)

    def set_rich_menu_image(self, id: str, picture: bytes, **options: Any) -> None:
        if self.refuses_pictures:
            raise ConnectionError
        assert options["_headers"] == {"Content-Type": "image/png"}
        self.pictures[id] = picture

    def set_default_rich_menu(self, id: str, **options: Any) -> None:
        assert id in self.pictures, "LINE shows no menu without a picture"
        self.shown = id

    def delete_rich_menu(self, id: str, **options: Any) -> None:
        assert id != self.shown, "owners would be without a menu"
        del self.kept[id]

    def refresh(self) -> int:
        return line.refresh(self, self, richmenu.menu(), b"picture")


def test_earlier_menus_of_ours_are_removed_and_those_of_others_stay() -> None:
    menus = Menus("another's", "banso main", "banso old")
    assert menus.refresh() == 2
    assert sorted(menus.kept.values()) == ["another's", "banso main"]
    assert menus.kept[menus.shown] == "banso main"
    assert menus.refresh() == 1
    assert sorted(menus.kept.values()) == ["another's", "banso main"]


def test_what_a_run_left_behind_that_broke_off_is_removed_by_the_next() -> None:
    menus = Menus()
    menus.refuses_pictures = True
    with pytest.raises(ConnectionError):
        menus.refresh()
    assert (len(menus.kept), menus.shown) == (1, "")
    menus.refuses_pictures = False
    assert menus.refresh() == 1
    assert list(menus.kept) == [menus.shown]


# ---------------------------------------------------------------- what keeps a platform from being set up


@pytest.mark.parametrize("platform", ["line", "telegram"])
def test_missing_settings_are_named_in_one_line(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    names = [name.upper() for name in PLATFORMS[platform]]
    for name in names:
        monkeypatch.delenv(name)
    code, said = run("setup", platform)
    assert code == 1
    assert said.count("\n") == 1
    assert all(name in said for name in (*names, f"docs/{platform}.md"))
    monkeypatch.setenv(names[0], VALUES[names[0]])
    assert names[0] not in run("setup", platform)[1]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_address_without_https_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    monkeypatch.setenv("PUBLIC_URL", "http://banso.example.jp")
    code, said = run("setup", platform)
    assert code == 1
    assert said.startswith("PUBLIC_URL is http://banso.example.jp, ")
    assert said.count("\n") == 1
    assert not Path("var/slack-manifest.json").exists()


def last_line(said: str) -> str:
    """The line that says what went wrong; before it, Slack's set-up tells that it wrote the manifest."""
    assert "Traceback" not in said
    *before, last = said.splitlines()
    assert [one.partition(":")[0] for one in before] in ([], ["Manifest"])
    return last


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_token_that_the_platform_does_not_know_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    status, body = UNKNOWN_TOKEN[platform]
    with answering(status, json.dumps(body).encode()) as url:
        monkeypatch.setenv(f"{platform.upper()}_API_URL", url)
        code, said = run("setup", platform)
    assert code == 1
    assert re.match(r"\w+ does not take \w+_TOKEN\b.* into \.env\.$", last_line(said))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_platform_that_cannot_be_reached_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv(f"{platform.upper()}_API_URL", url)
    code, said = run("setup", platform)
    assert code == 1
    assert f"can't be reached at {url}" in last_line(said)


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize(
    ("status", "body"), [(200, b"<html>\n<p>hello\n</html>"), (200, b"{}"), (503, b"{}"), (429, b"{}")]
)
def test_other_answers_end_in_one_line_too(
    monkeypatch: pytest.MonkeyPatch, platform: str, status: int, body: bytes
) -> None:
    with answering(status, body) as url:
        monkeypatch.setenv(f"{platform.upper()}_API_URL", url)
        code, said = run("setup", platform)
    assert code == 1
    assert re.search(r"[Tt]ry again|Look at|See docs", last_line(said))


def test_what_line_refuses_is_told_in_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(400, b'{"message": "Invalid webhook endpoint URL"}') as url:
        monkeypatch.setenv("LINE_API_URL", url)
        code, said = run("line", "quota")
    assert code == 1
    assert "(400): Invalid webhook endpoint URL" in last_line(said)


@pytest.mark.parametrize("missing", [["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"], ["SLACK_SIGNING_SECRET"]])
def test_the_manifest_is_written_before_there_is_a_token(
    platforms: StandIn, monkeypatch: pytest.MonkeyPatch, missing: list[str]
) -> None:
    for name in missing:
        monkeypatch.delenv(name)
    code, said = run("setup", "slack")
    assert code == 0
    assert json.loads(Path("var/slack-manifest.json").read_text(encoding="utf-8"))
    assert f"Not set yet: {', '.join(missing)}." in said
    assert ("From a manifest" in said) == ("SLACK_BOT_TOKEN" in missing) == (platforms.calls == [])


def test_a_manifest_that_cannot_be_written_is_said_in_one_line() -> None:
    Path("file").write_text("", encoding="utf-8")
    code, said = run("setup", "slack", "--out", "file/manifest.json")
    assert code == 1
    assert "--out" in last_line(said)


def test_a_slack_token_that_may_too_little_is_told() -> None:
    assert slack.lacking({"X-OAuth-Scopes": ",".join(slack.SCOPES[1:])}) == [slack.SCOPES[0]]
    assert slack.lacking({"x-oauth-scopes": ",".join([*slack.SCOPES, "files:read"])}) == []
    assert slack.lacking({}) == []


def test_what_trouble_telegram_had_is_told() -> None:
    assert telegram.trouble(WebhookInfo(PUBLIC, False, 3)) == ""
    met = "Wrong response from the webhook: 401 Unauthorized"
    assert telegram.trouble(WebhookInfo(PUBLIC, False, 3, last_error_message=met)).endswith(met)


class Examiner:
    """LINE, asked to test a webhook: gives one result."""

    def __init__(self, **result: Any) -> None:
        self.result = SimpleNamespace(**result)

    def test_webhook_endpoint(self, request: Any, **options: Any) -> SimpleNamespace:
        return self.result


def test_the_outcome_of_the_test_of_a_webhook_is_told() -> None:
    assert line.tested(Examiner(success=True), PUBLIC).endswith("it answers.")
    failed = line.tested(Examiner(success=False, reason="COULD_NOT_CONNECT", detail="TLS handshake failure"), PUBLIC)
    assert "does NOT answer (COULD_NOT_CONNECT TLS handshake failure)" in failed


@pytest.mark.parametrize(("active", "told"), [(None, "turn it on"), (False, "still OFF"), (True, "")])
def test_the_switch_for_webhooks_is_told_until_it_is_on(active: bool | None, told: str) -> None:
    said = setup.by_hand("line", active=active, chat=False)
    assert told in said
    assert ("Webhookの利用" in said) == bool(told)
    assert "応答設定" not in said
    assert "応答設定" in setup.by_hand("line", active=active, chat=True)


# ---------------------------------------------------------------- the quota


def test_the_month_begins_at_midnight_in_japan() -> None:
    before, at_midnight = datetime.fromisoformat("2026-11-30T14:59"), datetime.fromisoformat("2026-11-30T15:00")
    assert line.month_begin(before) == datetime.fromisoformat("2026-10-31T15:00")
    assert line.month_begin(at_midnight) == at_midnight


def test_figures_say_how_many_are_left_and_what_others_sent() -> None:
    assert line.figures(200, 12, 12)[-1] == "Left: 188 of 200"
    assert line.figures(200, 230, 230)[-1] == "Left: 0 of 200"
    assert line.figures(None, 12, 12)[-1] == "There is no limit."
    assert "Official Account Manager" in line.figures(200, 12, 10)[-1]


# ---------------------------------------------------------------- the rich menu and its picture


def test_the_areas_cover_the_picture_and_do_not_overlap() -> None:
    areas = richmenu.areas()
    assert len(areas) == 6
    assert sum(area.width * area.height for area in areas) == richmenu.WIDTH * richmenu.HEIGHT
    for one, other in combinations(areas, 2):
        assert (
            one.x + one.width <= other.x
            or other.x + other.width <= one.x
            or one.y + one.height <= other.y
            or other.y + other.height <= one.y
        )
    assert max(area.x + area.width for area in areas) == richmenu.WIDTH
    assert max(area.y + area.height for area in areas) == richmenu.HEIGHT


def test_each_area_sends_its_command_and_shows_its_label() -> None:
    actions = [area["action"] for area in richmenu.menu()["areas"]]
    assert [presses.decode(action["data"]) for action in actions] == [
        Command(name) for name in ("resume", "question", "consult", "result", "support", "settings")
    ]
    assert all(action["displayText"] == action["label"] for action in actions)


def test_the_menu_keeps_to_the_limits_of_line() -> None:
    menu = richmenu.menu()
    assert menu["name"].startswith(richmenu.PREFIX)
    assert 0 < utf16(menu["chatBarText"]) <= 14
    assert all(0 < utf16(area["action"]["label"]) <= 20 for area in menu["areas"])


def test_the_picture_is_as_line_takes_it() -> None:
    picture = richmenu.png()
    assert sizes(picture) == (2500, 1686)
    assert len(picture) <= 1_000_000


def test_a_label_is_large_on_a_phone_stays_on_its_card_and_has_all_its_glyphs() -> None:
    drawing = ElementTree.fromstring(richmenu.svg())  # noqa: S314 - our own drawing
    size = int(drawing.get("font-size", 0))
    known = TTFont(ROOT / "scoring" / "fonts" / "NotoSansJP-Bold.otf").getBestCmap()
    assert size * 360 / richmenu.WIDTH >= 16
    cards = [float(each.get("width", 0)) for each in drawing.iter(f"{SVG}rect") if each.get("rx") == "64"]
    for text, card in zip(drawing.iter(f"{SVG}text"), cards, strict=True):
        label = text.text or ""
        assert pictures.ems(label) * size <= card - 60
        assert [sign for sign in label if ord(sign) not in known] == []


def test_labels_and_icons_are_readable_on_their_cards() -> None:
    drawing = ElementTree.fromstring(richmenu.svg())  # noqa: S314 - our own drawing
    cards = [each.get("fill", "") for each in drawing.iter(f"{SVG}rect") if each.get("rx") == "64"]
    labels = [each.get("fill", "") for each in drawing.iter(f"{SVG}text")]
    icons = [each.get("stroke", "") for each in drawing.iter(f"{SVG}g")]
    for card, label, icon in zip(cards, labels, icons, strict=True):
        assert contrast(card, label) >= 5
        assert contrast(card, icon) >= 5


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_each_area_has_an_icon_of_its_own() -> None:
    drawing = ElementTree.fromstring(richmenu.svg())  # noqa: S314 - our own drawing
    icons = [b"".join(ElementTree.tostring(shape) for shape in each) for each in drawing.iter(f"{SVG}g")]
    assert len(set(icons)) == 6
    assert b"" not in icons


# ---------------------------------------------------------------- texts, manifest and pages


def test_commands_offered_are_commands_of_the_dialogs() -> None:
    offered = {one["command"] for one in setup.texts()["telegram"]["commands"]}
    tapped = {area.command for area in richmenu.areas()}
    assert tapped < offered
    assert offered <= {*FLOWS, "resume"}


def test_telegram_texts_keep_to_its_limits() -> None:
    texts = setup.texts()["telegram"]
    assert 0 < utf16(texts["short_description"]) <= 120
    assert 0 < utf16(texts["description"]) <= 512
    for one in texts["commands"]:
        assert re.fullmatch(r"[a-z0-9_]{1,32}", one["command"])
        assert 0 < utf16(one["description"]) <= 256


def test_everything_in_the_manifest_leads_to_the_webhook() -> None:
    url = f"{PUBLIC}/webhooks/slack"
    manifest = slack.manifest(url)
    found = re.findall(r"https://[^\"]+", json.dumps(manifest))
    assert found == [url] * 4
    assert manifest["settings"]["event_subscriptions"]["request_url"] == url
    assert manifest["settings"]["interactivity"] == {"is_enabled": True, "request_url": url}
    commands = manifest["features"]["slash_commands"]
    assert [(one["command"], one["url"]) for one in commands] == [("/banso", url), ("/forward", url)]


def test_owners_can_write_in_the_messages_tab() -> None:
    home = slack.manifest("https://x")["features"]["app_home"]
    assert home["messages_tab_enabled"]
    assert not home["messages_tab_read_only_enabled"]


def test_the_manifest_keeps_to_the_limits_of_slack() -> None:
    manifest = slack.manifest("https://x")
    shown = manifest["display_information"]
    assert 0 < len(shown["name"]) <= 35
    assert 0 < len(shown["description"]) <= 140
    assert re.fullmatch(r"#[0-9a-fA-F]{6}", shown["background_color"])
    assert 0 < len(manifest["features"]["bot_user"]["display_name"]) <= 80
    for command in manifest["features"]["slash_commands"]:
        assert 0 < len(command["description"]) <= 2000
        assert len(command.get("usage_hint", "")) <= 1000


def test_every_event_has_the_scope_that_slack_asks_for() -> None:
    # By docs.slack.dev/reference/events; the others let it answer at all, with a file, and be called by a command.
    needs = {
        "app_mention": {"app_mentions:read"},
        "member_joined_channel": {"channels:read", "groups:read"},
        "message.channels": {"channels:history"},
        "message.groups": {"groups:history"},
        "message.im": {"im:history"},
    }
    manifest = slack.manifest("https://x")
    assert set(manifest["settings"]["event_subscriptions"]["bot_events"]) == set(needs)
    scopes = set(manifest["oauth_config"]["scopes"]["bot"])
    assert scopes == {"chat:write", "commands", "files:write"}.union(*needs.values())


@cache
def page(platform: str) -> str:
    return (ROOT / "docs" / f"{platform}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_page_names_the_settings_and_the_command(platform: str) -> None:
    for name in PLATFORMS[platform]:
        assert f"`{name.upper()}`" in page(platform)
    assert f"banso setup {platform}" in page(platform)
    assert f"({platform}.md)" in (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def test_the_page_on_slack_lists_the_scopes_of_the_manifest() -> None:
    assert tuple(re.findall(r"^\| `([a-z_]+:?[a-z]*)` \|", page("slack"), re.MULTILINE)) == slack.SCOPES


def recorded(platform: str) -> Iterator[dict[str, Any]]:
    """Every recorded body of a platform's webhook; a file holds one, or a list."""
    paths = sorted((ROOT / "tests" / "payloads" / platform).glob("*.json"))
    assert paths
    for path in paths:
        bodies = json.loads(path.read_text(encoding="utf-8"))
        yield from bodies if isinstance(bodies, list) else [bodies]


def taken(platform: Platform) -> list[dict[str, Any]]:
    """The recorded bodies of which Banso takes an event."""
    return [body for body in recorded(platform.channel) if platform.parse(Headers(), json.dumps(body).encode()).events]


def test_telegram_is_asked_for_what_banso_takes_and_nothing_else() -> None:
    bodies = taken(Telegram(Settings(), PUBLIC, cast("Pictures", None), packaged().phrases))
    assert {kind for body in bodies for kind in body} - {"update_id"} == set(telegram.UPDATES)


def test_slack_is_asked_for_what_banso_takes_and_nothing_else() -> None:
    bodies = taken(Slack(Settings(), PUBLIC, cast("Pictures", None), packaged().phrases))
    events = {body["event"]["type"] for body in bodies if body.get("type") == "event_callback"}
    assert events == {event.partition(".")[0] for event in slack.EVENTS}
