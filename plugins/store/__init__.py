"""The local files: backups of the book, checks, what was fetched and what was refused."""

from terminal.api import Plugin

PLUGIN = Plugin(
    id="store",
    title="Local files",
    summary="Backs up and restores what you own, checks the files, and shows every request and every refused number.",
    commands="plugins.store.commands",
)
