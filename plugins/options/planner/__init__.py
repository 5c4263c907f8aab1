"""From an outlook to a trade in options with its size."""
