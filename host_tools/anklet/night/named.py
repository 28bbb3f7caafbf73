"""Nights as a person names them: `today`, `yesterday`, `-3`, or the date of their evening."""

import datetime as dt
import re

DAYS = {"today": 0, "tonight": 0, "yesterday": 1}


def dated(text: str, today: dt.date | None = None) -> str:
    """The ISO date of a night that was named by `today` or `tonight` (its evening is this date),
    `yesterday` or `-3` (so many days ago); any other text as it is."""
    word = text.strip().lower()
    ago = DAYS.get(word)
    if re.fullmatch(r"-\d{1,4}", word):
        ago = int(word[1:])
    if ago is None:
        return text
    return ((today or dt.date.today()) - dt.timedelta(days=ago)).isoformat()
