"""Schema changes of the catalogue, by Alembic; applied at every start."""
