"""Whole conversations as plain text, replayed over the real path and compared to the letter.

A transcript is a title, a line on what it shows, and then what is said. The runner takes the owner's lines and the
events between them, and writes all the rest itself:

    あなた: [ラベル]            a tap; several one after another show the last answer only
    あなた: (2つ前の)[ラベル]   a tap on a button shown two steps before the latest
    あなた: 「言葉」            a typed text (⏎ for a new line, ␀ and ␉ for control characters, ×1000 for a long one)
    あなた: 「<合言葉>」         the code that was said last, which is another each time
    あなた: (スタンプ)          what is no text
    ―― 何かが起きる ――       an event of EVENTS, or of TIMES and OTHERS with what they name

Others have a part in it as well (PEOPLE): their lines begin with 「専門家: 」 and the like, and what the bot tells them
with 「伴走→専門家: 」. Whatever timers have to tell at a step stands below it.

After a change of the words: pytest tests/test_transcripts.py --write-transcripts, and read the difference.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from bot.booked import Operator
from bot.house import Desk
from bot.turn import Event, take
from dialogs.content import packaged
from dialogs.events import Filled, Invited, Left
from dialogs.letters import Letter, Step
from dialogs.messages import Button, Message
from scheduler.days import JAPAN
from scheduler.desk import HOURS, hours
from scheduler.experts import Profile, Weekly, starts
from scoring.questionnaire import Question, Questionnaire
from storage import bookings, campaigns, experts, outreach, owners
from storage.schema import recipient, sending
from tests import agencies
from tests.talk import CODE, Talk

FOLDER = Path(__file__).with_name("transcripts")
OWNER, BOT, EVENT = "あなた: ", "伴走: ", "―― "
INDENT = "　　　"
KINDS = {
    "スタンプ": "sticker",
    "写真": "picture",
    "音声": "voice",
    "ファイル": "file",
    "送ったあとに直した文": "edited",
    "遅れて届いた文": "late",
}
# Who else talks with the bot, and where.
PEOPLE = {"専門家": "expert", "別の専門家": "expert-2", "同席者": "officer", "窓口": "desk", "職員": "member"}
STRANGER = "other"
OTHER = re.compile(rf"({'|'.join(PEOPLE)}): (.*)")
# What is random in the address of a page is named.
PAGES = {
    "/r/.*": "<結果のページ>",
    "/me/.*": "<保存した内容>",
    "/link/.*": "<つなぎ方>",
    r"/[bx]/.*\.ics": "<カレンダー>",
    "/b/[^/]*": "<相談のページ>",
    "/x/[^/]*": "<専門家のページ>",
    "/x/[^/]*/[^/]*": "<相談の内容>",
}
CONTROLS = str.maketrans({"␀": "\0", "␉": "\t", "⏎": "\n"})


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_transcript(path: Path, database_url: str, request: pytest.FixtureRequest) -> None:
    """The conversation goes as written."""
    written = path.read_text(encoding="utf-8")
    played = play(written, database_url)
    if request.config.getoption("write_transcripts") and database_url.startswith("sqlite"):
        path.write_text(played, encoding="utf-8")
        return
    assert played == written


def test_every_event_is_told_somewhere() -> None:
    """The lists of events hold nothing that no transcript uses."""
    told = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.txt"))
    assert [name for name in EVENTS if f"―― {name} ――" not in told] == []
    assert [found.pattern for found in (*TIMES, *OTHERS) if not re.search(f"―― {found.pattern} ――", told)] == []


# ---------------------------------------------------------------- playing


def play(written: str, url: str) -> str:
    """The transcript with the bot's lines as the bot says them now."""
    title, shows, *lines = written.splitlines()
    talk = Talk(url)
    played = [title, shows]
    for n, line in enumerate(lines, 3):
        if not line.startswith((OWNER, EVENT)) and not OTHER.fullmatch(line):
            continue
        try:
            said = step(talk, line)
            told = talk.fire()
        except LookupError as error:
            error.add_note(f"line {n}: {line}")
            raise
        played += ["", line, *said, *(bubbles for address, messages in told for bubbles in answer(messages, address))]
    talk.close()
    return "\n".join(played) + "\n"


