"""Canonical JSON: one value, one sequence of bytes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.ledger import CanonicalError, canonical_json

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def test_keys_are_sorted_and_nothing_is_escaped_that_need_not_be() -> None:
    assert canonical_json({"ü": [1, True, None], "a": "€\n"}) == '{"a":"€\\n","ü":[1,true,null]}'.encode()


@given(VALUES)
def test_a_value_comes_back_and_has_one_form_only(value: Any) -> None:
    content = canonical_json(value)
    assert json.loads(content) == value
    assert canonical_json(json.loads(content)) == content


@pytest.mark.parametrize(
    "value", [1.0, [float("nan")], {"a": {"b": 0.1}}, {1: "a"}, {"a": b"bytes"}, {"a": {1, 2}}, "\ud800"]
)
def test_what_has_no_canonical_form_is_refused(value: Any) -> None:
    with pytest.raises(CanonicalError):
        canonical_json(value)


def test_the_message_says_where_the_float_stands() -> None:
    with pytest.raises(CanonicalError, match=r"float at \$\.a\[1\]"):
        canonical_json({"a": [1, 2.5]})
