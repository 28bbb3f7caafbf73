"""A trial's evenings as a calendar on paper: one A4 side, a box to tick for each night.

It holds no script and asks for nothing from a network, and no night's result is in it.
"""

import datetime as dt
from html import escape

from anklet.texts import SHORT_WEEKDAYS, _, day_and_month, language, n_, sentence, short_day
from anklet.trial import words
from anklet.trial.plan import Plan, schedule

TALL, MOST = 205, 17  # mm: of all weeks together, and of one
STYLE = """
@page {{ size: A4; margin: 14mm }}
body {{ font: 9.5pt/1.3 sans-serif; color: #111; max-width: 182mm; margin: auto }}
h1 {{ font-size: 15pt; margin: 0 0 1mm }} p {{ margin: 0 0 1mm }}
table {{ border-collapse: collapse; table-layout: fixed; width: 100%; margin: 2mm 0 }}
th {{ font-size: 8pt; text-align: left; font-weight: normal }}
td {{ border: 0.2mm solid #777; height: {high}mm; padding: 0 1mm; vertical-align: middle;
  font-size: {size}pt; line-height: 1.1; white-space: nowrap; overflow: hidden }}
td.none {{ border: 0 }} td span {{ color: #444; font-size: 7pt }}
@media print {{ .screen {{ display: none }} }}
"""


def html(plan: Plan, nav: str = "") -> str:
    """The page, a row a week. nav: HTML to stand above it on a screen."""
    nights = {night.date: night for night in schedule(plan)}
    monday = plan.first - dt.timedelta(days=plan.first.weekday())
    weeks = (plan.last - monday).days // 7 + 1
    high = min(MOST, round(TALL / weeks, 2))
    rows = []
    for week in range(weeks):
        cells = []
        for day in range(7):
            date = monday + dt.timedelta(days=7 * week + day)
            night = nights.get(date.isoformat())
            if night is None:
                cells.append('<td class="none"></td>')
                continue
            name = day_and_month(date) if date == plan.first or date.day == 1 else date.day
            between = "<br>" if high > MOST / 2 else " "
            cells.append(
                f"<td><span>{name}</span>{between}\N{BALLOT BOX} "
                f"{escape(words.short_task(plan, night))}</td>"
            )
        rows.append(f"<tr>{''.join(cells)}</tr>")
    head = "".join(f'<th scope="col">{_(day)}</th>' for day in SHORT_WEEKDAYS)
    style = STYLE.format(high=high, size=9.5 if high > MOST / 2 else 8)
    title = escape(_("Calendar of {trial}", trial=plan.id))
    nights_ = n_("{n} night", "{n} nights", plan.length)
    said = _(
        "From {first} to {last}; a box is a night, by the date of its evening. Tick it when you"
        " took what it says; write beside it what was otherwise. Copy it into the journal when you"
        " sync.",
        first=short_day(plan.first),
        last=short_day(plan.last),
    )
    what = escape(sentence(words.name(plan)))
    return (
        f'<!doctype html><html lang="{language()}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}'
        f"</title><style>{style}</style>{nav}<h1>{what}: {nights_}</h1>"
        f"<p>{said}</p><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table><p>{escape(_(plan.stop))}</p></html>\n"
    )
