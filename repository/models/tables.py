"""Imports every room with tables, so that Base.metadata knows them all."""

from repository.models import (
    account,
    audit,
    collection,
    edit_draft,
    event,
    item,
    job,
    keeping,
    package,
    school,
    submission,
    watch,
)

ROOMS = (
    account,
    audit,
    collection,
    edit_draft,
    event,
    item,
    job,
    keeping,
    package,
    school,
    submission,
    watch,
)
