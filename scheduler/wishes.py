"""When an owner would like to meet, reckoned from their words.

What names times becomes a span of minutes. What names days becomes those of a calendar that begins today: a limit or a
denial cuts it down, and what is wanted is picked from what is left. So nothing past is ever meant, and 「火曜」 is the
first Tuesday that is possible.
"""

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from scheduler.days import WEEKDAYS, day_words, in_japan, time_words
from scheduler.wordings import LIMITS, NEAR, PARTS, PERIODS, SCOPES, SORTS, TIMES, WEEK, Token, read

Span = tuple[int, int]

# In days: how far ahead one can be named, how far 「明日以降」 goes, and what of the calendar 「火曜は無理」 leaves.
FAR, AHEAD, WEEKS = 2 * 366, 60, 28
# In minutes: a day, and when a weekday named without a time is over.
DAY, EVENING = 24 * 60, 20 * 60
# Of what a token may name a part that comes before it, as in 「来週の火曜」.
INSIDE = {"day": ("month",), "part": ("week", "month"), "weekday": SCOPES, "sort": SCOPES}
SOON = "なるべく早く"


@dataclass(frozen=True, slots=True)
class Wish:
    """When somebody would like to meet, by Japan's clock.

    A start fits where its day is in `days` (() is any day) and its time is not before `earliest` and before `latest`;
    `soon` asks for the first that fits.
    """

    days: tuple[date, ...] = ()
    earliest: time | None = None
    latest: time | None = None
    soon: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Term:
    """The days that a token names; it means those within a window (in days) from the first of them that is possible.

    A later token may name a part of `scope`: 来週 is Monday to Friday, but 来週の日曜 is within it.
    """

    token: Token
    days: Set[date]
    window: int
    scope: Set[date] = frozenset()


def wish(text: str, now: datetime) -> Wish | None:
    """When the text would like to meet; None where it names no time at all. `now` is UTC, without zone."""
    local = in_japan(now)
    tokens = read(text, local.date())
    begins, ends = _times([token for token in tokens if token.kind in TIMES])
    over = local.hour * 60 + local.minute >= (ends if ends < DAY else EVENING)
    calendar = [local.date() + timedelta(n) for n in range(FAR)]
    days = _days([token for token in tokens if token.kind not in (*TIMES, "soon")], calendar, over)
    soon = any(token.kind == "soon" and not token.denied for token in tokens)
    found = Wish(days, _clock(begins), _clock(ends), soon)
    return found if found != Wish() else None


def fits(wish: Wish, start: datetime) -> bool:
    """Whether a meeting that starts then, by Japan's clock, is as wished."""
    early = wish.earliest is not None and start.time() < wish.earliest
    late = wish.latest is not None and start.time() >= wish.latest
    return not early and not late and (not wish.days or start.date() in wish.days)


def words(wish: Wish) -> str:
    """How a wish was understood, as in 12月1日(火) 13時から17時まで."""
    begins, ends = (at and time_words(datetime.combine(date.min, at)) for at in (wish.earliest, wish.latest))
    times = (f"{begins}から" if begins else "") + (f"{ends}まで" if ends else "")
    return " ".join(part for part in (_days_words(wish.days), times, SOON if wish.soon else "") if part)


def _days_words(days: Sequence[date]) -> str:
    """A few days one by one; more by the first and the last, with the weekdays where some between them are left out."""
    unbroken = len(days) > 2 and (days[-1] - days[0]).days == len(days) - 1
    if len(days) < 5 and not unbroken:
        return "・".join(day_words(day) for day in days)
    weekdays = "".join(name for n, name in enumerate(WEEKDAYS) if n in {day.weekday() for day in days})
    return f"{day_words(days[0])}から{day_words(days[-1])}" + ("" if unbroken else f" {weekdays}曜")


def _clock(minutes: int) -> time | None:
    return time(*divmod(minutes, 60)) if 0 < minutes < DAY else None