def step(talk: Talk, line: str) -> list[str]:
    """Do what a line says; gives what is answered to it, and what falls due meanwhile."""
    other = OTHER.fullmatch(line)
    if other:
        before = talk.address
        talk.go_to(talk.thread() if other[1] == "窓口" else PEOPLE[other[1]])
        said = answer(owner(talk, other[2]), talk.address)
        talk.go_to(before)
        return said
    if line.startswith(OWNER):
        return answer(owner(talk, line.removeprefix(OWNER)))
    name = line.strip("― ")
    for pattern, passes in TIMES.items():
        if found := pattern.fullmatch(name):
            told = passes(talk, *found.groups())
            return [bubbles for address, messages in told for bubbles in answer(messages, address)]
    for pattern, happens in OTHERS.items():
        if found := pattern.fullmatch(name):
            happens(talk, *found.groups())
            return []
    return answer(EVENTS[name](talk))


def owner(talk: Talk, line: str) -> tuple[Message, ...]:
    """Do what a person's line says; gives the last answer."""
    typed = re.fullmatch(r"「(.*)」(?:×(\d+))?", line)
    if typed:
        text = talk.code() if typed[1] == "<合言葉>" else typed[1]
        return talk.say(text.translate(CONTROLS) * int(typed[2] or 1))
    sent = re.fullmatch(r"\((\w+)\)", line)
    if sent:
        return talk.send(KINDS[sent[1]])
    taps = re.fullmatch(r"(?:\((\d+)つ前の\))?((?:\[[^\]]+\])+)", line)
    if not taps:
        raise ValueError(f"not an owner's line: {line}")
    for label in re.findall(r"\[([^\]]+)\]", taps[2]):
        talk.tap_old(label, int(taps[1] or 0))
    return talk.shown()


def answer(messages: tuple[Message, ...], address: str = "") -> list[str]:
    """The bot's messages as lines; of others than the owner it is said to whom."""
    places = {place: f"伴走→{name}: " for name, place in PEOPLE.items()}
    to = "伴走→ほかの人: " if address.startswith(STRANGER) else places.get(address.partition(":")[0], BOT)
    return [line for message in messages for line in bubble(message, to)]


def bubble(message: Message, to: str) -> list[str]:
    """One message as lines."""
    lines = CODE.sub("<合言葉>", message.text).splitlines()
    if message.picture:
        lines.append(f"(図:{message.picture.alt})")
    lines += choices(message)
    left = {None: "", 0: "(最後の質問)"}.get(message.left, f"(あと{message.left}問)")
    lines.append(" ".join([left, *map(button, message.side)]).strip())
    first, *rest = [line for n, line in enumerate(lines) if line or n < len(message.text.splitlines())]
    return [to + first, *(f"{INDENT}{line}".rstrip() for line in rest)]


def choices(message: Message) -> list[str]:
    """The buttons of a message: those with a hint on lines of their own, the others by group."""
    lines: list[str] = []
    group: str | None = None
    for one in message.buttons:
        if one.hint:
            heading = [f"({one.group})"] if one.group and one.group != group else []
            lines += [*heading, f"{button(one)} {one.hint}"]
        elif lines and one.group == group:
            lines[-1] += f" {button(one)}"
        else:
            lines.append(f"({one.group}) {button(one)}" if one.group else button(one))
        group = one.group
    ends = [button(one) for one in (message.done, message.none) if one]
    return [*lines, " ".join(ends)] if ends else lines


def button(one: Button) -> str:
    """A button as it stands in a transcript; what is random in its address is named."""
    address = next((name for path, name in PAGES.items() if re.fullmatch(path, one.url)), one.url)
    return f"[{'✓' if one.picked else ''}{one.label}{f' → {address}' if address else ''}]"


# ---------------------------------------------------------------- what may happen


def tell(change: Callable[[Questionnaire], Questionnaire]) -> Callable[[Talk], tuple[Message, ...]]:
    """An event: the questionnaire changes while the owner is under way."""

    def event(talk: Talk) -> tuple[Message, ...]:
        talk.with_content(replace(talk.content, questionnaire=change(talk.content.questionnaire)))
        return ()

    return event


