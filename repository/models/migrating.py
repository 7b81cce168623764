"""Brings a database's schema up to date with Alembic."""

from enum import StrEnum
from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy.exc import SQLAlchemyError

from repository.models.database import Database


class MigrationFailed(Exception):
    """A change of the schema could not be made."""


class Schema(StrEnum):
    """How a database's schema stands to the software's."""

    NONE = "none"
    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"


def configuration() -> Config:
    """Return Alembic's configuration; it needs no file."""
    config = Config()
    config.set_main_option("script_location", str(files("repository") / "migrations"))
    return config


def migrate(database: Database, *, to: str = "head") -> None:
    """Apply all changes (up to a revision) that the database has not seen yet. Raises MigrationFailed."""
    config = configuration()
    with database.engine.execution_options(jingui_writes=True).connect() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, to)
            connection.commit()
        except (CommandError, SQLAlchemyError) as error:
            raise MigrationFailed(str(error)) from error


def revision(database: Database) -> str:
    """Return the database's schema revision, "" where it has none."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def newest_revision() -> str:
    """Return the newest schema revision that this software knows."""
    return ScriptDirectory.from_config(configuration()).get_current_head() or ""


def schema_of(database: Database) -> Schema:
    """Return how the database's schema stands; one that this software does not know is newer."""
    now = revision(database)
    if now in ("", newest_revision()):
        return Schema.CURRENT if now else Schema.NONE
    known = {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}
    return Schema.OLDER if now in known else Schema.NEWER


def is_current(database: Database) -> bool:
    """Return whether the database has the newest schema."""
    return schema_of(database) is Schema.CURRENT
