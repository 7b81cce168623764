"""Alembic's way in: it works on the connection that is handed to it."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

import repository.models.tables  # noqa: F401  (every table must be known)
from repository.models.base import Base, UtcTime


def _render(kind: str, value: object, context: AutogenContext) -> "str | Literal[False]":
    """Write our time type as what the database sees."""
    if kind == "type" and isinstance(value, UtcTime):
        return "sa.DateTime()"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=_render,
    compare_type=False,
)
with context.begin_transaction():
    context.run_migrations()
