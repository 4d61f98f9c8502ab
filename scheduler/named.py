"""Days that owners name in their own words."""

import re
import unicodedata
from datetime import date

# 令和元年 is 2019 (元号法に基づく政令, 2019-05-01).
REIWA = 2018
_YEAR = re.compile(
    r"(?:(20[2-9][0-9])|(?:令和|R)([0-9]{1,2}))年?度?"  # 2029年, 令和11年度
    r"(?:[の./-]?\s*([0-9]{1,2})月?)?(?:[./-]?([0-9]{1,2})日)?"  # 4月1日
)


def named_day(text: str, today: date) -> date | None:
    """The day that a text names, such as 2029年4月1日; of a month or year its first; None where it names none."""
    plain = unicodedata.normalize("NFKC", text)
    if "再来年" in plain:
        return date(today.year + 2, 1, 1)
    if "来年" in plain:
        return date(today.year + 1, 1, 1)
    if "去年" in plain or "昨年" in plain:
        return date(today.year - 1, 12, 31)
    found = _YEAR.search(plain)
    if not found:
        return None
    western, reiwa, month, day = found.groups()
    year = int(western) if western else REIWA + int(reiwa)
    try:
        return date(year, int(month or 1), int(day or 1))
    except ValueError:
        return date(year, 1, 1)
