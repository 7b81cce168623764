"""What preservation can fail at: it could not judge."""


class PreservationError(Exception):
    """Base: a judgement could not be made."""

    code = "PR-000"

    def __init__(self, **facts: object) -> None:
        super().__init__(self.code, facts)
        self.facts = facts


class CouldNotJudge(PreservationError):
    """The subject cannot be read at all (no such folder, no right)."""

    code = "PR-001"


class ChildFailed(PreservationError):
    """The limited child process died, ran out of time or refused."""

    code = "PR-002"
