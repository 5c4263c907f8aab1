"""What a portfolio would be worth in another market: shocks as text, past crises, and the full revaluation behind them."""
