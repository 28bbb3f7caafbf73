"""From one leg to a cohort: many people's nights scored alike, one table out.

A folder, archives or a manifest go in (found, manifest); Parquet datasets come out
(tables), and from them a page (report). Each night passes the device's own core (scored). The
nights are cut into parts by person (plan), which workers (worker) of Dask or of this computer work
off (engine).
It may know the archive, the scoring, the export's columns and the report's pieces; never a board,
the web or a command.
"""
