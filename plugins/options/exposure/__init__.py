"""What those who sold the options have to trade when the price moves."""
