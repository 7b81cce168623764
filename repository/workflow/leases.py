"""A lease row lets exactly one process do a thing at a time.

The token grows with every change of holder; whoever comes back from a long
sleep finds that its token is old, and stops (B27). A holder on this very
machine whose process is gone is relieved at once.
"""

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from repository.models.job import Lease
from repository.workflow.errors import LeaseTaken
from storage.platform import process_alive

WORKER = "worker"
TERM = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Held:
    """A lease that this process holds."""

    name: str
    holder: str
    token: int


def take(session: Session, name: str, now: datetime) -> Held:
    """Return the lease, or raise LeaseTaken with who holds it since when."""
    host, pid = socket.gethostname(), os.getpid()
    lease = session.get(Lease, name) or Lease(name=name, token=0, holder="", host="", pid=0, expires_at=now)
    if lease.holder and lease.expires_at > now and not _is_dead(lease, host):
        raise LeaseTaken(name=name, host=lease.host, pid=lease.pid)
    lease.token += 1
    lease.holder, lease.host, lease.pid = f"{host}:{pid}:{lease.token}", host, pid
    lease.expires_at = now + TERM
    session.add(lease)
    return Held(name, lease.holder, lease.token)


def _is_dead(lease: Lease, host: str) -> bool:
    return lease.host == host and lease.pid != os.getpid() and not process_alive(lease.pid)


def renew(session: Session, held: Held, now: datetime) -> bool:
    """Hold on to the lease; return False if it has gone to somebody else."""
    lease = session.get(Lease, held.name)
    if lease is None or lease.token != held.token or lease.holder != held.holder:
        return False
    lease.expires_at = now + TERM
    return True


def give_back(session: Session, held: Held, now: datetime) -> None:
    """Let the next one in at once."""
    lease = session.get(Lease, held.name)
    if lease is not None and lease.token == held.token:
        lease.holder, lease.expires_at = "", now


def holder(session: Session, name: str, now: datetime) -> Lease | None:
    """Return who holds a lease now, or None."""
    lease = session.get(Lease, name)
    if lease is None or not lease.holder or lease.expires_at <= now or _is_dead(lease, socket.gethostname()):
        return None
    return lease
