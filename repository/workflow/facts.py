"""Small named facts of the installation, kept as rows."""

from sqlalchemy.orm import Session

from repository.models.school import Fact

SCHOOL_NAME = "school_name"
FONDS_CODE = "fonds_code"
SETUP_TOKEN = "setup_token_sha256"
SET_UP_AT = "set_up_at"
INDEX_SEAL = "index_seal"
GENERATION = "generation"
LOG_WATERMARK = "log_watermark."  # + store id
SEAL_WATERMARK = "seal_watermark."  # + store id
ROLL = "roll."  # + store id: the digest of the accounts as written there last
RECEIPT_KEY = "receipt_key."  # + key id: the public half in hex
RECEIPT_NUMBER = "receipt_number."  # + year: the last number given
LAST_REAPED = "last_reaped"
CLOCK_ALIVE = "clock_alive"
CLOCK_MARK = "clock_mark"  # the highest time ever believed
CLOCK_DOUBTED_SINCE = "clock_doubted_since"
CLOCK_DOUBTED_LAST = "clock_doubted_last"
FIXITY_NIGHT = "fixity_night"  # the night whose round was claimed last
INDEX_NOTE = "index_note"
ALARMS = "alarms"  # what the last look found, as JSON
ALARMS_TOLD = "alarms_told"  # alarm -> when people were told of it last, as JSON
DIGESTED = "digested"
PARTS = "parts"  # how much each part of the data takes up, as JSON
STOCKTAKE = "stocktake."  # + store id: how far a stocktake is, "" where none is under way
CANARIES = "canaries."  # + store id: the generation that counts there


def get(session: Session, name: str, default: str = "") -> str:
    """Return a fact's value, or default where it was never told."""
    row = session.get(Fact, name)
    return default if row is None else row.value


def put(session: Session, name: str, value: str) -> None:
    """Keep a fact."""
    session.merge(Fact(name=name, value=value))


def number(session: Session, name: str) -> int:
    """Return a fact that is a whole number; 0 where it was never told."""
    return int(get(session, name, "0"))


def next_generation(session: Session) -> int:
    """Return the next change number of the catalogue.

    Sessions that write hold the database's write lock, so no two get the same.
    """
    following = number(session, GENERATION) + 1
    put(session, GENERATION, str(following))
    session.flush()
    return following
