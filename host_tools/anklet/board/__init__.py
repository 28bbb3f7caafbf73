"""A board on a port.

In: a serial port. Out: what the board says it is, its files byte for byte, its firmware put in
place, its sensor, flash and clock examined. Knows how a night file is named, and nothing of what
the computer keeps.
"""
