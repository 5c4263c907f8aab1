"""What would happen: shocks, trades that are only thought of, Greeks."""
