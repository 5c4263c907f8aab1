"""How much to buy."""
