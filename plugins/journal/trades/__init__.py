"""Trades made of bookings, and what one writes about them."""
