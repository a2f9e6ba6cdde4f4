"""Where the rules of drift begin and end: what looks like drift and is none stays quiet."""

from dataclasses import replace
from datetime import date

import pytest

from quality_checks.source_drift.checks import state_of
from quality_checks.source_drift.contracts import (
    ZONELESS,
    FieldContract,
    SourceContract,
    fit,
    with_parents,
    written_path,
)
from quality_checks.source_drift.keys import general_key
from quality_checks.source_drift.rules import CLASSES, Drift, classify
from quality_checks.source_drift.shapes import UNREADABLE, ShapeBook, contract_tree, fields_of
from quality_checks.source_drift.sighted import SightedDay, SightedField, SightedStream

CONTRACT = SourceContract(
    "made_up",
    "things",
    with_parents(
        [
            FieldContract(("id",), "bigint", is_required=True),
            FieldContract(("closed_at",), "timestamptz"),
            FieldContract(("owner", "name"), "varchar"),
            FieldContract(("values", "[]", "0"), "json"),
        ]
    ),
)
FIRST_RUN_ENDS, NEWEST_RUN_BEGINS = 10, 20


def seen(path: str, json_type: str, *, page: int, staged: bool = True) -> SightedField:
    return SightedField(path, "", json_type, None, staged, False, page, page << 23, page, 1)  # noqa: FBT003 - a row


def day(number: int, records: int, *, absent: int = 0, null: int = 0) -> SightedDay:
    return SightedDay("closed_at", date(2026, 5, number), number, number << 23, records, absent, null)


def kinds(*fields: SightedField, days: tuple[SightedDay, ...] = ()) -> list[str]:
    sighted = SightedStream("acme", fields, days, FIRST_RUN_ENDS, NEWEST_RUN_BEGINS)
    return [drift.drift_kind for drift in classify(CONTRACT, sighted)]


def test_what_the_first_run_brings_is_how_the_source_is() -> None:
    assert (
        kinds(
            seen("id", "number", page=1),
            seen("id", "string", page=2),
            seen("color", "string", page=3, staged=False),
            seen("color", "number", page=4, staged=False),
            seen("closed_at", "absent", page=5),
        )
        == []
    )


@pytest.mark.parametrize(
    ("days", "found"),
    [
        ((day(1, 20), day(2, 20, absent=20)), ["disappeared"]),
        ((day(1, 19), day(2, 20, absent=20)), []),
        ((day(1, 20), day(2, 19, absent=19)), []),
        ((day(1, 20), day(2, 20, absent=19)), []),
        ((day(1, 20, absent=1), day(2, 20, absent=20)), []),
        ((day(1, 20), day(2, 20, null=20)), []),
        ((day(1, 50, null=25), day(2, 50, null=45)), ["mostly_missing"]),
        ((day(1, 50, null=26), day(2, 50, null=45)), []),
        ((day(1, 50, null=25), day(2, 50, null=44)), []),
        ((day(1, 49), day(2, 50, null=50)), []),
        ((day(1, 50), day(2, 49, null=49)), []),
        ((day(1, 50), day(2, 5, null=5), day(3, 50, null=50)), ["mostly_missing"]),
    ],
)
def test_a_field_is_missed_only_where_there_are_enough_records_to_tell(
    days: tuple[SightedDay, ...], found: list[str]
) -> None:
    assert kinds(days=days) == found


def test_an_instant_that_no_longer_says_its_zone_is_written_otherwise() -> None:
    book = ShapeBook(CONTRACT, contract_tree(CONTRACT))
    book.read(12, b'[{"id": 1, "closed_at": "2026-05-01T10:00:00"}, {"id": 2, "closed_at": null}]')
    book.read(
        13, b'[{"id": 3, "closed_at": "2026-05-01T10:00:00+02:00"}, {"id": 4, "closed_at": "2026-05-01"}]'
    )
    signs = [(written_path(path), sign, sighted.first_log_index) for path, sign, sighted in fields_of(book)]
    assert [each for each in signs if each[1] == ZONELESS] == [("closed_at", ZONELESS, 12)]
    zoned, zoneless = seen("closed_at", "string", page=1), seen("closed_at", ZONELESS, page=12)
    assert kinds(zoned, zoneless) == ["written_otherwise"]
    assert kinds(zoned, seen("closed_at", ZONELESS, page=1)) == []


