"""Brings a database's schema up to date with Alembic."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from repository.models.database import Database


def configuration() -> Config:
    """Return Alembic's configuration; it needs no file."""
    config = Config()
    config.set_main_option("script_location", str(files("repository") / "migrations"))
    return config


def migrate(database: Database) -> None:
    """Apply all changes that the database has not seen yet."""
    config = configuration()
    with database.engine.execution_options(jingui_writes=True).connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def is_current(database: Database) -> bool:
    """Return whether the database has the newest schema."""
    with database.engine.connect() as connection:
        now = MigrationContext.configure(connection).get_current_revision()
    return now == ScriptDirectory.from_config(configuration()).get_current_head()
