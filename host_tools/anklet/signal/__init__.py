"""Acceleration from anywhere, through the device's own chain.

In: CSV or Axivity files at any rate. Out: samples at the device's rate in the sensor's 10 bits,
and the night file that the firmware makes of them. Knows nights, and nothing of boards on a port
or of the archive.
"""
