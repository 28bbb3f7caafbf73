"""`anklet web`: nights, journal and boards as pages on this computer alone.

server.py guards the door (loopback address, token, origin), each other module adds the pages of
its name; jobs.py is what takes longer than a page may.
"""
