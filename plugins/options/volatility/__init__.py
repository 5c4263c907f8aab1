"""What options say of volatility to come, and what it was."""
