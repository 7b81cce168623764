"""The editorial life of an item, as one table.

Custody (where the bytes are and how they fare) is another life: Copy.state.
"""

from repository.workflow.errors import NotAllowed

DRAFT, SUBMITTED, RETURNED, ACCEPTED, HELD, ARCHIVED = (
    "draft",
    "submitted",
    "returned",
    "accepted",
    "held",
    "archived",
)
STATES = (DRAFT, SUBMITTED, RETURNED, ACCEPTED, HELD, ARCHIVED)
VERBS = ("submit", "accept", "return", "hold", "register", "discard", "edit")

#: (state, verb) -> state. "held": a check of intake failed and waits for a person.
TRANSITIONS = {
    (DRAFT, "submit"): SUBMITTED,
    (DRAFT, "edit"): DRAFT,
    (DRAFT, "discard"): "",
    (RETURNED, "submit"): SUBMITTED,
    (RETURNED, "edit"): RETURNED,
    (RETURNED, "discard"): "",
    (SUBMITTED, "edit"): SUBMITTED,
    (SUBMITTED, "accept"): ACCEPTED,
    (SUBMITTED, "return"): RETURNED,
    (ACCEPTED, "hold"): HELD,
    (ACCEPTED, "register"): ARCHIVED,
    (HELD, "edit"): HELD,
    (HELD, "accept"): ACCEPTED,
    (HELD, "return"): RETURNED,
    (ARCHIVED, "edit"): ARCHIVED,
}


def after(state: str, verb: str) -> str:
    """Return the state that follows; "" is gone. Raises NotAllowed."""
    try:
        return TRANSITIONS[state, verb]
    except KeyError:
        raise NotAllowed(state=state, verb=verb) from None


def allows(state: str, verb: str) -> bool:
    """Return whether verb is possible in this state."""
    return (state, verb) in TRANSITIONS
