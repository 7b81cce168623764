"""The editorial life of an item: every pair of state and verb."""

from itertools import product

import pytest

from repository.workflow.errors import NotAllowed
from repository.workflow.states import STATES, TRANSITIONS, VERBS, after, allows

#: What may follow, in the test's own words: "submit submitted" means that submit leads to submitted.
LIFE = {
    "draft": "submit submitted, edit draft, discard ",
    "returned": "submit submitted, edit returned, discard ",
    "submitted": "edit submitted, accept accepted, return returned",
    "accepted": "hold held, register archived",
    "held": "edit held, accept accepted, return returned",
    "archived": "edit archived",
}


@pytest.mark.parametrize(("state", "verb"), list(product((*STATES, "", "unknown"), (*VERBS, "unknown"))))
def test_each_pair_leads_where_the_table_says_or_is_refused(state: str, verb: str) -> None:
    """A step that the life of an item does not know is refused, with state and verb."""
    known = dict(step.split(" ", 1) for step in LIFE.get(state, "").split(", ") if step)
    if verb in known:
        assert (after(state, verb), allows(state, verb)) == (known[verb], True)
        return
    with pytest.raises(NotAllowed) as refusal:
        after(state, verb)

    assert refusal.value.facts == {"state": state, "verb": verb}
    assert not allows(state, verb)


def test_the_table_knows_no_other_words() -> None:
    """States and verbs of the table are those that are listed."""
    assert {state for state, _ in TRANSITIONS} | set(TRANSITIONS.values()) - {""} <= set(STATES)
    assert {verb for _, verb in TRANSITIONS} == set(VERBS)


def test_what_is_archived_never_leaves_by_an_editorial_step() -> None:
    """No transition leads out of archived: destruction will have a way of its own."""
    assert {after(*pair) for pair in TRANSITIONS if pair[0] == "archived"} == {"archived"}
