"""A plugin folder for the window tests: small panels with every optional method."""
