"""Triggers that refuse to change or remove what was written once."""

from sqlalchemy import DDL, FromClause, event


def refuse_changes(table: FromClause) -> None:
    """Let a table be made with triggers that refuse UPDATE and DELETE (SQLite)."""
    name = str(table)
    for act in ("UPDATE", "DELETE"):
        event.listen(
            table,
            "after_create",
            DDL(  # type: ignore[no-untyped-call]
                f"CREATE TRIGGER {name}_refuse_{act.lower()} BEFORE {act} ON {name} "
                f"BEGIN SELECT RAISE(ABORT, '{name} are append-only'); END"
            ).execute_if(dialect="sqlite"),
        )
