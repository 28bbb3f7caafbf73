"""One night, read and dated.

In: the bytes of a night file or a trace, and what computers knew of the board's clock. Out: a
Session with its movements, counts and local time; sessions joined into nights; rates of them.
Knows the device's own core (plmcore), and nothing of boards, of the archive or of pages.
"""
