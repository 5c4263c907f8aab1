"""How it stands at a glance."""
