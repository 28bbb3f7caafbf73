"""Night files that nobody should have written, and what reading them costs."""
