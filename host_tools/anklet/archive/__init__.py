"""What is kept: raw night files, the database made from them, the journal.

In: the files of a board, as downloaded and verified, and what the person notes. Out: sessions,
whole nights and journal entries. Only this room writes what lasts. Knows boards and nights,
and nothing of how they are shown.
"""
