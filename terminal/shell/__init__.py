"""The window: frame, docks, palette, preferences, first run, crash hook, and the `window` commands."""
