"""Simulated nights through everything: `python -m anklet.demo`, `python -m anklet.demo.trial`."""
