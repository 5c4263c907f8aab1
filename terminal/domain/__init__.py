"""Pure: no files, no clock, no network, no Qt, no threads. Frames in, frames out."""
