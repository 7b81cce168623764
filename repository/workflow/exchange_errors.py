"""What export, import of bags and receipts can refuse."""

from repository.workflow.errors import WorkflowError


class TargetTaken(WorkflowError):
    """Something stands where an export should go; facts["path"]."""

    code = "WF-031"
    status = 409


class NothingToExport(WorkflowError):
    """Nothing was chosen that this person may read and that is archived."""

    code = "WF-032"
    status = 422


class PackRefused(WorkflowError):
    """A zip or tar breaks a limit or a rule; facts["why"], facts["path"], facts["twin"].

    why is "unreadable", "encrypted", "link", "special", "path", "twins",
    "too_many", "too_large", "ratio", "too_deep", "no_room" or "no_bag".
    """

    code = "WF-033"
    status = 422


class ReceiptUnknown(WorkflowError):
    """No receipt has this code."""

    code = "WF-034"
    status = 404


class ReceiptRefused(WorkflowError):
    """There is nothing to give a receipt for."""

    code = "WF-035"
    status = 409
