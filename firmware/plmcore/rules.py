"""Scoring rules as data: one table of bounds for each rule set.

Times are whole milliseconds; every bound is inclusive.
Sources: Ferri et al. 2016 (WASM/IRLSSG/EURLSSG standards); AASM manual, version 3.
"""


class Rules:
    """Bounds of one rule set.

    clm_min, clm_max    duration of a CLM on one leg, ms
    imi_min, imi_max    onset-to-onset interval inside a series, ms
    fewest              CLMs that make a series
    short_breaks        an interval under imi_min ends the series and its CLM may start the next
                        one; else that CLM is not counted and the interval is measured from the
                        last counted one (the AASM is silent; this is the habit of WASM 2006)
    long_breaks         an LM over clm_max ends the series; else it is ignored
    """

    def __init__(
        self, name, title, clm_min, clm_max, imi_min, imi_max, fewest, short_breaks, long_breaks
    ):
        self.name = name
        self.title = title
        self.clm_min = clm_min
        self.clm_max = clm_max
        self.imi_min = imi_min
        self.imi_max = imi_max
        self.fewest = fewest
        self.short_breaks = short_breaks
        self.long_breaks = long_breaks


RULES = {
    "wasm2016": Rules("wasm2016", "WASM 2016", 500, 10000, 10000, 90000, 4, True, True),
    "aasm3": Rules("aasm3", "AASM v3", 500, 10000, 5000, 90000, 4, False, False),
}
DEFAULT = "wasm2016"

# A gap in the recording over this length ends a series (engineering; nobody has published one).
GAP_BREAKS_MS = 2000
