"""Description as a value: empty is absent, order does not matter, JSON is stable."""

import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository.description.errors import DescriptionUnreadable
from repository.description.value import Change, Description, changed_fields

texts = st.text(max_size=20)
descriptions = st.builds(
    Description,
    st.sampled_from(["photo", "document"]),
    st.dictionaries(texts, st.one_of(texts, st.lists(texts, max_size=3).map(tuple)), max_size=5),
)


def test_empty_values_are_left_out() -> None:
    """"", blanks and () are the same as not saying anything."""
    said = Description("photo", {"title": "合影", "place": " ", "people": ("", " "), "event": ""})

    assert dict(said.values) == {"title": "合影"}
    assert said.text("place") == ""
    assert said.many("people") == ()


def test_text_and_many_answer_for_both_shapes() -> None:
    """A list reads as text with 、, a text reads as a list of one."""
    said = Description("photo", {"title": "合影", "people": ("陆明川", "苏晚晴")})

    assert said.text("people") == "陆明川、苏晚晴"
    assert said.many("title") == ("合影",)


def test_a_description_cannot_be_changed() -> None:
    """Values are read-only; with_values makes another one and takes away what is emptied."""
    said = Description("photo", {"title": "合影", "place": "操场"})
    with pytest.raises(TypeError):
        said.values["title"] = "x"  # type: ignore[index]
    after = said.with_values({"place": "", "event": "校庆"})

    assert dict(after.values) == {"event": "校庆", "title": "合影"}
    assert said.text("place") == "操场"


def test_equal_descriptions_are_one_in_a_set() -> None:
    """Order of fields does not matter for equality, hash and JSON."""
    one = Description("photo", {"title": "a", "place": "b"})
    other = Description("photo", {"place": "b", "title": "a"})

    assert one == other and len({one, other}) == 1
    assert one.to_json() == other.to_json() == '{"kind": "photo", "values": {"place": "b", "title": "a"}}'
    assert copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one


@given(descriptions)
def test_json_round_trip(said: Description) -> None:
    """What was told is read back."""

    assert Description.from_json(said.to_json()) == said


@given(descriptions, descriptions)
def test_changes_lead_from_one_to_the_other(before: Description, after: Description) -> None:
    """Applying the told changes to the first gives the second; equal descriptions have none."""
    changes = changed_fields(before, after)
    of_fields = changes[1:] if before.kind != after.kind else changes
    fields = {change.field: change.after for change in of_fields}

    assert changed_fields(before, before) == ()
    assert dict(before.with_values(fields).values) == dict(after.values)
    assert (changes == ()) == (before == after)


def test_changes_tell_before_and_after() -> None:
    """An added list was () before, an added text was ""; another kind comes first."""
    before = Description("photo", {"title": "a", "place": "b"})
    after = Description("document", {"title": "c", "people": ("d",)})

    assert changed_fields(before, after) == (
        Change("kind", "photo", "document"),
        Change("people", (), ("d",)),
        Change("place", "b", ""),
        Change("title", "a", "c"),
    )


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"kind": 1, "values": {}}', '{"kind": "photo", "values": []}', "[" * 100_000,
     '{"kind": "photo", "values": {"a": 1}}', '{"kind": "photo", "values": {"a": ["b", 1]}}', "\xff"],
)
def test_damaged_json_is_refused(content: str) -> None:
    """Damage is a refusal with a code, never another error."""
    with pytest.raises(DescriptionUnreadable) as refused:
        Description.from_json(content)

    assert refused.value.code == "DE-030"


def test_plain_names_are_texts() -> None:
    """A field name that is no text is refused."""
    with pytest.raises(DescriptionUnreadable):
        Description.from_plain({"kind": "photo", "values": {1: "a"}})


def test_plain_is_json() -> None:
    """to_plain holds JSON values only."""
    said = Description("photo", {"people": ("a", "b")})

    assert json.loads(json.dumps(said.to_plain())) == {"kind": "photo", "values": {"people": ["a", "b"]}}
