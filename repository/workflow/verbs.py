"""Every slow verb by its job name.

EVERY JOB MAY RUN TWICE: a step first asks the catalogue whether it is done.
"""

from collections.abc import Callable

from repository.workflow import (
    access,
    anchoring,
    auditing,
    backup_rounds,
    care,
    drilling,
    export_jobs,
    import_jobs,
    indexing,
    ingest,
    logbook,
    medium_checking,
    medium_writing,
    mending,
    quarantining,
    reaping,
    receipting,
    replicating,
    sampling,
    sealing,
    taking_stock,
    watching,
)
from repository.workflow.tools import Work

#: Every slow verb by its job name.
VERBS: dict[str, Callable[[Work], None]] = {
    "ingest": ingest.ingest,
    "repack": ingest.repack,
    "replicate": replicating.replicate,
    "derive": access.derive,
    "index": indexing.index,
    "rebuild_index": indexing.rebuild,
    "fixity": care.fixity,
    "repair": mending.repair,
    "quarantine": quarantining.sweep,
    "carry_log": logbook.carry_log,
    "reap": reaping.reap_job,
    "watch": watching.watch,
    "digest": watching.digest,
    "notify": watching.notify,
    "samples": sampling.fill,
    "seal": sealing.seal,
    "medium_write": medium_writing.medium_write,
    "medium_check": medium_checking.medium_check,
    "backup": backup_rounds.backup,
    "drill": drilling.drill,
    "anchor": anchoring.anchor,
    "audit_verify": auditing.audit_verify,
    "stocktake": taking_stock.stocktake,
    "adopt": taking_stock.adopt,
    "export": export_jobs.export,
    "import_bags": import_jobs.take,
    "tidy_exchange": export_jobs.tidy,
    "receipt": receipting.issue,
    "receipts": receipting.issue_due,
    "carry_receipts": receipting.carry,
}