def with_question(questionnaire: Questionnaire, question: Question) -> Questionnaire:
    """The questionnaire with one question put in place of that of the same id."""
    return replace(questionnaire, questions=questionnaire.questions | {question.id: question})


def without_choice(questionnaire: Questionnaire, id: str, label: str) -> Questionnaire:
    """The questionnaire with one choice less."""
    question = questionnaire.questions[id]
    kept = tuple(choice for choice in question.choices if choice.label != label)
    assert len(kept) < len(question.choices)
    return with_question(questionnaire, replace(question, choices=kept))


def with_item(questionnaire: Questionnaire) -> Questionnaire:
    """The questionnaire with one more item of Q4 in the short form, before all others."""
    first = questionnaire.items[0]
    item = replace(first, id="phone")
    question = replace(
        questionnaire.questions[first.question],
        id=item.question,
        title="スマホの活用",
        text="仕事の連絡に、スマホを使っていますか。",
    )
    return with_question(replace(questionnaire, items=(item, *questionnaire.items)), question)


def without_item(questionnaire: Questionnaire, id: str) -> Questionnaire:
    """The questionnaire with one item of Q4 less."""
    items = tuple(item for item in questionnaire.items if item.id != id)
    questions = {key: question for key, question in questionnaire.questions.items() if key != f"q4.{id}"}
    return replace(questionnaire, items=items, questions=questions)


def moved(talk: Talk, name: str | None, *at: str) -> None:
    """An operator moves the latest booking, to another expert where one is named."""
    time = (moment(*at) + timedelta(hours=9)).strftime("%Y-%m-%d %H:%M")
    with talk.database.writing() as connection:
        operator = Operator(connection, talk.content, talk.house, talk.now)
        operator.move(bookings.all_of(connection)[0].token, time, {"田中": "田中 一郎"}[name] if name else "")


def withdrawn(talk: Talk) -> None:
    """An operator cancels the latest booking."""
    with talk.database.writing() as connection:
        Operator(connection, talk.content, talk.house, talk.now).cancel(bookings.all_of(connection)[0].token)


def recorded(talk: Talk, again: str | None) -> None:
    """The expert writes of the latest meeting on their page, or writes it anew."""
    here = talk.address
    with talk.database.reading() as connection:
        token = bookings.all_of(connection)[0].token
    actions = [
        {"text": "会計ソフトを無料で試す", "day": "2026-12-11" if again else "2026-12-10"},
        {"text": "請求書の枚数を1か月数える", "day": ""},
    ]
    texts = {"situation": "請求書は手書き。月に40枚。", "support": "会計ソフトを3つ比べ、無料で試せるものから始める。"}
    talk.go_to("expert")
    talk.do(Filled("record", texts | {"argument": token, "handover": "yorozu", "actions": actions}))
    talk.go_to(here)


def silently(talk: Talk, *steps: Callable[[], object]) -> tuple[Message, ...]:
    """Several things that show nothing."""
    for step in steps:
        step()
    return ()


def gone_to(talk: Talk, app: str) -> Talk:
    """The talk, in another app."""
    talk.go_to(app)
    return talk


# ---------------------------------------------------------------- experts and time

OFFICE = tuple(Weekly(day, time(9), time(17)) for day in range(5))
PLACE, MEETING = "東京都千代田区神田1-2-3 神田ビル5階", "https://meet.example/yamada"
YAMADA = Profile(
    weekly=OFFICE, topics=("management", "it"), ways=("phone", "web", "visit"), place=PLACE, meeting=MEETING
)
TANAKA = Profile(weekly=OFFICE, topics=("it",), per_day=2)
SUZUKI = Profile(weekly=OFFICE, ways=("phone", "web", "visit"), place=PLACE, meeting=MEETING, asks=False)
BERLIN = Profile(zone="Europe/Berlin", weekly=OFFICE, notice=0)


