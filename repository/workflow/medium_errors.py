"""What work on offline media can refuse."""

from repository.workflow.errors import WorkflowError


class MediumRefused(WorkflowError):
    """The folder is not this medium's; facts["why"], facts["folder"], facts["medium"] (its name).

    why is "absent" (no such folder), "other" (another medium or store; facts["found"]),
    "blank" (this medium was written before, this folder never: an unmounted place reads
    so), "same_disk", "inside" (within the archive's own folders), "not_empty", "gone" (lost or
    retired), "no_identity" (a sealed medium needs its key), "report" (no report of the
    verifier on this medium), "future" (a report from the future).
    """

    code = "WF-041"
    status = 409
