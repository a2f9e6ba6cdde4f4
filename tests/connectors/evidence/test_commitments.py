"""Commitments: canonical bytes that stay what they are, and salts that hide them."""

import hmac
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.evidence import EvidenceInputError
from connectors.evidence.commitments import (
    canonical,
    commit_to,
    instant_of,
    leaf_of,
    make_salts,
    microseconds,
)
from lineage.ledger import canonical_json

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXT
METADATA = st.dictionaries(
    TEXT, st.recursive(VALUES, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=6)
)


@given(METADATA)
def test_the_canonical_bytes_are_those_of_the_standard_library_and_of_the_ledger(
    value: dict[str, Any],
) -> None:
    plain = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert canonical(value) == plain == canonical_json(value)


def test_a_commitment_is_the_hmac_of_the_canonical_metadata() -> None:
    assert (
        commit_to({"b": 1, "a": "ü"}, b"salt")
        == hmac.digest(b"salt", '{"a":"ü","b":1}'.encode(), "sha256").hex()
    )
    assert leaf_of("page", "ab") == canonical_json({"v": 1, "kind": "page", "commitment": "ab"})


@pytest.mark.parametrize("value", [{"a": 0.5}, {"a": "\ud800"}])
def test_what_has_no_canonical_form_is_refused(value: dict[str, Any]) -> None:
    with pytest.raises(EvidenceInputError):
        canonical(value)


def test_a_source_of_randomness_that_runs_dry_is_refused() -> None:
    with pytest.raises(EvidenceInputError, match="fewer bytes"):
        make_salts(2, lambda count: bytes(count - 1))
    assert make_salts(0, bytes) == []


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-7, minutes=30))])))
def test_instants_come_back_to_the_microsecond(instant: datetime) -> None:
    assert instant_of(microseconds(instant)) == instant
