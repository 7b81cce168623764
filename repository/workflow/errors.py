"""What a verb can refuse; the doors put it into words by code and facts."""


class WorkflowError(Exception):
    """Base of all refusals; status is the HTTP number that fits."""

    code = "WF-000"
    status = 400

    def __init__(self, **facts: object) -> None:
        super().__init__(self.code, facts)
        self.facts = facts


class NotAllowed(WorkflowError):
    """The step is not possible in this state."""

    code = "WF-001"
    status = 409


class Refused(WorkflowError):
    """The actor has no permission for it."""

    code = "WF-002"
    status = 403


class Incomplete(WorkflowError):
    """Values are missing or wrong; facts["problems"] lists them."""

    code = "WF-003"
    status = 422


class ReasonMissing(WorkflowError):
    """This step needs a reason."""

    code = "WF-004"
    status = 422


class Taken(WorkflowError):
    """A name or code is in use already."""

    code = "WF-005"
    status = 409


class EditedMeanwhile(WorkflowError):
    """Someone else saved this item in the meantime; nothing was overwritten."""

    code = "WF-006"
    status = 409


class LeaseTaken(WorkflowError):
    """Another process holds this lease."""

    code = "WF-007"
    status = 409


class SignInRefused(WorkflowError):
    """Name or password is wrong, or the account is not active."""

    code = "WF-008"
    status = 401


class TooManyTries(WorkflowError):
    """Wait before trying again; facts["seconds"]."""

    code = "WF-009"
    status = 429


class WeakPassword(WorkflowError):
    """The password is too short, too long or too well known; facts["why"]."""

    code = "WF-010"
    status = 422


class AlreadySetUp(WorkflowError):
    """The archive has been set up; the token is void."""

    code = "WF-011"
    status = 409


class NoGoodCopy(WorkflowError):
    """Nothing to repair from: no copy equals the record."""

    code = "WF-012"
    status = 409


class SourceUnreadable(WorkflowError):
    """A file to ingest cannot be read; facts["path"]."""

    code = "WF-013"
    status = 422


class SheetRefused(WorkflowError):
    """The metadata sheet is wrong; facts["problems"] names row and column."""

    code = "WF-014"
    status = 422
