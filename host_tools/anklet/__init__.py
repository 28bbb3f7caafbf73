"""The computer's side of Anklet: host_tools/README.md shows its rooms and the way of a night."""