def _times(tokens: Sequence[Token]) -> Span:
    """From when to when: within every limit, and as wide as all that is wanted (「10時か14時」 is 10 to 15)."""
    said = _joined([(token, span) for token in tokens if (span := _span(token))])
    # 「3時ごろ」 may as well be half past two.
    wanted = [(begins - 30 * token.about, ends) for token, (begins, ends) in said if token.wanted]
    limits = [_left(token, *span) for token, span in said if not token.wanted]
    if wanted:
        limits.append((min(begins for begins, _ in wanted), max(ends for _, ends in wanted)))
    begins, ends = max((begins for begins, _ in limits), default=0), min((ends for _, ends in limits), default=DAY)
    return (begins, ends) if begins < ends else (0, DAY)


def _span(token: Token) -> Span | None:
    """The time that a token names, of a clock's the hour that begins then; None for 25時."""
    if token.kind == "period":
        begins, ends = PERIODS[token.text]
        return begins * 60, ends * 60
    hour, minute = [*token.numbers, 30 * ("半" in token.text)][:2]
    if not 0 < hour + token.text.startswith("午後") < 24 or minute > 59:
        return None
    # Nobody meets at 3 or at 7 in the morning who doesn't say so.
    late = token.text.startswith(("午後", "夕方", "夜", "晩")) and hour < 12
    if late or (hour < 8 and not token.text.startswith(("午前", "朝"))):
        hour += 12
    return hour * 60 + minute, hour * 60 + minute + 60


