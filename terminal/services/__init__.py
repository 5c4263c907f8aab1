"""What needs both the store and the data services: the market, and explanations."""
