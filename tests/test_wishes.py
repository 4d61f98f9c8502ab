"""When owners would like to meet, in their own words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.days import JAPAN, day_in_japan
from scheduler.holidays import holiday, workday
from scheduler.wishes import AHEAD, Wish, fits, wish, words
from scheduler.wordings import KANA, NEAR, PARTS, PERIODS, SAME, SORTS, WEEK

# Ten o'clock in Japan, in UTC without zone. The Monday after the Saturday is a holiday.
SATURDAY = datetime.fromisoformat("2026-11-21T01:00")
MONDAY = datetime.fromisoformat("2026-11-30T01:00")
WEDNESDAY = datetime.fromisoformat("2026-12-02T01:00")
SUNDAY = datetime.fromisoformat("2026-12-06T01:00")
YEAR_END = datetime.fromisoformat("2026-12-29T01:00")
LEAP = datetime.fromisoformat("2028-02-21T01:00")


def days(written: str, today: date) -> Iterator[date]:
    """The days that 12/1, 12/1,12/3 and 12/1..12/5 stand for: the next after today, or with their year."""
    for part in written.split(","):
        ends = [[int(number) for number in day.split("/")] for day in part.split("..")]
        first, last = (
            date(*end) if len(end) == 3 else date(today.year + ((end[0], end[1]) < (today.month, today.day)), *end)
            for end in (ends[0], ends[-1])
        )
        yield from (first + timedelta(n) for n in range((last - first).days + 1))


def clock(written: str) -> time | None:
    hour, _, minute = written.partition(":")
    return time(int(hour), int(minute or 0)) if written else None


def meant(written: str, now: datetime) -> Wish | None:
    """The wish that is written like 12/1..12/5 13-14:30 soon; None for an empty text."""
    found = Wish()
    for part in written.split():
        if part == "soon":
            found = Wish(found.days, found.earliest, found.latest, soon=True)
        elif "-" in part:
            earliest, latest = (clock(end) for end in part.split("-"))
            found = Wish(found.days, earliest, latest, found.soon)
        else:
            found = Wish(tuple(sorted(days(part, day_in_japan(now)))), found.earliest, found.latest, found.soon)
    return found if written else None


def at(day: date, hour: int = 0, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), JAPAN)


# What date libraries for Python got wrong, or did not know.
MISREAD = [
    ("来月5日 14:00", "12/5 14-15"),
    ("正午", "12-13"),
    ("明後日の10時半", "11/23 10:30-11:30"),
    ("15時", "15-16"),
    ("来週火曜", "11/24"),
    ("再来週", "11/30..12/4"),
    ("今週の金曜", "11/27"),  # said on a Saturday
    ("令和8年12月3日", "12/3"),
    ("R8.12.3", "12/3"),
    ("夕方5時", "17-18"),
    ("今月末", "11/26..11/30"),
    ("午後3時", "15-16"),
    ("25時", ""),
]
DATES = [
    ("12/3", "12/3"),
    ("12月3日", "12/3"),
    ("１２月３日", "12/3"),
    ("12月の3日", "12/3"),
    ("12.3", "12/3"),
    ("12/3日", "12/3"),
    ("十二月三日", "12/3"),
    ("12がつ3にち", "12/3"),
    ("2026年12月3日", "12/3"),
    ("2026-12-03", "12/3"),
    ("2026/12/3", "12/3"),
    ("2026.12.3", "12/3"),
    ("二〇二六年十二月三日", "12/3"),
    ("令和八年十二月三日", "12/3"),
    ("r8/12/3", "12/3"),
    ("令和9年1月20日", "1/20"),
    (" 12 月 3 日 ", "12/3"),
    ("来年12月3日", "2027/12/3"),
    ("今年の12月3日", "12/3"),
    ("昨年の12月3日", ""),
    ("12/3(木)", "12/3"),
    ("12/3（木）", "12/3"),
    ("12月3日木曜日", "12/3"),
    ("12/3(火)", "12/3"),  # a Thursday: the date counts
    ("11/21", "11/21"),  # today
    ("11/20", "2027/11/20"),
    ("2028年4月1日", "2028/4/1"),
    ("2025年12月3日", ""),
    ("5日", "12/5"),
    ("21日", "11/21"),
    ("二十五日", "11/25"),
    ("31日", "12/31"),
    ("来月の5日", "12/5"),
    ("らいげつ5にち", "12/5"),
    ("3日か4日", "12/3,12/4"),
    ("12月5日か6日", "12/5,12/6"),
    ("12/5か6", "12/5,12/6"),
    ("12/5 or 12/6", "12/5,12/6"),
    ("12/5・6", "12/5,12/6"),
    ("令和九年十二月三日", "2027/12/3"),
    ("R9-12-3", "2027/12/3"),
    ("12/3、12/5、12/8", "12/3,12/5,12/8"),
    ("3、4、5日", "12/3,12/4,12/5"),
    ("①12/3 ②12/4", "12/3,12/4"),
    ("10日から15日の間", "12/10..12/15"),
    ("12/3〜12/5", "12/3..12/5"),
    ("12/3-5", "12/3..12/5"),
    ("12/3~5", "12/3..12/5"),
    ("12月3〜5日", "12/3..12/5"),
    ("3〜5日", "12/3..12/5"),
    ("12/28から1/5", "12/28..1/5"),
    ("28日から5日", "11/28..12/5"),
    ("10日まで", "11/21..12/10"),
    ("10日より前", "11/21..12/9"),
    ("10日以降15日まで", "12/10..12/15"),
    ("2/30", ""),
    ("13/1", ""),
    ("12月0日", ""),
    ("99日", ""),
    ("2月30日の15時", "15-16"),
]
NEAR_DAYS = [
    ("今日", "11/21"),
    ("本日", "11/21"),
    ("きょう", "11/21"),
    ("今日中に", "11/21"),
    ("明日", "11/22"),
    ("あした", "11/22"),
    ("あすの", "11/22"),
    ("アシタの午後", "11/22 12-18"),
    ("明後日", "11/23"),
    ("あさって", "11/23"),
    ("しあさって", "11/24"),
    ("今日明日", "11/21,11/22"),
    ("今日か明日", "11/21,11/22"),
    ("今晩", "11/21 18-21"),
    ("明朝10時", "11/22 10-11"),
    ("3日後", "11/24"),
    ("三日後", "11/24"),
    ("2週間後", "12/5"),
    ("二週間後の火曜", "12/1"),
    ("1か月後", "12/21"),
    ("1ヶ月後", "12/21"),
    ("一ケ月後", "12/21"),
    ("明日は1日中空いています", "11/22"),
    ("2、3日後", "11/24"),
    ("21日中に", "11/21"),
    ("明日は一日中空いています", "11/22"),
    ("1週間以内", "11/21..11/28"),
    ("2週間以内の火曜", "11/24"),
    ("二、三日中に", "11/21..11/24"),
    ("数日中", "11/21..11/26"),
    ("一両日中", "11/21..11/22"),
    ("明日から来週金曜まで", "11/22..11/27"),
]
WEEKS = [
    ("火曜", "11/24"),
    ("火曜日", "11/24"),
    ("次の火曜", "11/24"),
    ("土曜", "11/21"),
    ("土曜11時", "11/21 11-12"),
    ("土曜9時", "11/28 9-10"),  # nine o'clock is past today
    ("来週", "11/23..11/27"),
    ("来週いっぱい", "11/23..11/27"),
    ("来週の前半", "11/23..11/25"),
    ("来週後半", "11/26..11/27"),
    ("来週の頭", "11/23..11/24"),
    ("来週初め", "11/23..11/24"),
    ("来週の始め", "11/23..11/24"),
    ("来週半ば", "11/24..11/26"),
    ("来週の中頃", "11/24..11/26"),
    ("来週の終わり", "11/26..11/27"),
    ("来週末", "11/28..11/29"),
    ("来週の日曜", "11/29"),
    ("再来週の水曜から金曜", "12/2..12/4"),
    ("さらいしゅうのもくようび", "12/3"),
    ("らいしゅうのかようのごご", "11/24 12-18"),
    ("来週の火曜か木曜", "11/24,11/26"),
    ("今週の金曜か来週の月曜", "11/27,11/23"),
    ("来週か再来週の火曜", "11/24,12/1"),
    ("来週か火曜", "11/23..11/27"),
    ("今週中", "11/21..11/22"),
    ("今週か来週", "11/21..11/27"),
    ("先週の火曜", ""),
    ("週明け", "11/24"),
    ("連休明け", "11/24"),
    ("週末", "11/21..11/22"),
    ("土日", "11/21..11/22"),
    ("来週の土日", "11/28..11/29"),
    ("火曜か木曜", "11/24,11/26"),
    ("月水金", "11/23,11/25,11/27"),
    ("月・水・金", "11/23,11/25,11/27"),
    ("月、水、金", "11/23,11/25,11/27"),
    ("月か水", "11/23,11/25"),
    ("月/水", "11/23,11/25"),
    ("月,水", "11/23,11/25"),
    ("月と水曜", "11/23,11/25"),
    ("月水曜", "11/23,11/25"),
    ("月-水", "11/23..11/25"),
    ("かようびまで", "11/21..11/24"),
    ("火木の午前", "11/24,11/26 -12"),
    ("月曜から水曜", "11/23..11/25"),
    ("月～金", "11/23..11/27"),
    ("来週の平日", "11/24..11/27"),
    ("毎週火曜", "11/24,12/1,12/8,12/15"),
    ("火曜ならいつでも", "11/24,12/1,12/8,12/15 soon"),
    ("火曜しか空いていません", "11/24,12/1,12/8,12/15"),
    ("第2火曜", "12/8"),
    ("火曜まで", "11/21..11/24"),
    ("12/3以降の火曜", "12/8"),
    ("火曜で、12/3以降", "12/8"),
    ("11/30までの平日", "11/24..11/27,11/30"),
]
MONTHS = [
    ("来月", "12/1..12/31"),
    ("12月中に", "12/1..12/31"),
    ("今月中", "11/21..11/30"),
    ("再来月", "1/1..1/31"),
    ("来月頭", "12/1..12/5"),
    ("12月初め", "12/1..12/5"),
    ("来月の始め", "12/1..12/5"),
    ("来月半ば", "12/11..12/20"),
    ("来月の中頃", "12/11..12/20"),
    ("来月の後半", "12/16..12/31"),
    ("来月の終わり", "12/26..12/31"),
    ("2026年12月", "12/1..12/31"),
    ("先月", ""),
    ("先月の火曜", ""),
    ("去年の火曜", ""),
    ("今年中の第2火曜", "12/8"),
    ("再来年の成人の日", "2028/1/10"),
    ("来月上旬", "12/1..12/10"),
    ("来月の中旬", "12/11..12/20"),
    ("来月下旬", "12/21..12/31"),
    ("来月の中旬か下旬", "12/11..12/31"),
    ("来月の前半", "12/1..12/15"),
    ("来月の前半か後半", "12/1..12/31"),
    ("来月中ごろ", "12/11..12/20"),
    ("月初め", "12/1..12/5"),
    ("月頭", "12/1..12/5"),
    ("月半ば", "12/11..12/20"),
    ("来月中まで", "11/21..12/31"),
    ("来月いっぱいまで", "11/21..12/31"),
    ("来月、末広さんと", "12/1..12/31"),
    ("再来月の中旬か下旬", "1/11..1/31"),
    ("月末", "11/26..11/30"),
    ("月末までに", "11/21..11/30"),
    ("11月末", "11/26..11/30"),
    ("来月の火曜", "12/1,12/8,12/15,12/22,12/29"),
    ("来月の第1月曜日", "12/7"),
    ("年内", "11/21..12/31"),
    ("年末", "12/21..12/31"),
    ("年明け", "1/4..1/15"),
    ("お正月明け", "1/4..1/15"),
    ("来年4月5日か6日", "4/5,4/6"),
    ("来年の成人の日", "1/11"),
    ("勤労感謝の日", "11/23"),
    ("スポーツの日", "10/11"),
    ("祝日", "11/23,1/1,1/11"),
]
TIMES = [
    ("朝", "8-10"),
    ("午前", "-12"),
    ("午前中", "-12"),
    ("昼前", "10-12"),
    ("お昼", "11-14"),
    ("お昼休みに", "12-13"),
    ("昼過ぎ", "13-15"),
    ("昼から", "12-"),
    ("昼以降", "12-"),
    ("昼すぎ", "13-15"),
    ("日中", "10-16"),
    ("午後一で", "13-14"),
    ("午後", "12-18"),
    ("午後イチ", "13-14"),
    ("夕方", "16-19"),
    ("夜", "18-21"),
    ("晩", "18-21"),
    ("15時半", "15:30-16:30"),
    ("15:30", "15:30-16:30"),
    ("１５：３０", "15:30-16:30"),
    ("15時30分", "15:30-16:30"),
    ("午後三時半", "15:30-16:30"),
    ("ごご3じはん", "15:30-16:30"),
    ("pm8:00", "20-21"),
    ("AM7時", "7-8"),
    ("3時", "15-16"),
    ("7時", "19-20"),
    ("8時", "8-9"),
    ("9時", "9-10"),
    ("19時", "19-20"),
    ("午前7時", "7-8"),
    ("朝の7時", "7-8"),
    ("夜8時", "20-21"),
    ("昼の1時", "13-14"),
    ("午後零時", "12-13"),
    ("23時", "23-"),
    ("3時ごろ", "14:30-16"),
    ("15時前後", "14:30-16"),
    ("3時くらい", "14:30-16"),
    ("3時ぐらい", "14:30-16"),
    ("三時頃", "14:30-16"),
    ("三時あたり", "14:30-16"),
    ("三時半ごろまで", "-15:30"),
    ("十時三十分", "10:30-11:30"),
    ("15時以後", "15-"),
    ("15時〜でお願いします", "15-"),
    ("17時迄", "-17"),
    ("17時前", "-17"),
    ("17時より早い時間", "-17"),
    ("午後の早い時間", "12-18"),
    ("24時", ""),
    ("15時以降、15時まで", ""),
    ("15時以降", "15-"),
    ("15時から", "15-"),
    ("15時〜", "15-"),
    ("夕方以降", "16-"),
    ("15時まで", "-15"),
    ("〜17時", "-17"),
    ("17時より前", "-17"),
    ("午前中まで", "-12"),
    ("夕方まで", "-16"),
    ("10時から12時の間", "10-12"),
    ("10-12時", "10-12"),
    ("13〜15時", "13-15"),
    ("9時ー17時", "9-17"),
    ("9:30〜11:00", "9:30-11"),
    ("9時から5時", "9-17"),
    ("10時から2時", "10-14"),
    ("夜7時から9時", "19-21"),
    ("14時から15時ごろ", "14-15"),
    ("午後、15時以降", "15-18"),
    ("15時以降、18時まで", "15-18"),
    ("10時か14時", "10-15"),
    ("10時〜12時、14時〜16時", "10-16"),
    ("15時以降、12時まで", ""),
    ("10時60分", ""),
    ("0時", ""),
]
TOGETHER = [
    ("来週火曜の午後", "11/24 12-18"),
    ("12/3 15時以降", "12/3 15-"),
    ("12/3 15:30~17:00", "12/3 15:30-17"),
    ("12/3 ~17時", "12/3 -17"),
    ("24日(火)10時", "11/24 10-11"),
    ("3日の3時", "12/3 15-16"),
    ("明日１５：００", "11/22 15-16"),
    ("月曜日の10時、木曜日の14時", "11/23,11/26 10-15"),
    ("第一希望12/3 10時、第二希望12/4 14時", "12/3,12/4 10-15"),
    ("9:00-17:00 月〜金", "11/23..11/27 9-17"),
    ("来週の火曜日の午後3時頃でお願いします。", "11/24 14:30-16"),
    ("来週、なるべく早く", "11/23..11/27 soon"),
    ("午後ならいつでも", "12-18 soon"),
]
SOON = [
    "直近で",
    "何時でも",
    "何日でも構いません",
    "なるべく早く",
    "早いほうがいいです",
    "できるだけはやく",
    "お早めに",
    "一日も早く",
    "すぐ",
    "至急",
    "最短で",
    "急ぎでお願いします",
    "なるはやで",
    "いつでも",
    "いつでもいい",
    "何曜日でもいいです",
]
DENIED = [
    ("午後はだめ", "-12"),
    ("午前中は無理", "12-"),
    ("15時までは無理", "15-"),
    ("15時以降は無理", "-15"),
    ("朝と夕方は無理", "10-16"),
    ("昼は忙しいです", "14-"),
    ("午前は無理、午後で", "12-18"),
    ("来週の午後はだめ", "11/23..11/27 -12"),
    ("明日の午前中は難しいので午後でお願いします", "11/22 12-18"),
    ("来週、火曜は無理", "11/23,11/25..11/27"),
    ("来週の火曜以外", "11/23,11/25..11/27"),
    ("来週で、月曜と火曜は無理", "11/25..11/27"),
    ("明日は無理、明後日なら", "11/23"),
    ("火曜は無理なので木曜でお願いします", "11/26"),
    ("木曜ではなく金曜", "11/27"),
    ("今週は忙しいので来週で", "11/23..11/27"),
    ("12/3以降は無理", "11/21..12/2"),
    ("12/3が無理なら12/4", "12/3,12/4"),
    ("火曜以外は無理", "11/24"),
    ("火曜でないと無理です", "11/24"),
    ("火曜じゃなければ難しい", "11/24"),
    ("火曜以外だと厳しい", "11/24"),
    ("来週は、火曜は無理", "11/23,11/25..11/27"),
    ("明日。キャンセルはできないですか", "11/22"),
    ("明日!キャンセルはできないですか", "11/22"),
    ("明日?キャンセルはできないですか", "11/22"),
    ("明日、車では行けないので電話で", "11/22"),
    ("火曜で、水曜は無理", "11/24"),
    ("平日は忙しいので土曜", "11/21"),
    ("明日じゃなく月曜", "11/23"),
    ("明日を除いて月曜", "11/23"),
    ("明日でもいいですか", "11/22"),
    ("水曜は定休日なので水曜がいい", "11/25"),
    ("年内は無理", "1/1..1/28"),
    ("すぐには無理", ""),
    ("2/30は無理", ""),
]
NOTHING = [
    "",
    "よろしくお願いします",
    "補助金について聞きたい",
    "いつまで",
    "インボイスはいつまで?",
    "補助率2/3",
    "補助率は2/3ですか",
    "補助率が2/3なら",
    "1.2.3",
    "115時",
    "112月",
    "115日",
    "115日後",
    "115週間後",
    "2、3時間",
    "2、3日前",
    "5日目",
    "5日分",
    "5日ほど",
    "一時金",
    "一時期",
    "3月期の決算",
    "来年度",
    "早めの時間",
    "早い時間",
    "早いもので創業30年",
    "spam",
    "毎月、水だけ",
    "2時間",
    "24時間対応",
    "3か月",
    "5日間",
    "10日前",
    "一時的に",
    "十分です",
    "1.5倍",
    "3月決算です",
    "12月分の請求書",
    "年末調整について",
    "毎月、水道代",
    "お金と土地の相談",
    "アスクルで買った",
    "インボイスによる",
    "火を使う",
    "頭が痛い",
    "前半",
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [*MISREAD, *DATES, *NEAR_DAYS, *WEEKS, *MONTHS, *TIMES, *TOGETHER, *DENIED],
)
def test_a_wish_is_read_as_it_was_meant(text: str, expected: str) -> None:
    assert wish(text, SATURDAY) == meant(expected, SATURDAY)


@pytest.mark.parametrize("text", SOON)
def test_who_has_no_time_in_mind_is_in_a_hurry(text: str) -> None:
    assert wish(text, SATURDAY) == Wish(soon=True)


@pytest.mark.parametrize("text", NOTHING)
def test_a_text_without_a_time_is_no_wish(text: str) -> None:
    assert wish(text, SATURDAY) is None


@pytest.mark.parametrize(
    ("now", "text", "expected"),
    [
        (MONDAY, "月曜", "11/30"),
        (MONDAY, "月曜9時", "12/7 9-10"),
        (MONDAY, "月曜10時", "11/30 10-11"),
        (MONDAY.replace(hour=12), "月曜", "12/7"),  # nine in the evening
        (MONDAY, "来週月曜", "12/7"),
        (MONDAY, "週明け", "12/7"),
        (MONDAY, "今週", "11/30..12/4"),
        (MONDAY, "明日は無理、火曜で", "12/8"),
        (MONDAY, "月末", "11/30"),
        (WEDNESDAY, "今週", "12/2..12/4"),
        (WEDNESDAY, "今週の月曜", "12/7"),
        (WEDNESDAY, "今週の後半", "12/3..12/4"),
        (WEDNESDAY, "火木", "12/3,12/8"),
        (WEDNESDAY, "来週または木曜", "12/3,12/7..12/11"),
        (WEDNESDAY, "週末", "12/5..12/6"),
        (WEDNESDAY, "2日", "12/2"),
        (WEDNESDAY, "来月5日", "1/5"),
        (SUNDAY, "来週火曜", "12/8"),
        (SUNDAY, "週末", "12/6"),
        (SUNDAY, "今週", "12/6"),
        (YEAR_END, "年内", "12/29..12/31"),
        (YEAR_END, "年末", "12/29..12/31"),
        (YEAR_END, "年明け", "1/4..1/15"),
        (YEAR_END, "来週", "1/4..1/8"),
        (YEAR_END, "来月5日", "1/5"),
        (YEAR_END, "1/5", "1/5"),
        (YEAR_END, "5日", "1/5"),
        (YEAR_END, "12/28", "2027/12/28"),
        (YEAR_END, "12/30から1/3", "12/30..1/3"),
        (YEAR_END, "火曜から木曜", "12/29..12/31"),
        (YEAR_END, "来年の4月", "4/1..4/30"),
        (YEAR_END, "今月の祝日", ""),
        (LEAP, "2/29", "2/29"),
        (LEAP, "29日", "2/29"),
        (LEAP, "月末", "2/26..2/29"),
        (LEAP, "2/30", ""),
        (LEAP.replace(year=2027), "2/29", ""),
        (datetime.fromisoformat("2026-12-31T15:00"), "今日", "1/1"),  # midnight in Japan
        (datetime.fromisoformat("2026-12-31T14:59"), "今日", "2026/12/31"),
    ],
)
def test_a_day_is_reckoned_from_today_in_japan(now: datetime, text: str, expected: str) -> None:
    assert wish(text, now) == meant(expected, now)


DENIALS = """
    無理です むりです だめです ダメ 駄目です 不可 NG × 厳しいです 難しい 都合が悪い 都合がわるいです 都合がつきません
    塞がっています ふさがって 埋まっています 行けません 来れない できません 出来ません 空いていません あいてない
    忙しい 出張です 予定が入っています 用事がある 避けたい 外してください 除いて
