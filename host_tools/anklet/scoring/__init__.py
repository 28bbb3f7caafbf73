"""Lists of movements: scored, combined from two legs, compared.

In: leg movements from the archive or from anybody's list (CSV, EDF+, RemLogic, XML, Luna; one
module a format, labels.py for what labels mean). Out: CLMs, PLMs and series by a rule set, and
what sleep, arousals and breathing say of them; the agreement of two lists. Knows the archive,
nights and the readers of signal/, and nothing of pages.
"""
