"""The Engine port: what every search engine must do.

Index and query share one analysis (search/analysis.py) and one grammar
(search/grammar.py), so that engines differ in speed only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from search.entry import Entry, Page, Request


@dataclass(frozen=True, slots=True)
class Health:
    """What an engine knows of its index.

    usable is False where the index is lost, foreign or of another schema;
    reason then says which ("missing", "schema", "foreign", "damaged").
    """

    usable: bool
    reason: str
    count: int
    generation: int


class Engine(Protocol):
    """Finds entries."""

    def replace(self, entries: Iterable[Entry], generation: int) -> int:
        """Add entries or put them in place of those with the same id.

        All of them are findable when it returns, or none is. generation is
        the catalogue's change number up to which the index is now true.
        Returns how many. Raises IndexUnusable.
        """

    def remove(self, ids: Iterable[str], generation: int) -> None:
        """Forget entries; ids that are not there are no error."""

    def find(self, request: Request) -> Page:
        """Answer one question.

        Access is part of the question: an entry without one of request.tags
        does not appear in hits, total, facets or snippets. Raises
        QueryRefused, IndexUnusable.
        """

    def rebuild(self, entries: Iterable[Entry], generation: int) -> int:
        """Build a new index beside the old one, then put it in its place."""

    def health(self) -> Health:
        """Return the state of the index; never raises."""
