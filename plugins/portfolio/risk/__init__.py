"""How much what is held swings, what a bad day costs, who brings it."""
