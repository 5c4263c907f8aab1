"""The archive of option chains: fetched after the close, kept for good."""
