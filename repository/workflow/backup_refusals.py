"""What backup, restore and upgrade can refuse; facts["reason"] says why.

The sentences stand in web/backup_words.py, one for each code and reason.
"""

from repository.workflow.errors import WorkflowError


class BackupRefused(WorkflowError):
    """No backup could be made: "busy", "dialect", "full", "catalogue"."""

    code = "WF-050"
    status = 409


class BackupDamaged(WorkflowError):
    """A backup file is not what it was: "missing", "key", "damaged", "manifest", "catalogue", "dump"."""

    code = "WF-051"
    status = 422


class RestoreRefused(WorkflowError):
    """Nothing was restored: "not_empty", "unfinished", "newer", "no_key", "dialect"."""

    code = "WF-052"
    status = 409


class UpgradeRefused(WorkflowError):
    """The catalogue stays as it is: "newer", "backup", "open", "changed", "compare", "dialect", "failed"."""

    code = "WF-053"
    status = 409


class DrillFailed(WorkflowError):
    """The drill did not end well: "no_backup", "restore", "too_long", "differs"."""

    code = "WF-054"
    status = 409
