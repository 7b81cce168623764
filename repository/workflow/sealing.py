"""Seals both logs, row by row, with a key of the worker's own.

Every job may run twice: what has a seal is left alone.
"""

from repository.workflow.tools import Work


def seal(work: Work) -> None:
    """Seal what both logs have new."""