"""


@pytest.mark.parametrize("denial", DENIALS.split())
def test_a_day_denied_in_any_way_is_not_meant(denial: str) -> None:
    assert wish(f"明日は{denial}。月曜で", SATURDAY) == meant("11/23", SATURDAY)


@pytest.mark.parametrize(
    "supposed", ["無理なら", "難しければ", "だめでしたら", "ダメな場合", "無理の場合は", "無理だったら", "無理であれば"]
)
def test_a_denial_that_is_only_supposed_denies_nothing(supposed: str) -> None:
    assert wish(f"明日が{supposed}月曜", SATURDAY) == meant("11/22,11/23", SATURDAY)


def open_days(text: str, now: datetime = SATURDAY) -> list[date]:
    found = wish(text, now)
    assert found
    return list(found.days)


def next_days(count: int, now: datetime = SATURDAY) -> list[date]:
    return [day_in_japan(now) + timedelta(n) for n in range(count)]


@pytest.mark.parametrize(
    ("text", "weekdays"),
    [
        ("火曜は無理", "0 2 3 4 5 6"),
        ("水曜以外", "0 1 3 4 5 6"),
        ("火曜と水曜は無理です", "0 3 4 5 6"),
        ("火曜水曜は無理", "0 3 4 5 6"),
        ("火曜や水曜は無理", "0 3 4 5 6"),
        ("火曜も水曜も無理", "0 3 4 5 6"),
        ("火曜・水曜は無理", "0 3 4 5 6"),
        ("火曜、水曜は無理", "0 3 4 5 6"),
        ("火曜の午後は無理", "0 2 3 4 5 6"),
        ("火曜はNGです", "0 2 3 4 5 6"),
        ("火曜は、ちょっと都合が悪いです", "0 2 3 4 5 6"),
        ("火曜は空いていません", "0 2 3 4 5 6"),
        ("土日以外", "0 1 2 3 4"),
        ("いつでもいいですが土日は無理です", "0 1 2 3 4"),
    ],
)
def test_what_is_excluded_leaves_the_rest_of_the_next_four_weeks(text: str, weekdays: str) -> None:
    left = [int(weekday) for weekday in weekdays.split()]
    assert open_days(text) == [day for day in next_days(28) if day.weekday() in left]


def test_one_day_excluded_leaves_all_others() -> None:
    assert open_days("来週の火曜は無理") == [day for day in next_days(28) if day != date(2026, 11, 24)]
    assert open_days("12/3以外") == [day for day in next_days(28) if day != date(2026, 12, 3)]
    assert open_days("10日から15日は無理") == [
        d for d in next_days(28) if not date(2026, 12, 10) <= d <= date(2026, 12, 15)
    ]


def test_workdays_are_those_of_the_next_four_weeks() -> None:
    assert open_days("平日") == [day for day in next_days(31) if workday(day)]
    assert open_days("平日、水曜以外") == [day for day in next_days(31) if workday(day) and day.weekday() != 2]
    assert open_days("土日祝以外")[:2] == [date(2026, 11, 24), date(2026, 11, 25)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("明日以降", date(2026, 11, 22)),
        ("明日から", date(2026, 11, 22)),
        ("12/3以降", date(2026, 12, 3)),
        ("来週以降", date(2026, 11, 23)),
        ("火曜日以降", date(2026, 11, 24)),
        ("来月中旬以降", date(2026, 12, 11)),
        ("早くても来週以降", date(2026, 11, 23)),
        ("12/3までは無理", date(2026, 12, 4)),
    ],
)
def test_what_has_no_end_goes_sixty_days_ahead(text: str, first: date) -> None:
    assert open_days(text) == [day for day in next_days(AHEAD + 1) if day >= first]


def test_what_begins_late_goes_on_for_four_weeks() -> None:
    assert open_days("2/1以降") == [date(2027, 2, 1) + timedelta(n) for n in range(28)]


def test_a_range_is_cut_off_after_sixty_days() -> None:
    assert open_days("12/1から6/30") == [date(2026, 12, 1) + timedelta(n) for n in range(60)]


@pytest.mark.parametrize(
    ("start", "fitting"),
    [
        (at(date(2026, 12, 3), 12, 59), False),
        (at(date(2026, 12, 3), 13), True),
        (at(date(2026, 12, 3), 16, 30), True),
        (at(date(2026, 12, 3), 17), False),
        (at(date(2026, 12, 4), 13), False),
    ],
)
def test_a_start_fits_on_a_day_wished_from_the_earliest_until_before_the_latest(start: datetime, fitting: bool) -> None:
    assert fits(Wish((date(2026, 12, 3),), time(13), time(17)), start) is fitting


def test_a_wish_without_days_fits_on_any_and_without_times_at_any() -> None:
    assert fits(Wish(earliest=time(9)), at(date(2030, 1, 1), 9))
    assert not fits(Wish(earliest=time(9)), at(date(2030, 1, 1), 8))
    assert fits(Wish((date(2026, 12, 3),)), at(date(2026, 12, 3), 23, 59))
    assert fits(Wish(soon=True), at(date(2026, 12, 3)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("12/1の13時から17時", "12月1日(火) 13時から17時まで"),
        ("12/1か12/3", "12月1日(火)・12月3日(木)"),
        ("12/1か12/3か12/8の午前", "12月1日(火)・12月3日(木)・12月8日(火) 12時まで"),
        ("来週", "11月23日(月)から11月27日(金)"),
        ("来月の火曜", "12月1日(火)から12月29日(火) 火曜"),
        ("平日の15時半以降", "11月24日(火)から12月21日(月) 月火水木金曜 15時30分から"),
        ("来週なるべく早く", "11月23日(月)から11月27日(金) なるべく早く"),
        ("午後", "12時から18時まで"),
    ],
)
def test_what_was_understood_is_said_in_a_few_words(text: str, said: str) -> None:
    found = wish(text, SATURDAY)
    assert found
    assert words(found) == said


WRITTEN = "から まで 以降 以外 無理 しか ごろ 来月 12/3 15時 火曜 12月 20日 か月後 令和 なるべく早く"
SIGNS = "0123456789年月日時分半火水土曜/:.-~、とかのは第"
PIECES = st.sampled_from([*KANA, *NEAR, *WEEK, *SAME, *PERIODS, *SORTS, *PARTS, *WRITTEN.split(), *SIGNS])
TEXTS = st.text() | st.lists(PIECES, max_size=12).map("".join)
MOMENTS = st.datetimes(datetime.fromisoformat("2025-01-01"), datetime.fromisoformat("2040-01-01"))


@settings(max_examples=300)
@given(TEXTS, MOMENTS)
def test_no_text_is_too_odd_and_no_day_meant_is_past(text: str, now: datetime) -> None:
    found = wish(text, now)
    if found:
        assert found != Wish()
        assert list(found.days) == sorted(set(found.days))
        assert all(day >= day_in_japan(now) for day in found.days)
        assert not (found.earliest and found.latest) or found.earliest < found.latest
        assert words(found)


DAYS = st.dates(date(2026, 11, 21), date(2027, 11, 20))


@given(
    DAYS, st.sampled_from(["{0.month}/{0.day}", "{0.month}月{0.day}日", "{0:%Y-%m-%d}", "{0:%Y}年{0.month}月{0.day}日"])
)
def test_a_date_is_that_day_however_it_is_written(day: date, form: str) -> None:
    assert wish(form.format(day), SATURDAY) == Wish((day,))


@given(DAYS, st.times(), st.integers(-400, 400))
def test_what_fits_a_date_is_on_that_date(day: date, clock: time, off: int) -> None:
    found = wish(f"{day.month}月{day.day}日", SATURDAY)
    assert found
    assert fits(found, datetime.combine(day + timedelta(off), clock, JAPAN)) is (off == 0)


@given(st.integers(8, 19), st.sampled_from([0, 30]))
def test_a_time_is_an_hour_in_which_a_meeting_can_start(hour: int, minute: int) -> None:
    found = wish(f"{hour}:{minute:02}", SATURDAY)
    assert found
    starts = [at(date(2026, 12, 3), *divmod(minutes, 60)) for minutes in range(0, 24 * 60, 30)]
    first = at(date(2026, 12, 3), hour, minute)
    assert [start for start in starts if fits(found, start)] == [first, first + timedelta(minutes=30)]


@given(st.sampled_from("月火水木金土日"), MOMENTS)
def test_a_weekday_is_within_a_week_and_next_weeks_is_in_the_next(name: str, now: datetime) -> None:
    today = day_in_japan(now)
    monday = today + timedelta(7 - today.weekday())
    (soon,), (later,) = open_days(f"{name}曜", now), open_days(f"来週の{name}曜日", now)
    assert "月火水木金土日"[soon.weekday()] == "月火水木金土日"[later.weekday()] == name
    assert today <= soon <= today + timedelta(7)
    assert monday <= later < monday + timedelta(7)


@settings(max_examples=20)
@given(MOMENTS)
def test_each_holiday_of_the_coming_year_is_known_by_its_name(now: datetime) -> None:
    coming = next_days(365, now)
    names = {name for day in coming if (name := holiday(day))}
    assert {name: open_days(name, now)[0] for name in names} == {
        name: next(day for day in coming if holiday(day) == name) for name in names
    }


@pytest.mark.parametrize(
    "piece", ["火曜と", "来週の", "12/3、", "1、", "一", "月・", "10-", "無理", "の間", "週明け", "あす", " "]
)
def test_a_text_of_any_length_is_read(piece: str) -> None:
    found = wish(piece * (10_000 // len(piece)), SATURDAY)
    assert found is None or len(found.days) <= 366


def test_words_that_mean_the_same_are_written_with_words_that_are_known() -> None:
    for word, same in (KANA | SAME).items():
        # What is no day by itself is one beside another word.
        beside = {"さ来": "さ来週", "はじめ": "来月はじめ", "終日": "明日終日"}.get(word, word)
        assert wish(beside, SATURDAY) == wish(beside.replace(word, same), SATURDAY) is not None
        assert not re.search("[ァ-ヶ]", word)  # katakana is folded before they are looked for
