"""How much of a disk stays free, whatever comes (promise P14)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reserve:
    """The rule: at least so many bytes, and at least so many per cent of the disk."""

    least: int = 0
    percent: int = 0

    def wanted(self, total: int, upload: int = 0) -> int:
        """Return how many bytes must be free on a disk of total bytes before upload bytes come.

        Twice the upload: it stands in staging and in its package at the same time.
        """
        return max(self.least, total * self.percent // 100, 2 * upload)
