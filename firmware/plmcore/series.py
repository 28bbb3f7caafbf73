"""The streaming scorer: which leg movements belong to a periodic series.

LMs go in one at a time, in order of onset. A CLM's flag is final as soon as its series has enough
members: the first three of a series are flagged when the fourth comes.
"""

from array import array

from plmcore.native import const

_SHORT = const(1)  # an LM too short to be a CLM; the same numbers as in reader.KINDS
_LONG = const(2)  # an LM too long to be a CLM
_CLM = const(0)


class Series:
    """Scores LMs by one rule set. Holds no list: memory does not grow with the night.

    Counts so far: clm, plm, series, short_imi, and plm_strict, the PLMs under the other reading of
    the short interval, in which the CLM after it may not start a series.

    After each add(): `kind` (0 for a CLM, else SHORT or LONG, of reader.KINDS), `plm_now` (this LM
    is a PLM), `number` (its series, from 1; 0 outside a series), and `flagged`: how many earlier
    LMs became PLMs with this one. Their numbers, as given to add(), are the first `flagged` items
    of `earlier`.
    """

    def __init__(self, rules):
        self.rules = rules
        self.clm = self.plm = self.series = self.short_imi = self.plm_strict = 0
        self.kind = _CLM
        self.plm_now = False
        self.number = 0
        self.flagged = 0
        self.earlier = array("H", [0] * (rules.fewest - 1))
        self._run = 0  # CLMs in the series under way
        self._strict_run = 0
        self._onset = 0  # of the last counted CLM, ms
        self._known = False  # an interval can be measured from _onset

    def gap(self):
        """The recording has a hole: the series ends and no interval is measured across it."""
        self._run = self._strict_run = 0
        self._known = False

    def add(self, lm, onset, duration):
        """Score LM number `lm` (0..65535) with onset and duration in ms (0..2**30 - 1).

        The onset must not lie before that of the LM added last.
        """
        rules = self.rules
        self.plm_now = False
        self.number = self.flagged = 0
        if duration < rules.clm_min:
            self.kind = _SHORT
            return
        if duration > rules.clm_max:
            self.kind = _LONG
            if rules.long_breaks:
                self.gap()
            return
        self.kind = _CLM
        self.clm += 1
        short = joins = False
        if self._known:
            interval = onset - self._onset
            short = interval < rules.imi_min
            joins = not short and interval <= rules.imi_max
        if short:
            self.short_imi += 1
            self._strict_run = 0
            if not rules.short_breaks:
                return
        else:
            self._strict_run = self._strict_run + 1 if joins else 1
            if self._strict_run >= rules.fewest:
                self.plm_strict += rules.fewest if self._strict_run == rules.fewest else 1
        self._onset = onset
        self._known = True
        self._run = self._run + 1 if joins else 1
        if self._run < rules.fewest:
            self.earlier[self._run - 1] = lm
            return
        if self._run == rules.fewest:
            self.series += 1
            self.flagged = rules.fewest - 1
        self.plm += self.flagged + 1
        self.plm_now = True
        self.number = self.series
