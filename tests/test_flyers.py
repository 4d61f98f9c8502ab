"""Pictures that agencies attach to letters: what is taken, what becomes of it, who sees it, and how it is sent."""

from __future__ import annotations

import asyncio
import random
import re
import struct
import uuid
import zlib
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo
from starlette.testclient import TestClient

from bot import campaigns as rules
from bot import timing
from bot.app import make_app
from bot.drawing import Drawing
from bot.flyers import LARGEST, LARGEST_FILE, MOST_PIXELS, WIDEST, WrongFlyer, make
from bot.links import Links
from bot.pictures import Pictures
from bot.platforms.line import Line
from bot.platforms.platform import Sending
from bot.platforms.telegram import Telegram
from bot.web import pages
from bot.web.guard import LARGEST_BODY, LARGEST_UPLOAD
from dialogs.content import packaged
from dialogs.letters import SHARE, Letter, Step, personal, steps_from, steps_to
from dialogs.messages import FLYER, Message, Picture, from_json
from storage import Database, campaigns, contacts, flyers
from storage.schema import audit, flyer, outbox
from tests.desk import OURS, Two, sign_in
from tests.outreach import Round
from tests.serving import SECRET, serving, settings_for
from tests.taking import NOW, rows
from tests.test_campaign_pages import draft, form_of
from tests.test_desk_browser import sign_in as sign_in_window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from httpx2 import Response
    from playwright.sync_api import Browser

    from storage.campaigns import Campaign
    from storage.members import Member
    from tests.standin import StandIn

CONTENT = packaged()
ALT = "12月3日の体験会のチラシ"
SITE = "https://banso.example"


def file(image: Image.Image, kind: str = "JPEG", **more: Any) -> bytes:
    saved = BytesIO()
    image.save(saved, kind, **more)
    return saved.getvalue()


