"""Risk of what is held: pure functions over daily returns. Losses are positive, fractions are fractions, a year has 252 days."""
