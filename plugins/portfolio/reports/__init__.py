"""What is held, what it made, and how well it went."""
