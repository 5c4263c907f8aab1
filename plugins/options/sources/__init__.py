"""Where option data comes from: signing in at a broker."""
