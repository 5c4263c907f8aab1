"""Accounts and what is booked in them: by hand, from brokers' files, from the demo."""