def _joined(said: Sequence[tuple[Token, Span]]) -> list[tuple[Token, Span]]:
    """The times, where two are the ends of a range made one: 「9時から5時」 is 9 to 17, 「夜7時から9時」 19 to 21."""
    joined: list[tuple[Token, Span]] = []
    for token, (begins, ends) in said:
        if joined and joined[-1][0].mark == "from":
            until, begins = begins or ends, joined.pop()[1][0]
            ends = next(end for end in (until, until + DAY // 2, DAY) if end > begins)
            token = replace(token, mark="", about=False)
        joined.append((token, (begins, ends)))
    return joined


def _left(token: Token, begins: int, ends: int) -> Span:
    """What a limit or a denial leaves of the day."""
    if token.mark in LIMITS:
        begins, ends = (0, begins or ends) if token.mark in ("until", "before") else (begins, DAY)
    if not token.denied:
        return begins, ends
    # One side of what is denied: before it where it lies in the second half of the day.
    return (0, begins) if begins >= DAY // 2 or ends == DAY else (ends, DAY)


def _days(tokens: Sequence[Token], calendar: Sequence[date], over: bool) -> tuple[date, ...]:
    """The days that are meant; () is any. `over` is whether it is too late today for the time that is wished."""
    terms = _ranges(_terms(tokens, calendar, over), calendar)
    cuts = [cut for term in terms if (cut := _cut(term, calendar)) is not None]
    left = [day for day in calendar if all(day in cut for cut in cuts)]
    picked = {day for term in terms if term.token.wanted for day in _pick(term, left)}
    if cuts and left and not picked:
        ahead = calendar[AHEAD + 1] if any(term.token.mark in LIMITS for term in terms) else left[0]
        picked = {day for day in left if day < max(left[0] + timedelta(WEEKS), ahead)}
    return tuple(sorted(picked))


def _pick(term: _Term, days: Sequence[date]) -> list[date]:
    named = [day for day in days if day in term.days]
    return [day for day in named if day < named[0] + timedelta(term.window)]


def _cut(term: _Term, calendar: Sequence[date]) -> Set[date] | None:
    """What a term leaves that limits or denies; None for one that does neither, or means no day."""
    meant = _pick(term, calendar)
    if term.token.wanted or not meant:
        return None
    match term.token.mark:
        case "until":
            cut: Set[date] = {day for day in calendar if day <= meant[-1]}
        case "before":
            cut = {day for day in calendar if day < meant[0]}
        case "from" | "after":
            cut = {day for day in calendar if day >= meant[0]}
        case _:
            cut = term.scope or term.days
    return set(calendar) - cut if term.token.denied else cut


def _ranges(terms: Sequence[_Term], calendar: Sequence[date]) -> list[_Term]:
    """The terms, where two are the ends of a range made one."""
    joined: list[_Term] = []
    for term in terms:
        first = _pick(joined[-1], calendar) if joined and joined[-1].token.mark == "from" else []
        last = _pick(term, [day for day in calendar if first and day >= first[0]])
        if last:
            between = {day for day in calendar if first[0] <= day <= last[-1]}
            joined.pop()
            term = _Term(replace(term.token, mark=""), between, AHEAD)
        joined.append(term)
    return joined


def _terms(tokens: Sequence[Token], calendar: Sequence[date], over: bool) -> list[_Term]:
    """What the tokens mean, each within those that it names a part of: 「来週の火曜か木曜」, 「12月3日か4日」."""
    terms: list[_Term] = []
    scopes: list[_Term] = []
    for token in tokens:
        term = _term(token, calendar, over)
        beside = terms[-1].token.mark if terms and terms[-1] in scopes else ""
        inside = [scope for scope in scopes if scope.token.kind in INSIDE.get(token.kind, ()) and beside != "or"]
        if inside:
            # 「来週の火曜以外」 and 「来週、火曜は無理」 mean next week all the same.
            apart = token.denied == "but" or inside[-1].token.mark in ("comma", "pause")
            still = token.denied and apart and token.kind != "day"
            terms = [term for term in terms if still or term not in inside]
            term = _narrowed(term, inside, calendar)
        terms.append(term)
        if token.mark in LIMITS or (token.kind in SCOPES and token.denied):
            scopes = []
        elif not inside:
            scopes = [*(scopes if beside else []), term] if token.kind in SCOPES else []
    return terms


def _narrowed(term: _Term, inside: Sequence[_Term], calendar: Sequence[date]) -> _Term:
    """A term within its scopes, as far as they go: all that 「来月の火曜」 names is meant."""
    days, first = term.days, inside[0].token
    if term.token.kind == "part" and first.kind == "week":
        days = {day for day in calendar if WEEKDAYS[day.weekday()] in PARTS[_sign(term.token)][0]}
    scope = {day for scope in inside for day in scope.scope}
    narrowed = _Term(term.token, days & scope, sum(scope.window for scope in inside))
    # On Saturday, 今週の金曜 is the next Friday.
    return narrowed if _pick(narrowed, calendar) or first.text != "今週" else term


def _term(token: Token, calendar: Sequence[date], over: bool) -> _Term:
    """What a token means by itself."""
    today, text = calendar[0], token.text
    year, number = [0, 0, *token.numbers][-2:]
    match token.kind:
        case "later":
            ahead = NEAR.get(text, number * (30 if "月" in text else 1))
            return _Term(token, {today + timedelta(ahead)}, 1)
        case "week":
            return _week(token, number, today)
        case "month":
            # Of this year or the next where none is named.
            years = [day for day in calendar if day.year == year] if year else calendar[:366]
            month = {day for day in years if day.month == number}
            return _Term(token, month, 31, month)
        case "year":
            days = {day for day in calendar if day.year == number}
            return _Term(token, days, AHEAD, days)
        case "day":
            return _Term(token, {day for day in calendar if day.day == number}, 1)
        case "part":
            _, first, last = PARTS[_sign(token)]
            # 前半 or 末 is nothing by itself.
            alone = text.startswith("月") or text.endswith("旬")
            return _Term(token, {day for day in calendar if first <= day.day <= last}, (last - first + 1) * alone)
        case "weekday":
            return _weekday(token, number, calendar[1:] if over and not token.denied else calendar)
        case _:
            window, such = SORTS[text]
            return _Term(token, {day for day in calendar if such(day, today)}, window)


def _week(token: Token, number: int, today: date) -> _Term:
    """Monday to Friday of a week, or of 2週間後 the day."""
    day = today + timedelta(7 * WEEK.get(token.text, number))
    week = [day + timedelta(n - day.weekday()) for n in range(7)]
    # At the weekend, that is what is left of 今週.
    days = [day] if number else week if token.text == "今週" and today in week[5:] else week[:5]
    return _Term(token, set(days), 7, set(week))


def _weekday(token: Token, nth: int, calendar: Sequence[date]) -> _Term:
    """The next of each weekday, or of 第2火曜 the second Tuesday of a month."""
    names = re.sub("曜日?", "", token.text)
    days = {day for day in calendar if WEEKDAYS[day.weekday()] in names and nth in (0, (day.day + 6) // 7)}
    return _Term(token, days, 1 if nth else WEEKS if token.every else 7)


def _sign(part: Token) -> str:
    return part.text.removeprefix("月")[0]