def test_a_null_is_no_type_that_a_field_is_written_in() -> None:
    assert kinds(seen("id", "number", page=1), seen("owner", "null", page=12)) == []
    assert (
        kinds(seen("color", "null", page=1, staged=False), seen("color", "string", page=12, staged=False))
        == []
    )


@pytest.mark.parametrize(
    ("type_", "json_type", "found"),
    [
        ("bigint", "number", "natural"),
        ("bigint", "string", "by_value"),
        ("bigint", "object", "lost"),
        ("boolean", "number", "by_value"),
        ("timestamptz", "string", "natural"),
        ("varchar", "number", "by_value"),
        ("varchar", "object", "lost"),
        ("varchar[]", "string", "lost"),
        ("object", "list", "lost"),
        ("list", "object", "lost"),
        ("json", "list", "natural"),
    ],
)
def test_what_becomes_of_a_value(type_: str, json_type: str, found: str) -> None:
    assert fit(type_, json_type) == found  # type: ignore[arg-type] # the types of the table above


@pytest.mark.parametrize(
    ("key", "general"),
    [
        ("merged_at", "merged_at"),
        ("github.com/project-slug", "github.com/project-slug"),
        ("customfield_10016", "customfield_*"),
        ("2026-05-01", "*"),
        ("somebody@example.com", "*"),
        ("5b10ac8d82e05b22cc7d4ef5", "*"),
        ("Ada Lovelace", "*"),
        ("x" * 61, "*"),
    ],
)
def test_a_key_that_is_data_is_no_path(key: str, general: str) -> None:
    assert general_key(key) == general


def test_a_path_is_written_as_people_read_it() -> None:
    assert written_path(()) == "$"
    assert written_path(("labels", "[]", "name")) == "labels[].name"
    assert written_path(("urn:x", "id")) == '"urn:x".id'


def test_a_number_beyond_every_type_is_a_number() -> None:
    book = ShapeBook(CONTRACT, contract_tree(CONTRACT))
    book.read(1, b'[{"id": 1e999, "owner": {"name": "x", "size": 1e999}}, {"id": 2}]')
    found = {(written_path(path), json_type) for path, json_type, _ in fields_of(book)}
    assert ("id", "number") in found
    assert ("owner.size", "number") in found
    assert ("owner", "absent") in found


@pytest.mark.parametrize("body", [b'[{"id": "\xff"}]', b"[" * 9_000 + b"]" * 9_000, b"{", b"\xff\xfe"])
def test_a_page_that_cannot_be_parsed_is_one_sign_and_stops_nothing(body: bytes) -> None:
    book = ShapeBook(CONTRACT, contract_tree(CONTRACT))
    book.read(1, body)
    book.read(2, b'[{"id": 1}]')
    assert [sign for _, sign in book.page_signs] == [UNREADABLE]
    assert ("id", "number") in {(written_path(path), json_type) for path, json_type, _ in fields_of(book)}


DRIFT = Drift(
    "acme", "made_up", "things", "id", "values_lost", "bigint", "list", 1, 1 << 23, 1, 1, is_current=True
)


@pytest.mark.parametrize(
    ("kind", "is_current", "is_accepted", "state"),
    [
        ("values_lost", True, False, "open"),
        ("values_lost", True, True, "open"),
        ("values_lost", False, False, "past"),
        ("values_lost", False, True, "accepted"),
        ("unknown_word", False, False, "open"),
        ("unknown_word", True, True, "accepted"),
        ("disappeared", True, False, "open"),
        ("disappeared", False, False, "over"),
        ("new_field", True, False, "noted"),
    ],
)
def test_what_costs_values_is_open_whoever_accepted_it(
    kind: str, state: str, *, is_current: bool, is_accepted: bool
) -> None:
    drift = replace(DRIFT, drift_kind=kind, is_current=is_current)  # type: ignore[arg-type] # one of the kinds
    assert kind in CLASSES
    assert state_of(drift, {drift.drift_id} if is_accepted else set()) == state


def test_a_drift_keeps_its_name_however_often_it_is_seen() -> None:
    again = replace(DRIFT, record_count=9, last_log_index=99, is_current=False)
    assert again.drift_id == DRIFT.drift_id
    assert replace(DRIFT, is_now="string").drift_id != DRIFT.drift_id
