"""What search can fail at."""


class SearchError(Exception):
    """Base of all search failures."""

    code = "SE-000"

    def __init__(self, **facts: object) -> None:
        super().__init__(self.code, facts)
        self.facts = facts


class QueryRefused(SearchError):
    """The query is over a limit (length, clauses, prefix); facts say which."""

    code = "SE-001"


class IndexUnusable(SearchError):
    """The index is lost, foreign, stale or of another schema: rebuild it."""

    code = "SE-002"
