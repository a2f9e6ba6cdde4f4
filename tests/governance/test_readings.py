"""Readings of what concerns people, as leaves of the governance log."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from governance.errors import ReadingError
from governance.identity.decisions import commitment
from governance.readings import Reading, readings_of

AT = datetime(2026, 7, 1, 12, tzinfo=UTC)
READING = Reading(
    view="subject",
    numbers=("change_lead_time person 2026-05",),
    subject="p_1",
    evidence_size=77,
    read_by=commitment(b"k" * 32, "github:ada"),
    read_at=AT,
)


def test_a_leaf_says_what_was_read_and_names_nobody() -> None:
    leaf = READING.leaf()
    assert b"change_lead_time person 2026-05" in leaf
    assert b"ada" not in leaf
    assert readings_of([(4, leaf)], "p_1") == [(4, READING)]


def test_a_person_is_told_who_has_read_their_numbers_and_no_one_elses() -> None:
    other = replace(READING, subject="p_2", view="auditor")
    leaves = [(0, b'{"kind":"publication"}'), (1, READING.leaf()), (2, other.leaf())]
    assert [index for index, _ in readings_of(leaves, "p_1")] == [1]
    assert [reading.view for _, reading in readings_of(leaves, "p_2")] == ["auditor"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"view": "shared"}, "unknown view"),
        ({"numbers": ()}, "at least one number"),
        ({"read_at": datetime(2026, 7, 1)}, "time zone"),  # noqa: DTZ001 - the fault
    ],
)
def test_what_says_nothing_is_refused(changed: dict[str, object], message: str) -> None:
    with pytest.raises(ReadingError, match=message):
        replace(READING, **changed)


def test_a_leaf_of_a_later_version_is_refused() -> None:
    with pytest.raises(ReadingError, match="newer Assay"):
        Reading.from_document(READING.to_document() | {"v": 2})
