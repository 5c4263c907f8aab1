"""The doctor: is everything here that the program needs, and what to do when not."""

from terminal.api import Plugin

PLUGIN = Plugin(
    id="doctor",
    title="Doctor",
    summary="Checks system libraries, keyring, network, files, clock and disk, and says what to do.",
    commands="plugins.doctor.commands",
)
