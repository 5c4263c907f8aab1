"""Finding unusual trades in options: pure."""