def staffed(talk: Talk) -> None:
    """People of the agency can be spoken to in the chat."""
    talk.house = replace(talk.house, desk=Desk("みなと商工会議所", "desk", hours(HOURS), "test", "chat"))


def registered(name: str, profile: Profile, address: str) -> Callable[[Talk], tuple[Message, ...]]:
    """An event: somebody begins to be booked."""
    return lambda talk: silently(talk, lambda: talk.expert(name, profile, address))


def moment(month: str, day: str, hour: str, minute: str | None = None) -> datetime:
    """A moment by Japan's clock (UTC without zone); transcripts begin in December 2026."""
    year = 2026 if month == "12" else 2027
    there = datetime(year, int(month), int(day), int(hour), int(minute or 0), tzinfo=JAPAN)
    return there.astimezone(UTC).replace(tzinfo=None)


def taken(talk: Talk, *at: str) -> None:
    """Somebody else takes a time with every expert who has it."""
    take_all(talk, [moment(*at)])


def full(talk: Talk, month: str, day: str) -> None:
    """Others take all times of a day."""
    begins = moment(month, day, "0")
    take_all(talk, [begins + timedelta(minutes=30 * n) for n in range(48)])


def take_all(talk: Talk, times: Iterable[datetime]) -> None:
    """Somebody else books each of these times, with every expert who is free then."""
    with talk.database.writing() as connection:
        for n, at in enumerate(times):
            other = owners.lock(connection, "test", "chat", f"{STRANGER}-{n}", "", talk.now)
            for expert in experts.all_of(connection):
                held = experts.held(connection, [expert.id], talk.now)[expert.id]
                if at in starts(expert.profile, held.cells, held.days, (), talk.now):
                    one = bookings.hold(connection, other.id, expert, at, "it", "web", talk.now)
                    assert one
                    bookings.change(connection, one, "book", talk.now)


def stopped(talk: Talk, *at: str) -> list[tuple[str, tuple[Message, ...]]]:
    """Time passes while nothing runs."""
    talk.now = moment(*at)
    talk.restart()
    return []


def written_to(talk: Talk) -> None:
    """A campaign of one letter to everybody who wants news."""
    text = "年末調整の前に、「{{ step or '1分でざっくり診断' }}」から始めませんか。"
    steps = (Step(0, {"a": Letter(text, (("一歩を見る", "steps"),))}),)
    agencies.found(talk)
    with talk.database.writing() as connection:
        agency = agencies.officer(connection, agencies.MINATO).agency_id
        made = campaigns.add(connection, agency, None, "年末", talk.now, everybody=True, steps=steps)
        campaigns.turn(connection, made.id, "ready", talk.now)
        campaigns.turn(connection, made.id, "sending", talk.now, frozen_at=talk.now)
        campaigns.freeze(connection, made, ["test"], talk.now)
        for ready in outreach.due(connection, made.id, "test", talk.now, 10):
            outreach.wake(connection, made.id, 0, [ready.owner_id], talk.now)


def forgotten(talk: Talk) -> None:
    """What was kept of campaigns goes when it is kept no longer."""
    with talk.database.writing() as connection:
        connection.execute(delete(sending))
        connection.execute(delete(recipient))


def blocked(talk: Talk) -> None:
    """The owner blocks the bot; nobody is there to be told anything."""
    with talk.database.writing() as connection:
        gone = Event(f"left-{talk.now}", "test", "chat", talk.address, Left())
        take(connection, talk.content, gone, talk.now, talk.house)


