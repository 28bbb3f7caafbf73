"""Lists of movements: scored, combined from two legs, compared.

In: leg movements from the archive, from CSV or from EDF+ annotations. Out: CLMs, PLMs and series
by a rule set; the agreement of two lists. Knows the archive, nights and the readers of signal/,
and nothing of pages.
"""
