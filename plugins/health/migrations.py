"""The problems that the user does not want to be told of again."""

from terminal.api import Migration

MIGRATIONS = (
    Migration(
        name="0001 acknowledged problems",
        sql="""create table health.acknowledged (
            problem varchar not null, fingerprint varchar not null, "at" timestamptz not null);""",
    ),
)
