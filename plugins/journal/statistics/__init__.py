"""What closed trades say together, on screen and on paper."""
