"""Imports every room with tables, so that Base.metadata knows them all."""

from repository.models import account, collection, edit_draft, event, item, job, package, school, submission

ROOMS = (account, collection, edit_draft, event, item, job, package, school, submission)