SPANS = {"分": timedelta(minutes=1), "時間": timedelta(hours=1), "日": timedelta(days=1)}
AT = r"(\d+)月(\d+)日\(.\) (\d+)時(?:(\d+)分)?"
TIMES: dict[re.Pattern[str], Callable[..., list[tuple[str, tuple[Message, ...]]]]] = {
    re.compile(rf"{AT}になる"): lambda talk, *at: talk.pass_time(moment(*at)),
    re.compile(rf"止まっているあいだに、{AT}になる"): stopped,
    re.compile(r"(\d+)(分|時間|日)たつ"): lambda talk, n, unit: talk.pass_time(talk.now + int(n) * SPANS[unit]),
}
AGENCIES = f"{agencies.MINATO}|{agencies.UMIBE}"
OTHERS: dict[re.Pattern[str], Callable[..., None]] = {
    re.compile(rf"運営が、予約を(?:(田中)さんの)?{AT}に移す"): moved,
    re.compile("運営が、予約を取り消す"): withdrawn,
    re.compile(f"({AGENCIES})が、案内の合言葉を作る"): agencies.refers_to_desk,
    re.compile(f"({AGENCIES})が、体験会の合言葉を作る"): agencies.refers_to_event,
    re.compile(f"({AGENCIES})が、あなたへの招待を作る"): agencies.invites_owner,
    re.compile("専門家が、ページで記録を(?:書く|(直す))"): recorded,
    re.compile(rf"ほかの人が、{AT}を先に取る"): taken,
    re.compile(r"(\d+)月(\d+)日\(.\)が、すべて埋まる"): full,
}

EVENTS: dict[str, Callable[[Talk], tuple[Message, ...]]] = {
    "トークを開く": lambda talk: talk.open(),
    "同じ知らせが、もう一度届く": lambda talk: talk.again(),
    "再起動": lambda talk: silently(talk, talk.restart),
    "翌月、再起動のあと": lambda talk: silently(talk, lambda: talk.wait(days=30), talk.restart),
    "翌月": lambda talk: silently(talk, lambda: talk.wait(days=30)),
    "質問が1つ増えた": tell(with_item),
    "質問「社内の意見」がなくなった": tell(lambda q: without_item(q, "voices")),
    "質問「職場のネット環境」がなくなった": tell(lambda q: without_item(q, "net")),
    "選択肢「紙や口頭が中心」がなくなった": tell(lambda q: without_choice(q, "stage", "紙や口頭が中心")),
    "選択肢「財務の改善」がなくなった": tell(lambda q: without_choice(q, "picks", "財務の改善")),
    "結果のページで、結果を消す": lambda talk: talk.delete_result(),
    "もとの画面で": lambda talk: silently(talk, lambda: talk.go_to("owner")),
    "ほかのアプリで": lambda talk: silently(talk, lambda: talk.go_to("app")),
    "合言葉つきのリンクから、ほかのアプリを開く": lambda talk: gone_to(talk, "app").open(talk.code()),
    "グループに入れられる": lambda talk: gone_to(talk, "group").do(Invited()),
    "専門家の山田さんが登録される": registered("山田 花子", YAMADA, "expert"),
    "専門家の田中さんも登録される": registered("田中 一郎", TANAKA, "expert-2"),
    "すぐ決まる専門家の鈴木さんが登録される": registered("鈴木 次郎", SUZUKI, "expert"),
    "ベルリンの専門家の森さんが登録される": registered("森 さくら", BERLIN, "expert"),
    "専門家の山田さんが、連絡先のないまま登録される": registered("山田 花子", YAMADA, ""),
    "相談窓口の人と、チャットで話せる": lambda talk: silently(talk, lambda: staffed(talk)),
    "運営が、山田さんの合言葉を作る": lambda talk: silently(talk, lambda: talk.invite("expert:1")),
    "案内が、すべて終わる": lambda talk: silently(talk, lambda: agencies.ends(talk)),
    "職員の鈴木さんが、自分の合言葉を作る": lambda talk: silently(talk, lambda: agencies.connects(talk)),
    "職員の鈴木さんが、相談の予約をすすめる": lambda talk: silently(talk, lambda: agencies.asks(talk, "invite")),
    "職員の鈴木さんが、同席を願い出る": lambda talk: silently(talk, lambda: agencies.asks(talk, "join")),
    "お知らせが1通、送られる": lambda talk: silently(talk, lambda: written_to(talk)),
    "お知らせの記録が、期限で消える": lambda talk: silently(talk, lambda: forgotten(talk)),
    "ボットをブロックする": lambda talk: silently(talk, lambda: blocked(talk)),
    "もとの質問に戻った": lambda talk: silently(talk, lambda: talk.with_content(packaged())),
}
