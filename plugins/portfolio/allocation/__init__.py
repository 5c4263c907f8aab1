"""Where the money is, where it should be, and how to get there."""
