"""Words for days and times of day, as owners write them.

A text is brought into one spelling and cut into tokens, each with what stands behind it: a limit (「以降」), a denial
(「は無理」). The tables say what words stand for; which days that makes, `wishes` reckons.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice

from scheduler.days import WEEKDAYS
from scheduler.holidays import NAMES, holiday, next_workday, workday
from scheduler.named import REIWA

# No wish has more tokens; what a longer text says after them is not read.
TOKENS = 24

# fmt: off
# Parts of the day in hours. Ours: as offices and shops speak of them, and no earlier or later than experts work.
PERIODS = {
    "午前": (0, 12), "朝": (8, 10), "昼前": (10, 12), "正午": (12, 13), "昼": (11, 14), "昼休み": (12, 13),
    "昼から": (12, 24), "昼以降": (12, 24), "昼過ぎ": (13, 15), "昼すぎ": (13, 15), "日中": (10, 16), "午後": (12, 18),
    "午後一": (13, 14), "午後いち": (13, 14), "夕方": (16, 19), "夜": (18, 21), "晩": (18, 21),
}
# How far ahead: in days, in weeks, and in months what is spelt as a month (2026年12月) or a year (2027年).
NEAR = {"今日": 0, "明日": 1, "明後日": 2, "明々後日": 3}
WEEK = {"先週": -1, "今週": 0, "来週": 1, "再来週": 2}
_MONTHS = {
    "先月": -1, "今月": 0, "来月": 1, "再来月": 2,
    "去年": -12, "昨年": -12, "今年": 0, "年内": 0, "来年": 12, "再来年": 24,
}
# Parts of a week and of a month, by their first sign (前半, 終わり). The halves of a week don't overlap.
PARTS = {
    "初": ("月火", 1, 5), "始": ("月火", 1, 5), "頭": ("月火", 1, 5), "前": ("月火水", 1, 15), "半": ("火水木", 11, 20),
    "中": ("火水木", 11, 20), "後": ("木金", 16, 31), "終": ("木金", 26, 31), "末": ("土日", 26, 31),
    "上": (WEEKDAYS, 1, 10), "下": (WEEKDAYS, 21, 31),
}
# Words that mean the same; those in kana count only where no other kana stand round them.
SAME = {
    "本日": "今日", "今晩": "今日の夜", "今夜": "今日の夜", "今朝": "今日の朝", "明朝": "明日の朝", "明晩": "明日の夜",
    "翌週": "来週", "次の週": "来週", "さ来": "再来", "翌月": "来月", "初旬": "上旬", "元旦": "元日", "終日": "",
    "正月明け": "年明け", "来年明け": "年明け", "来週明け": "週明け", "土日祝日": "土日と祝日", "土日祝": "土日と祝日",
    "一両日中": "1日後まで", "数日中": "5日後まで", "数日以内": "5日後まで",
}
KANA = {
    "きょう": "今日", "あした": "明日", "あす": "明日", "あさって": "明後日", "しあさって": "明々後日",
    "こんしゅう": "今週", "らいしゅう": "来週", "さらいしゅう": "再来週", "しゅうまつ": "週末", "しゅうあけ": "週明け",
    "こんげつ": "今月", "らいげつ": "来月", "さらいげつ": "再来月", "げつまつ": "月末", "はじめ": "初め",
    "ねんない": "年内", "ねんまつ": "年末", "ねんあけ": "年明け", "としあけ": "年明け", "へいじつ": "平日",
    "げつよう": "月曜", "かよう": "火曜", "すいよう": "水曜", "もくよう": "木曜", "きんよう": "金曜", "どよう": "土曜",
    "にちよう": "日曜", "どにち": "土日", "ごぜん": "午前", "ごご": "午後", "あさ": "朝", "ひる": "昼",
    "ゆうがた": "夕方", "よる": "夜",
}
# fmt: on
# Katakana are read as hiragana, and signs that look alike as one.
_ALIKE = {code: code - 0x60 for code in range(ord("ァ"), ord("ン") + 1)} | str.maketrans(
    "〜∼−–—―‐ヶヵケ\n", "~~-----かかか、"
)


def _named(name: str) -> Callable[[date, date], bool]:
    return lambda day, _: holiday(day) == name


# Days of a sort, and holidays by name: how far they go from the first, and which they are, seen from today.
SORTS: dict[str, tuple[int, Callable[[date, date], bool]]] = {
    "平日": (28, lambda day, _: workday(day)),
    "祝日": (60, lambda day, _: bool(holiday(day))),
    "週末": (2, lambda day, _: day.weekday() > 4),
    "週明け": (1, lambda day, today: day == next_workday(today + timedelta(7 - today.weekday()))),
    "連休明け": (1, lambda day, _: workday(day) and not any(workday(day - timedelta(n)) for n in (1, 2, 3))),
    "年末": (11, lambda day, _: day.month == 12 and day.day > 20),
    "年明け": (15, lambda day, _: day.month == 1 and day.day <= 15 and next_workday(day.replace(day=1)) <= day),
    **{name.translate(_ALIKE): (1, _named(name)) for name in NAMES},
}

# Kinds of token: times of day, and days of which a later token may name a part. Marks that make a limit of a token.
TIMES, SCOPES = ("clock", "period"), ("week", "month", "year")
LIMITS = ("from", "after", "until", "before")


def _any(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(sorted(words, key=len, reverse=True))})"


def _one_of(patterns: Mapping[str, str]) -> str:
    return "|".join(f"(?P<{name}>{pattern})" for name, pattern in patterns.items())


def _numeral(found: re.Match[str]) -> str:
    """十二 as 12, and 二〇二六 as 2026."""
    digits = str.maketrans("〇零一二三四五六七八九", "00123456789")
    tens, ten, ones = found[0].translate(digits).partition("十")
    return f"{tens or 1}{ones or 0}" if ten else tens


_NUMERAL, _TO, _WEEKDAY = "[〇零一二三四五六七八九十]", "(?:[・、,~-]|から?)", f"[{WEEKDAYS}]"
# Where weekdays may begin and end that have no 曜: not within another word (「毎月、水道」, 「お金と土地」).
_BEGINS, _ENDS = "(?:(?<![一-龠々0-9])|(?<=[分半]))(?!(?<=[ぁ-ん])日)", "(?:(?![一-龠々])|(?=[午朝昼夕夜以限希]))"
_KANA = f"(?:(?<![ぁ-ん])|(?<=[のはかとでもやお])){_any(KANA)}(?:(?![ぁ-ん])|(?=[のはかとでもやにまだがごいおよび]))"

# Many spellings made one, in this order: words, numerals, units, dates, times, and what lists and ranges leave out.
_SPELLINGS: list[tuple[str, str | Callable[[re.Match[str]], str]]] = [
    (r"(?<![0-9])\s+|\s+(?![0-9])", ""),  # 「12/3 15時」 keeps its space
    (_any(SAME), lambda found: SAME[found[0]]),
    (_KANA, lambda found: KANA[found[0]]),
    (r"(?<![0-9十])[1一]日中", ""),  # all day, but not 「21日中」
    (rf"{_NUMERAL}{{1,4}}(?=[年月日時分週]|か月|{_TO}{_NUMERAL})|(?<=第){_NUMERAL}", _numeral),
    (r"(?<=[0-9])じ", "時"),
    (r"(?<=[0-9])にち", "日"),
    (r"(?<=[0-9])がつ", "月"),
    (r"時はん", "時半"),
    (r"[0-9]、([0-9])日中", r"\1日後まで"),  # 「2、3日中」
    (r"([0-9](?:日|週間?|か月))以内", r"\1後まで"),
    (r"(?:令和|(?<![a-z])r)([0-9]{1,2})([年./-])", lambda found: f"{REIWA + int(found[1])}{found[2]}"),
    (r"(20[0-9]{2})[./-]([0-9]{1,2})[./-]([0-9]{1,2})日?", r"\1年\2月\3日"),
    # 「12/3」, but no rate (「補助率2/3」) and no part of a number.
    (r"(?<![0-9./率])(?<!率[はが])([0-9]{1,2})[./]([0-9]{1,2})日?(?![0-9./%割倍万億円])", r"\1月\2日"),
    (rf"(?<=[0-9]日)(?:\({_WEEKDAY}(?:曜日?)?\)|{_WEEKDAY}曜日?)", ""),  # of 「12/3(木)」 the date counts
    (r"([0-9]{1,2}):([0-9]{2})", r"\1時\2分"),
    (r"am(?=[0-9])", "午前"),
    (r"pm(?=[0-9])", "午後"),
    (r"(?<=[0-9時分半])ー", "-"),
    (rf"([0-9])(?=(?:{_TO}[0-9]{{1,2}}){{1,5}}(日|時)(?![後間前]))", r"\1\2"),  # 「3、4、5日」, 「10-12時」
    (r"(?<=日)([~・か-][0-9]{1,2})(?![0-9月日時年.:人名社分つ])", r"\1日"),  # 「12/3-5」
    (r"(?<![0-9時分半前後朝昼方夜])~([0-9]{1,2}時(?:半|[0-9]{2}分)?)", r"\1まで"),
    (rf"{_BEGINS}({_WEEKDAY})(?:から|[~-])({_WEEKDAY})(?:曜日?)?{_ENDS}", r"\1曜から\2曜"),  # 「月~金」
]

# What a token looks like, by its kind, and which words only begin like one (「2時間」, 「3月期」, 「年末調整」).
_KINDS = {
    "soon": "(?:早|はや)(?:く(?!ても|とも)|め(?!の時)|い(?!時間|もの))|なるはや|すぐ|至急|最短|直近|急ぎ|急いで"
    "|(?:いつ|何時|何日|何曜日?)でも",
    "clock": "(?:(?:午前|午後|朝|昼|夕方|夜|晩)の?)?(?<![0-9])[0-9]{1,2}時(?:半|[0-9]{2}分?|[0-9]分)?(?![間的期金])",
    "period": _any(PERIODS),
    "later": f"{_any(NEAR)}|(?<![0-9])[0-9]{{1,2}}(?:日|か月)後",
    "month": "(?<![0-9])(?:20[0-9]{2}年の?)?[0-9]{1,2}月(?![分期決])",
    "week": f"{_any(WEEK)}|(?<![0-9])[0-9]{{1,2}}週間?後",
    "sort": f"{_any(SORTS)}(?!調整)",
    "year": "20[0-9]{2}年(?!度)",
    "part": "月末|月初め?|月頭|月半ば|[上中下]旬|(?<=[週月のか])(?:前半|後半|[初始]め|頭|半ば|中頃|中ごろ|終わり|末)",
    "weekday": f"(?:第[1-5])?{_WEEKDAY}曜[日び]?|{_BEGINS}{_WEEKDAY}(?:[・、,/とか]?{_WEEKDAY})+(?:曜日?|{_ENDS})",
    "day": "(?<![0-9])[0-9]{1,2}日(?!間|前|目|分|ほど|も早|でも早)",
}
_ABOUT = "(?:ごろ|頃|くらい|ぐらい|前後|あたり)"
# What stands behind a token: a limit (of which "from" begins a range), or that another one comes beside it.
_MARKS = {
    "from": r"(?:から|[~-])、?\Z",
    "after": "から|~|以降|以後",
    "until": "まで|迄|以前",
    "before": "より前|より早|前",
    "or": "、?(?:か|または|もしくは)",
    "and": "[とやも・]",
    "comma": "、",
    "pause": "[はで]、",
    "next": r"\Z",
}
# Denials, but no suppositions (「無理なら」) …
_NO = (
    "(?:無理|むり|だめ|駄目|不可|ng|×|厳し|難し|忙し|出張|塞が|ふさが|埋ま|(?:では|じゃ)な|都合が?[悪わ]|都合がつ(?:か|きませ)"
    "|[予用][定事]が[あ入]|(?:行け|来れ|でき|出来|[空あ]いてい?)(?:な|ませ))"
    "(?!い?(?:なら|でし?たら|な?場合|の場合|だったら|であれば)|けれ)"
)
_DENIALS = {"but": "以外|除|避け|外し|(?:で|じゃ)なければ", "no": _NO}
_TOKEN = re.compile(_one_of(_KINDS))
_MARK = re.compile(f"(?:の?(?:{_ABOUT}|中|間)|いっぱい)*(?:{_one_of(_MARKS)})")
_DENIAL = re.compile(rf"(?:[^、。!?]|(?<=[はも])、){{0,14}}?(?:{_one_of(_DENIALS)})")
# … and none of everything else (「火曜しか無理」, 「火曜以外は無理」).
_ONLY = re.compile(rf"しか|(?:以外|(?:で|じゃ)な(?:いと|ければ|きゃ)).{{0,6}}?{_NO}")


@dataclass(frozen=True, slots=True)
class Token:
    """Words for days or times in the one spelling, by their kind of _KINDS, with what stands behind them.

    `mark` is one of _MARKS and `denied` one of _DENIALS, or "". `about` is whether 「ごろ」 stands
    there, and `every` whether the text means each week, as in 「毎週火曜」.
    """

    kind: str
    text: str
    mark: str = ""
    denied: str = ""
    about: bool = False
    every: bool = False

    @property
    def wanted(self) -> bool:
        """Whether this is wanted, and neither denied nor a limit."""
        return not self.denied and self.mark not in LIMITS

    @property
    def numbers(self) -> list[int]:
        """The numbers in the words, of 12時30分 both."""
        return [int(number) for number in re.findall("[0-9]+", self.text)]


def read(text: str, today: date) -> list[Token]:
    """The tokens of a text that is written on this day."""
    spelt = _spell(text, today)
    every = bool(re.search("毎週|いつでも|しか|のみ", spelt))
    found = list(islice(_TOKEN.finditer(spelt), TOKENS))
    ends = [*(one.start() for one in found), len(spelt)][1:]
    return _spread([_token(one, spelt[one.end() : end], every) for one, end in zip(found, ends, strict=True)])


def _spell(text: str, today: date) -> str:
    spelt = unicodedata.normalize("NFKC", re.sub("[①-⑳]", "、", text)).casefold().translate(_ALIKE)
    for pattern, written in _SPELLINGS:
        spelt = re.sub(pattern, written, spelt)
    return re.sub(_any(_MONTHS), lambda found: _absolute(found[0], today), spelt)


def _absolute(word: str, today: date) -> str:
    """来年 as 2027年, and 来月 as 2026年12月."""
    year, month = divmod(today.year * 12 + today.month - 1 + _MONTHS[word], 12)
    return f"{year}年{month + 1}月" if "月" in word else f"{year}年"


def _token(found: re.Match[str], behind: str, every: bool) -> Token:
    denied = None if _ONLY.match(behind) else _DENIAL.match(behind)
    kind, mark, denial = ((match and match.lastgroup) or "" for match in (found, _MARK.match(behind), denied))
    return Token(kind, found[0], mark, denial, bool(re.match(_ABOUT, behind)), every)


def _spread(tokens: Sequence[Token]) -> list[Token]:
    """The tokens, each with the denial that follows a later one: 「火曜と水曜は無理」, 「火曜の午後は無理」."""
    kept: list[Token] = []
    one_time = sum(token.kind in TIMES for token in tokens) == 1
    for token in reversed(tokens):
        later = kept[-1] if kept else token
        if _listed(token, later):
            token = replace(token, denied=token.denied or later.denied)
        elif one_time and later.kind in TIMES and later.denied == "no" and token.kind in ("later", "day", "weekday"):
            # A wish has one span of time for all of its days, so the whole day is left out.
            token = replace(token, denied=kept.pop().denied)
        kept.append(token)
    return kept[::-1]


def _listed(token: Token, later: Token) -> bool:
    """Whether two tokens stand side by side as 「火曜と水曜」 do, and not as 「来週、火曜」 or 「火曜、午後」."""
    beside = token.mark in ("or", "and", "next") or (token.mark == "comma" and token.kind == later.kind)
    alike = (token.kind in TIMES) == (later.kind in TIMES)
    return beside and alike and not (token.kind in SCOPES and later.kind not in SCOPES)
