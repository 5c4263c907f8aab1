"""Decisions and calls: written down, followed, judged, summed up."""