def noise(width: int, height: int) -> Image.Image:
    """A picture that can't be made small."""
    return Image.frombytes("RGB", (width, height), random.Random(7).randbytes(width * height * 3))


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def claiming(width: int, height: int) -> bytes:
    """A PNG of some bytes whose header claims to be this large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"0" * 99)) + chunk(b"IEND", b"")
    )


PLAIN = file(Image.new("RGB", (60, 40), "red"))
MADE = make(PLAIN)

# ---------------------------------------------------------------- what is taken


def bloated() -> bytes:
    """A small PNG with a text in it that is large once it is unpacked."""
    info = PngInfo()
    info.add_text("note", "a" * 20_000_000, zip=True)
    return file(Image.new("RGB", (9, 9)), "PNG", pnginfo=info)


REFUSED = {
    "nothing": (lambda: b"", "form"),
    "a text": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "form"),
    "a GIF": (lambda: file(Image.new("P", (9, 9)), "GIF"), "form"),
    "too large a file": (lambda: PLAIN + bytes(LARGEST_FILE), "big"),
    "a few too many pixels": (lambda: claiming(6000, MOST_PIXELS // 6000 + 1), "pixels"),
    "a bomb that Pillow warns of": (lambda: claiming(10_000, 10_000), "pixels"),
    "a bomb that Pillow refuses": (lambda: claiming(60_000, 60_000), "pixels"),
    "too thin": (lambda: file(Image.new("RGB", (10, 51))), "thin"),
    "too broad": (lambda: file(Image.new("RGB", (51, 10))), "thin"),
    "a JPEG cut off": (lambda: file(noise(200, 200))[:9000], "broken"),
    "a PNG cut off": (lambda: file(noise(200, 200), "PNG")[:9000], "broken"),
    "a PNG whose pixels are missing": (lambda: claiming(200, 200), "broken"),
    "a text that unpacks": (bloated, "broken"),
    "too much in it": (lambda: file(noise(1000, 1600), quality=90), "heavy"),
}


@pytest.mark.parametrize(("content", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_picture_for_a_letter_is_refused_and_said_why(content: Any, why: str) -> None:
    with pytest.raises(WrongFlyer) as refused:
        make(content())
    assert refused.value.why == why


def test_no_pixel_of_a_bomb_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image.Image, "draft", lambda *given: pytest.fail("it was begun to be read"))
    with pytest.raises(WrongFlyer):
        make(claiming(6000, MOST_PIXELS // 6000 + 1))


def test_it_is_turned_upright_and_what_a_camera_notes_is_gone() -> None:
    image = Image.new("RGB", (80, 40), "blue")
    image.paste("red", (0, 0, 40, 40))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "secret place"
    exif.get_ifd(0x8825).update({1: "N", 2: (35.0, 30.0, 0.0)})
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    sent = file(image, quality=95, exif=exif, comment=b"secret word", icc_profile=profile, xmp=b"secret hand")
    assert sent.count(b"secret") == 3
    made = make(sent)
    seen = opened(made.data)
    assert (made.width, made.height) == seen.size == (40, 80)
    top, bottom = seen.getpixel((20, 5)), seen.getpixel((20, 75))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[0] > 200 > 50 > top[2], "turned by 90 degrees to the right, its left is above"
    assert bottom[2] > 200 > 50 > bottom[0]
    assert not seen.getexif()
    assert "icc_profile" not in seen.info
    assert b"secret" not in made.data


def test_what_is_noted_in_a_png_is_gone_as_well() -> None:
    info = PngInfo()
    info.add_text("note", "secret word")
    made = make(file(Image.new("RGB", (20, 20)), "PNG", pnginfo=info, dpi=(72, 72)))
    assert made.media_type == "image/png"
    assert opened(made.data).info == {}


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_wide_picture_is_shrunk_and_a_small_one_left(kind: str) -> None:
    wide = make(file(Image.new("RGB", (4160, 2000), "green"), kind))
    assert (wide.width, wide.height) == opened(wide.data).size == (WIDEST, 500)
    assert wide.media_type == f"image/{kind.lower()}"
    small = make(file(Image.new("RGB", (300, 200), "green"), kind))
    assert (small.width, small.height) == (300, 200)


def test_a_photo_saved_as_png_becomes_a_jpeg_where_it_is_too_heavy_otherwise() -> None:
    sent = file(noise(700, 600), "PNG")
    assert len(sent) > LARGEST
    made = make(sent)
    assert made.media_type == "image/jpeg"
    assert len(made.data) <= LARGEST


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA"])
def test_pngs_of_every_kind_stand_on_white(mode: str) -> None:
    image = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    if mode in ("1", "L", "P"):
        image = Image.new("L", (20, 20), 255)
    made = make(file(image.convert(mode), "PNG"))
    assert opened(made.data).convert("RGB").getpixel((9, 9)) == (255, 255, 255)


@pytest.mark.parametrize(("mode", "profile"), [("CMYK", b""), ("L", b""), ("RGB", b"broken"), ("CMYK", b"broken")])
def test_jpegs_of_every_kind_become_colours_of_the_web(mode: str, profile: bytes) -> None:
    sent = file(Image.new("RGB", (20, 20), "white").convert(mode), icc_profile=profile)
    assert opened(make(sent).data).convert("RGB").getpixel((9, 9)) == (255, 255, 255)


def test_colours_are_those_that_its_profile_says() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # The exponent of its curve, 2.4 as a number of 16 and 16 bits, made 1: the middle is brighter so.
    brighter = profile.replace(b"\x00\x02\x66\x66", b"\x00\x01\x00\x00")
    grey = Image.new("RGB", (20, 20), (128, 128, 128))
    found = [opened(make(file(grey, quality=95, icc_profile=one)).data).getpixel((9, 9)) for one in (profile, brighter)]
    assert found == [(128, 128, 128), (192, 192, 192)]


# ---------------------------------------------------------------- letters


def test_a_letter_with_a_picture_of_the_agencys_is_the_same_for_all() -> None:
    assert not personal(Letter("こんにちは。", picture=MADE.media_type, alt=ALT))
    assert personal(Letter("こんにちは。", picture=SHARE))
    assert personal(Letter('{{ step or "まず" }}', picture="token", alt=ALT))


def test_letters_are_kept_with_their_pictures() -> None:
    steps = (Step(0, {"a": Letter("一", (("見る", "menu"),), "token", ALT), "b": Letter("二", (), SHARE)}),)
    assert steps_from(steps_to(steps)) == steps
    older = steps_to(steps)
    del older[0]["letters"]["b"]["alt"]
    assert steps_from(older) == steps


def test_a_picture_without_words_for_it_is_wrong() -> None:
    plan = rules.Plan("絵", steps=(Step(0, {"a": Letter("こんにちは。", picture="token")}),))
    assert rules.wrong(plan, CONTENT)["alt-0-a"].why == "missing"
    long = replace(plan, steps=(Step(0, {"a": Letter("こんにちは。", picture="token", alt="字" * 101)}),))
    assert rules.wrong(long, CONTENT)["alt-0-a"].why == "long"


# ---------------------------------------------------------------- how it is sent


def pictured(out: Round, text: str) -> int:
    """A campaign whose letter has the picture."""
    id = out.campaign(Step(0, {"a": Letter(text, picture=flyers.token_of(MADE.data), alt=ALT)}))
    with out.database.writing() as connection:
        flyers.add(connection, id, MADE.data, MADE.media_type, (60, 40), ALT, NOW)
    return id


@pytest.mark.parametrize(("text", "letters"), [("L1", 1), ('L{{ industry or "1" }}', 3)], ids=["equal", "personal"])
def test_a_letter_is_one_row_picture_first_and_one_for_many_where_it_is_equal(
    database_url: str, text: str, letters: int
) -> None:
    with closing(Round(database_url)) as out:
        people = [f"line:{n}" for n in range(3)]
        out.want(*people)
        pictured(out, text)
        out.run()
        sent = [row for row in rows(out.database, outbox) if row["campaign_id"]]
        assert len(sent) == letters
        assert all(row["state"] == "sent" for row in sent)
        for row in sent:
            picture, words = map(from_json, row["messages"])
            assert picture == Message(picture=Picture(FLYER, flyers.token_of(MADE.data), ALT))
            assert words.text == "L1"
            assert [button.label for button in words.buttons] == ["配信停止"]
        (crowd, *_) = [to.crowd for part, to in out.platforms["line"].taken if to.crowd] or [()]
        assert len(crowd) == (3 if letters == 1 else 0)


def test_on_line_it_is_one_multicast_of_two_messages_and_on_telegram_a_photo(
    database_url: str, stand_in: StandIn
) -> None:
    settings = settings_for(SITE, **stand_in.settings())
    with closing(Round(database_url)) as out:
        out.want("line:one")
        id = pictured(out, "L1")
        out.prepare()
        (row,) = [row for row in rows(out.database, outbox) if row["campaign_id"] == id]
        messages = [from_json(message) for message in row["messages"]]
        links = Links(SECRET)
        shown = Pictures(out.database, Drawing(CONTENT), links, SITE)

        async def send() -> None:
            line = Line(settings, SITE, shown, CONTENT.phrases)
            await line.start()
            for part in line.render(messages, ""):
                await line.send(part, Sending("crowd", uuid.uuid4(), crowd=("U" + "1" * 32, "U" + "2" * 32)))
            await line.stop()
            telegram = Telegram(settings, SITE, shown, CONTENT.phrases)
            await telegram.start()
            for part in telegram.render(messages, ""):
                await telegram.send(part, Sending("5000000001", uuid.uuid4()))
            await telegram.stop()

        asyncio.run(send())
    assert stand_in.violations() == []
    called = [(call["platform"], call["method"].split("/")[-1]) for call in stand_in.calls]
    assert called == [("line", "multicast"), ("telegram", "sendPhoto"), ("telegram", "sendMessage")]
    picture, words = stand_in.calls[0]["body"]["messages"]
    assert (picture["type"], words["type"]) == ("image", "flex")
    address = picture["originalContentUrl"]
    assert address == picture["previewImageUrl"]
    assert links.read_picture(address.removeprefix(f"{SITE}/p/")) == (flyers.token_of(MADE.data), FLYER)


# ---------------------------------------------------------------- at the desk


class Desk:
    """The desk as somebody uses it in a browser."""

    def __init__(self, database: Database, browser: TestClient) -> None:
        self.database = database
        self.browser = browser

    def become(self, member: Member) -> None:
        sign_in(self.database, self.browser, member)

    def get(self, path: str) -> Response:
        return self.browser.get(f"/desk/campaigns{path}")

    def post(self, path: str, form: dict[str, Any]) -> Response:
        return self.browser.post(f"/desk/campaigns{path}", data=form, headers=OURS)

    def upload(self, one: Campaign, content: bytes = PLAIN, alt: str = ALT, **form: Any) -> Response:
        """Put a picture in, with all of the form as it is or as it is given."""
        whole = form_of(one) | form | {"alt": alt}
        files = {"file": ("a.jpg", content, "image/jpeg")}
        return self.browser.post(f"/desk/campaigns/{one.id}/flyers", data=whole, files=files, headers=OURS)

    @property
    def pictures(self) -> Pictures:
        found: Pictures = self.browser.app.state.parts.pictures  # type: ignore[attr-defined]
        return found

    def now(self, one: Campaign) -> Campaign:
        with self.database.reading() as connection:
            return campaigns.get(connection, one.id)


@pytest.fixture
def desk(database: Database, database_url: str, people: Two) -> Iterator[Desk]:
    app = make_app(Database(database_url), CONTENT, settings_for("http://testserver"), lambda: NOW)
    with TestClient(app, follow_redirects=False) as browser:
        desk = Desk(database, browser)
        desk.become(people.officer)
        yield desk


TOKEN = flyers.token_of(MADE.data)
EQUAL = rules.Plan("絵つき", steps=(Step(0, {"a": Letter("こんにちは。")}), Step(3, {"a": Letter("もう一度。")})))


def acts(database: Database) -> list[str]:
    return [row["act"] for row in rows(database, audit)]


def attached(desk: Desk, one: Campaign) -> Campaign:
    """The campaign with its picture on the first letter, saved."""
    assert desk.upload(one).status_code == 200
    form = form_of(desk.now(one)) | {"picture-0-a": TOKEN}
    assert desk.post(f"/{one.id}/edit", form).status_code == 303
    return desk.now(one)


def test_a_picture_is_put_in_chosen_kept_and_seen(desk: Desk, database: Database, people: Two) -> None:
    one = draft(database, people.officer, EQUAL)
    answer = desk.upload(one, PLAIN, ALT, **{"text-0-a": "書きかけの文", "name": "書きかけの名前"})
    assert answer.status_code == 200
    assert "画像を入れました" in answer.text
    assert "書きかけの文" in answer.text, "nothing that is typed is lost"
    assert "書きかけの名前" in answer.text
    assert f'<option value="{TOKEN}">{ALT}</option>' in answer.text
    assert desk.now(one).name == "絵つき", "nothing is saved by it"
    seen = desk.get(f"/{one.id}/flyers/{TOKEN}")
    assert (seen.content, seen.headers["content-type"]) == (MADE.data, "image/jpeg")
    letters = [step.letters["a"] for step in attached(desk, one).steps]
    assert [(letter.picture, letter.alt) for letter in letters] == [(TOKEN, ALT), ("", "")]
    for page in (f"/{one.id}", f"/{one.id}/preview"):
        text = desk.get(page).text
        assert f'src="/desk/campaigns/{one.id}/flyers/{TOKEN}" alt="{ALT}"' in text
        assert "診断の結果の絵" not in text
    assert f'<option value="{TOKEN}" selected>' in desk.get(f"/{one.id}/edit").text
    assert acts(database) == ["campaign.flyer", "campaign.flyer", "campaign.change"]
    assert len(rows(database, flyer)) == 1, "the same again is the same"


def test_what_can_t_be_taken_is_said_beside_its_field_and_nothing_is_kept(
    desk: Desk, database: Database, people: Two
) -> None:
    one = draft(database, people.officer, EQUAL)
    for content, alt, said in (
        (b"GIF89a", ALT, "JPEGかPNGの画像を選んでください"),
        (b"", ALT, "ここが空いています"),
        (PLAIN, "", "ここが空いています"),
        (PLAIN, "字" * 101, "100字までにしてください"),
        (PLAIN[:300], ALT, "壊れています"),
        (claiming(9000, 9000), ALT, "縦と横が大きすぎます"),
        (PLAIN + bytes(LARGEST_FILE), ALT, "5MBまで"),
    ):
        answer = desk.upload(one, content, alt, name="書きかけの名前")
        assert answer.status_code == 422
        assert said in answer.text
        assert "書きかけの名前" in answer.text
    assert rows(database, flyer) == []
    assert acts(database) == []


def test_only_so_many_pictures_are_kept(desk: Desk, database: Database, people: Two) -> None:
    one = draft(database, people.officer, EQUAL)
    with database.writing() as connection:
        for n in range(12):
            flyers.add(connection, one.id, bytes([n]), "image/png", (1, 1), ALT, NOW)
    answer = desk.upload(one)
    assert answer.status_code == 422
    assert "画像は12枚まで" in answer.text


def test_only_its_form_may_be_so_large(desk: Desk, database: Database, people: Two) -> None:
    one = draft(database, people.officer, EQUAL)
    assert desk.upload(one, bytes(LARGEST_BODY)).status_code == 422
    assert desk.upload(one, bytes(LARGEST_UPLOAD)).status_code == 413
    large = {"file": ("a", bytes(LARGEST_BODY))}
    assert desk.browser.post(f"/desk/campaigns/{one.id}/edit", files=large, headers=OURS).status_code == 413


def test_a_file_that_was_chosen_and_not_put_in_is_not_lost_unsaid(desk: Desk, database: Database, people: Two) -> None:
    one = draft(database, people.officer, EQUAL)
    answer = desk.post(f"/{one.id}/edit", form_of(one) | {"file": "flyer.png", "alt": ALT})
    assert answer.status_code == 422
    assert "まだ入っていません" in answer.text
    assert f'name="alt" maxlength="100" value="{ALT}"' in answer.text


def test_a_picture_is_taken_away_from_the_letters_that_have_it(desk: Desk, database: Database, people: Two) -> None:
    one = attached(desk, draft(database, people.officer, EQUAL))
    with database.writing() as connection:
        rules.approve(connection, one, people.admin, NOW)
    one = desk.now(one)
    assert one.approved_by == people.admin.id
    answer = desk.post(f"/{one.id}/flyers/drop", form_of(one) | {"do": TOKEN, "text-1-a": "書きかけ"})
    assert answer.status_code == 200
    assert "書きかけ" in answer.text
    assert "画像を消しました" in answer.text
    assert desk.now(one).steps[0].letters["a"] == Letter("こんにちは。")
    assert desk.now(one).approved_by is None, "what was approved is no more"
    assert desk.get(f"/{one.id}/flyers/{TOKEN}").status_code == 404
    changed = re.search('name="changed" value="([^"]+)"', answer.text)
    assert changed
    saved = desk.post(f"/{one.id}/edit", form_of(one) | {"changed": changed[1], "picture-0-a": TOKEN})
    assert saved.status_code == 303
    assert desk.now(one).steps[0].letters["a"].picture == "", "what is not there is not chosen"


def test_what_has_begun_takes_and_loses_no_picture(desk: Desk, database: Database, people: Two) -> None:
    one = attached(desk, draft(database, people.officer, EQUAL))
    with database.writing() as connection:
        rules.turn(connection, one, "start", NOW)
    form = form_of(one)
    assert desk.upload(one, file(Image.new("RGB", (9, 9)))).status_code == 409
    assert desk.post(f"/{one.id}/flyers/drop", form | {"do": TOKEN}).status_code == 409
    assert [row["token"] for row in rows(database, flyer)] == [TOKEN]


def test_another_agency_finds_nothing_there(desk: Desk, database: Database, people: Two) -> None:
    one = attached(desk, draft(database, people.officer, EQUAL))
    desk.become(people.other_admin)
    assert desk.get(f"/{one.id}/flyers/{TOKEN}").status_code == 404
    assert desk.upload(one).status_code == 404
    assert desk.post(f"/{one.id}/flyers/drop", form_of(one) | {"do": TOKEN}).status_code == 404
    theirs = draft(database, people.other_admin, EQUAL)
    assert desk.get(f"/{theirs.id}/flyers/{TOKEN}").status_code == 404, "nor by the address of one of theirs"
    desk.post(f"/{theirs.id}/edit", form_of(theirs) | {"picture-0-a": TOKEN})
    assert desk.now(theirs).steps[0].letters["a"].picture == ""
    desk.browser.cookies.clear()
    assert desk.get(f"/{one.id}/flyers/{TOKEN}").status_code == 303


def test_the_public_address_works_as_it_was_signed_and_as_long_as_the_campaign_is_there(
    desk: Desk, database: Database, people: Two
) -> None:
    one = attached(desk, draft(database, people.officer, EQUAL))
    seen = desk.pictures.seen(Message(picture=Picture(FLYER, TOKEN, ALT)))
    (html,) = re.findall("<img [^>]*>", pages.fragment(pages.Entry(1, messages=(seen,))))
    assert f'alt="{ALT}"' in html
    (path,) = re.findall('src="([^"]+)"', html)
    desk.browser.cookies.clear()
    found = desk.browser.get(path)
    assert (found.status_code, found.content, found.headers["content-type"]) == (200, MADE.data, "image/jpeg")
    assert found.headers["x-content-type-options"] == "nosniff"
    assert desk.browser.get(f"/p/{TOKEN}").status_code == 410
    assert desk.browser.get(f"{path[:-1]}{'A' if path[-1] != 'A' else 'B'}x").status_code == 410
    assert desk.browser.get(f"/r/{TOKEN}/{FLYER}.png").status_code == 404
    desk.become(people.officer)
    assert desk.post(f"/{one.id}/drop", {}).status_code == 303
    assert rows(database, flyer) == []
    assert desk.browser.get(path).status_code == 404


def test_a_trial_brings_the_picture(desk: Desk, database: Database, people: Two) -> None:
    one = attached(desk, draft(database, people.officer, EQUAL))
    with database.writing() as connection:
        contacts.add(connection, people.officer.owner_id, "telegram", "bot", "me", NOW)
    assert desk.post(f"/{one.id}/test", {"step": "0", "variant": "a"}).status_code == 303
    intake = desk.browser.app.state.parts.intake  # type: ignore[attr-defined]
    (taken,) = timing.fire(intake, intake.clock)
    trial, picture, words = taken.messages
    assert "結果の絵" not in trial.text
    assert picture.picture == Picture(FLYER, TOKEN, ALT)
    assert words.text == "こんにちは。"


def test_where_its_campaign_is_gone_telegram_gets_the_words(desk: Desk) -> None:
    assert asyncio.run(desk.pictures.file(Picture(FLYER, TOKEN, ALT))) is None


def test_each_campaign_has_its_own_though_they_be_the_same(database: Database, people: Two) -> None:
    one, other = (draft(database, people.officer, EQUAL) for _ in range(2))
    with database.writing() as connection:
        for campaign, alt in ((one, "一"), (other, "二"), (one, "三")):
            flyers.add(connection, campaign.id, MADE.data, MADE.media_type, (60, 40), alt, NOW)
        assert [found.alt for found in flyers.of_campaign(connection, one.id)] == ["三"]
        assert [found.alt for found in flyers.of_campaign(connection, other.id)] == ["二"]
        campaigns.forget(connection, one.id)
        assert flyers.of_campaign(connection, one.id) == []
        assert flyers.data(connection, TOKEN) == (MADE.data, MADE.media_type)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_in_a_browser_without_script_nothing_that_is_typed_is_lost(
    browser: Browser, database: Database, database_url: str, people: Two
) -> None:
    one = draft(database, people.officer, EQUAL)
    window = browser.new_context(viewport={"width": 360, "height": 800}, locale="ja-JP", java_script_enabled=False)
    with serving(database_url) as address:
        sign_in_window(window, database_url, address, people.officer)
        page = window.new_page()
        page.goto(f"{address}/desk/campaigns/{one.id}/edit")
        page.get_by_label("お知らせの名前").fill("書きかけの名前")
        page.get_by_label("画像のファイル").set_input_files(
            {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": PLAIN}
        )
        page.get_by_label("画像の説明").fill(ALT)
        page.get_by_role("button", name="この画像を入れる").click()
        assert page.get_by_label("お知らせの名前").input_value() == "書きかけの名前"
        page.get_by_label("つける画像").first.select_option(ALT)
        page.get_by_role("button", name="下書きを保存する").first.click()
        assert page.get_by_role("img", name=ALT).is_visible()
        assert page.get_by_role("heading", name="書きかけの名前").is_visible()
    window.close()
