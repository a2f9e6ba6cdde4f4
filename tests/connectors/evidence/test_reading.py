"""Pages and records come back from where they lie, and damage is not handed out."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.evidence import (
    Batch,
    EvidenceDamagedError,
    EvidenceMissingError,
    record_id_of,
    records_of,
    split_record_id,
)
from connectors.evidence.record_ids import MOST_RECORDS
from connectors.evidence.record_values import PageRecords
from tests.connectors.evidence.samples import Place, page


def test_a_page_comes_back_as_it_was_committed(place: Place) -> None:
    original = page(3, parent_key="12", body=b'[{"n": 1.10, "t": "\\u00fc"}]\n')
    (index,) = place.store.commit(Batch(pages=[original])).page_indexes
    stored = place.store.page(index)
    for name in original.__slots__:
        assert getattr(stored, name) == getattr(original, name), name
    assert stored.path == place.evidence / "github/pull_requests/000000000000.parquet"


def test_pages_are_found_in_any_row_group_of_any_file(place: Place) -> None:
    bodies = [b"%d" % at * 1_500_000 for at in range(10, 30)]
    for start in (0, 10):
        batch = [page(at, body=bodies[at]) for at in range(start, start + 10)]
        place.store.commit(Batch(pages=batch))
    for index in (0, 19, 7, 12, 0, 5, 4, 19):
        assert place.store.page(index).body == bodies[index]


def test_records_come_in_the_order_asked_for(place: Place) -> None:
    place.store.commit(Batch(pages=[page(0), page(1)]))
    wanted = [record_id_of(1, 1), record_id_of(0, 0), record_id_of(1, 1)]
    records = place.store.records(wanted)
    assert [record.record_id for record in records] == wanted
    assert [record.value["id"] for record in records] == [11, 0, 11]
    assert records[0].page.url.endswith("page=1")
    assert place.store.record(record_id_of(0, 1)).ordinal == 1


def test_what_is_not_there_is_said_to_be_missing(place: Place) -> None:
    with pytest.raises(EvidenceMissingError, match="no page at log index 0"):
        place.store.page(0)
    place.store.commit(Batch(pages=[page(0)]))
    with pytest.raises(EvidenceMissingError, match="2 records, none at 2"):
        place.store.record(record_id_of(0, 2))


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"PAR1" * 40)])
def test_a_damaged_file_is_an_error_that_names_it(place: Place, damage: "Damage") -> None:
    result = place.store.commit(Batch(pages=[page(0)]))
    assert result.path is not None
    damage(result.path)
    with pytest.raises(EvidenceDamagedError, match=r"000000000000\.parquet"):
        place.store.page(0)


def test_a_file_put_in_the_place_of_another_is_not_read_as_that(place: Place) -> None:
    first = place.store.commit(Batch(pages=[page(0)])).path
    second = place.store.commit(Batch(pages=[page(1)])).path
    assert first is not None
    assert second is not None
    first.write_bytes(second.read_bytes())
    with pytest.raises(EvidenceDamagedError, match="not the one that was committed"):
        place.store.page(0)


@pytest.mark.parametrize(
    ("body", "records"),
    [
        (b'[{"a": 1}, 2]', [{"a": 1}, 2]),
        (b'{"total_count": 2, "workflow_runs": [1, 2]}', [1, 2]),
        (b'{"total_count": 0, "jobs": []}', []),
        (b'{"id": 1, "labels": [1, 2]}', [{"id": 1, "labels": [1, 2]}]),
        (b"[]", []),
        (b"", []),
        (b"\x1eabc\x1fdef\n\x1eghi\xff", ["abc\x1fdef\n", "ghi\\xff"]),
        (b"id,name\n1,a\n", ["id,name\n1,a\n"]),
    ],
)
def test_the_records_of_a_body_are_those_that_models_see(body: bytes, records: list[object]) -> None:
    assert records_of(body) == records
    assert list(PageRecords(body)) == records


_BODIES = (
    b'[{"a": "x\\n\\u00e9\\ud83d\\ude00", "b": [1, -2.5e3, true, null]}, {"c": {"d": "\xc3\xa9"}}, "t", 12]',
    b'{"total_count": 2, "items": [{"id": 1, "of": [2]}, {"id": 2}], "more": false}',
    b' {"data": {"items": [{"id": 1}, {"id": 2}], "next": null}, "data2": [7]}',
)
_SIGNS = (
    b"",
    *(b'\\ " \x01 \xff \\q \\u12 \\ud800 0 - . e N , : { } [ ] tru NaN 1e999 total_count'.split()),
    b"\x1e",
    b" ",
)


@settings(max_examples=500)
@given(
    body=st.sampled_from(_BODIES),
    changes=st.lists(st.tuples(st.integers(0, 120), st.integers(0, 2), st.sampled_from(_SIGNS)), max_size=3),
    path=st.sampled_from([None, "data.items", "items", "data"]),
)
def test_records_decoded_one_by_one_are_those_of_the_whole_page_whatever_was_sent(
    body: bytes, changes: list[tuple[int, int, bytes]], path: str | None
) -> None:
    for at, length, sign in changes:
        body = body[:at] + sign + body[at + length :]
    assert repr(list(PageRecords(body, path=path))) == repr(records_of(body, path=path))


def test_record_ids_are_signed_64_bit_integers_and_come_apart_again() -> None:
    assert record_id_of(5, 3) == (5 << 23) + 3
    largest = record_id_of((1 << 40) - 1, MOST_RECORDS - 1)
    assert largest == 2**63 - 1
    assert split_record_id(largest) == ((1 << 40) - 1, MOST_RECORDS - 1)
    for log_index, ordinal in ((-1, 0), (0, -1), (0, MOST_RECORDS), (1 << 40, 0)):
        with pytest.raises(ValueError, match="does not fit"):
            record_id_of(log_index, ordinal)
    with pytest.raises(ValueError, match="no record id"):
        split_record_id(-1)


def test_json_of_a_record_is_that_of_the_source(place: Place) -> None:
    value = {"text": "ü \u2028", "number": 12345678901234567890, "nested": [None, True]}
    place.store.commit(Batch(pages=[page(0, body=json.dumps([value]).encode())]))
    assert place.store.record(0).value == value


class Damage:
    """What is done to a file."""

    def __call__(self, path: Path) -> object: ...


def test_a_page_may_say_where_its_records_stand() -> None:
    body = b'{"data": {"items": [{"id": 1}, {"id": 2}], "total_count": 2}}'
    assert records_of(body, path="data.items") == [{"id": 1}, {"id": 2}]
    assert records_of(b'{"data": {"items": null}}', path="data.items") == []
    assert records_of(b'{"data": {"items": {"id": 7}}}', path="data.items") == [{"id": 7}]
    assert records_of(b'[{"id": 3}]', path="data.items") == [{"id": 3}]
