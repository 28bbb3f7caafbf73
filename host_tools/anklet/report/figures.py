"""What the two small charts of a night show: its hours and its intervals."""

from anklet.report.plot import Axis, Bar, Figure, Layer, Panel, number_ticks
from anklet.report.view import SessionView
from anklet.texts import N_, _

HEIGHT, PAPER = 200, 120  # px, on the screen and on paper
BIN = 2  # width of an IMI bin, s
IMI_END = 100  # s


def upwards(most: float, title: str) -> Axis:
    """The y axis from 0 to a little above `most`."""
    top = 1.06 * max(most, 1)
    return Axis(0, top, title, number_ticks(0, top), grid=True)


def hours(night: SessionView) -> Figure:
    """PLM per hour in bed in each hour of the timeline, as wide as its minutes in bed, which stand
    under it: the area of a bar is its number of PLM."""
    bars = []
    for i, hour in enumerate(night.hours):
        if hour.rate is not None:
            half = 0.4 * min(1.0, hour.in_bed_min / 60)
            said = _(
                "{rate:.0f} PLM per hour in bed: {plm} in {minutes:.0f} min",
                rate=hour.rate,
                plm=hour.plm,
                minutes=hour.in_bed_min,
            )
            bars.append(Bar(i - half, i + half, 0, hour.rate, f"{hour.label}\n{said}"))
    # "23" of "23:00"; "+3" of "+3 h", since the start.
    less = 3 if night.session.start else 2
    ticks = [
        (i, f"{hour.label[:-less] or '0'}\n{hour.in_bed_min:.0f}")
        for i, hour in enumerate(night.hours)
    ][:: max(1, -(-len(night.hours) // 12))]
    x = Axis(-0.5, len(night.hours) - 0.5, _("hour, and minutes in bed in it"), ticks)
    y = upwards(max((bar.top for bar in bars), default=0), _("PLM per hour in bed"))
    return Figure([Panel([Layer("PLM", "plm", bars)], y, HEIGHT, PAPER)], x)


def imis(night: SessionView) -> Figure:
    """Histogram of the IMIs up to 100 s, those inside the rule's band apart from the others."""
    low, high = (night.rules.imi_min, night.rules.imi_max) if night.rules else (0, 0)
    inside, outside = [0] * (IMI_END // BIN), [0] * (IMI_END // BIN)
    for imi in night.imis:
        if imi < IMI_END:
            ours = inside if low <= imi * 1000 <= high else outside
            ours[int(imi // BIN)] += 1
    most = max(*map(sum, zip(inside, outside, strict=True)), 4)
    y = upwards(1.2 * most, _("intervals"))  # room for the band's name

    def bars(name: str, counts: list[int], under: list[int]) -> list[Bar]:
        return [
            Bar(
                BIN * (i + 0.07),
                BIN * (i + 0.93),
                under[i],
                under[i] + n,
                _("{low} to {high} s", low=BIN * i, high=BIN * i + BIN) + f"\n{n} {_(name)}",
            )
            for i, n in enumerate(counts)
            if n
        ]

    words = _("{low:g} to {high:g} s: may form a series", low=low / 1000, high=high / 1000)
    band = [Bar(low / 1000, high / 1000, 0, y.high)] if high else []
    label = [Bar(low / 1000, high / 1000, 1.02 * most, y.high, text=words)] if high else []
    layers = [
        Layer("band", "track", band),
        Layer("intervals in the band", "plm", bars(N_("intervals in the band"), inside, [0] * 50)),
        Layer("intervals outside", "outside", bars(N_("intervals outside"), outside, inside)),
        Layer("name", "label", label),
    ]
    x = Axis(0, IMI_END, _("interval, s"), [(at, str(at)) for at in range(0, IMI_END + 1, 20)])
    return Figure([Panel(layers, y, HEIGHT, PAPER)], x)
