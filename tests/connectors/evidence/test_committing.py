"""What a commit leaves on disk and in the ledger, and what it refuses."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from connectors.evidence import (
    Batch,
    ChildDone,
    CursorUpdate,
    EvidenceInputError,
    PageRef,
    ParentVersion,
    Validator,
)
from tests.connectors.evidence.samples import FETCHED, Place, page, window

KEY = hashlib.sha256(b"GET https://api.example").hexdigest()


def test_pages_and_windows_are_leaves_in_their_order(place: Place) -> None:
    first = place.store.commit(
        Batch(pages=[page(0), page(1)], closed_windows=[window(0, pages=(PageRef(0),))])
    )
    second = place.store.commit(Batch(pages=[page(2)]))
    assert (first.page_indexes, first.window_indexes) == ((0, 1), (2,))
    assert second.page_indexes == (3,)
    kinds = [json.loads(leaf)["kind"] for _, leaf in place.ledger.leaves("payload", 0, 4)]
    assert kinds == ["page", "page", "window", "page"]
    assert first.path == place.evidence / "github/pull_requests/000000000000.parquet"
    assert place.files_on_disk() == [
        "github/pull_requests/000000000000.parquet",
        "github/pull_requests/000000000003.parquet",
    ]
    assert place.problems() == []


def test_a_leaf_is_canonical_and_says_nothing_but_its_commitment(place: Place) -> None:
    place.store.commit(Batch(pages=[page(0)]))
    leaf = json.loads(place.ledger.leaf("payload", 0))
    assert set(leaf) == {"v", "kind", "commitment"}
    assert len(bytes.fromhex(leaf["commitment"])) == 32
    written = json.dumps(leaf, sort_keys=True, separators=(",", ":")).encode()
    assert place.ledger.leaf("payload", 0) == written


def test_duckdb_reads_the_columns_that_the_warehouse_expects(place: Place) -> None:
    result = place.store.commit(Batch(pages=[page(7, parent_key="12")]))
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        relation = connection.sql(f"SELECT * FROM read_parquet('{result.path}')")
        types = dict(zip(relation.columns, map(str, relation.types), strict=True))
        row = dict(zip(relation.columns, relation.fetchall()[0], strict=True))
    assert types == {
        "log_index": "BIGINT",
        "source": "VARCHAR",
        "stream": "VARCHAR",
        "scope": "VARCHAR",
        "parent_key": "VARCHAR",
        "window_id": "VARCHAR",
        "sequence": "INTEGER",
        "method": "VARCHAR",
        "url": "VARCHAR",
        "status": "INTEGER",
        "headers": "VARCHAR",
        "fetched_at": "TIMESTAMP WITH TIME ZONE",
        "run_id": "VARCHAR",
        "body_sha256": "VARCHAR",
        "record_count": "INTEGER",
        "body": "BLOB",
    }
    assert row["body"] == page(7).body
    assert row["body_sha256"] == hashlib.sha256(page(7).body).hexdigest()
    assert row["fetched_at"].astimezone(UTC) == page(7).fetched_at
    assert json.loads(row["headers"]) == page(7).headers
    assert (row["log_index"], row["parent_key"]) == (0, "12")


def test_row_groups_are_cut_by_body_size(place: Place) -> None:
    bodies = [b"x" * 3_000_000] * 5 + [b"y" * 20_000_000, b"z"]
    result = place.store.commit(Batch(pages=[page(at, body=body) for at, body in enumerate(bodies)]))
    metadata = pq.ParquetFile(result.path).metadata
    assert [metadata.row_group(at).num_rows for at in range(metadata.num_row_groups)] == [2, 2, 1, 1, 1]
    assert metadata.row_group(0).column(0).compression == "ZSTD"


def test_no_text_of_a_body_or_header_stands_in_a_footer_or_in_the_ledger(place: Place) -> None:
    secret = b"jane.doe@acme.example"
    result = place.store.commit(
        Batch(
            pages=[page(0, body=b'["' + secret + b'"]', headers={"x": secret.decode()})],
            closed_windows=[window(0, pages=(PageRef(0),))],
        )
    )
    place.close()
    assert result.path is not None
    content = result.path.read_bytes()
    footer_bytes = int.from_bytes(content[-8:-4], "little") + 8
    assert secret not in content[-footer_bytes:]
    assert secret not in place.ledger_path.read_bytes()
    assert hashlib.sha256(secret).digest() not in place.ledger_path.read_bytes()


def test_a_batch_without_pages_makes_no_file(place: Place) -> None:
    result = place.store.commit(Batch(closed_windows=[window(0)]))
    assert result.path is None
    assert result.window_indexes == (0,)
    assert place.store.committed_files() == []
    assert place.problems() == []


def test_an_empty_batch_is_nothing(place: Place) -> None:
    result = place.store.commit(Batch())
    assert (result.page_indexes, result.window_indexes, place.ledger.size("payload")) == ((), (), 0)


def test_references_to_pages_of_the_batch_become_log_indexes_everywhere(place: Place) -> None:
    place.store.commit(Batch(pages=[page(0)]))
    state = {"open": {"pages": [0, PageRef(1)], "next": None}, "ratio": 0.5, "seen": (PageRef(0),)}
    validator = Validator(KEY, '"e"', None, PageRef(1), "https://api.example?page=2", "ab", 2)
    place.store.commit(
        Batch(
            pages=[page(1), page(2)],
            closed_windows=[window(1, pages=(0, PageRef(1)))],
            cursors=[CursorUpdate("github", "pull_requests", "acme/shop", state)],
            validators=[validator],
        )
    )
    assert place.store.cursor("github", "pull_requests", "acme/shop") == {
        "open": {"pages": [0, 2], "next": None},
        "ratio": 0.5,
        "seen": [1],
    }
    stored = place.store.validator(KEY)
    assert stored == Validator(KEY, '"e"', None, 2, "https://api.example?page=2", "ab", 2)
    assert place.store.windows()["page_indexes"].to_pylist() == [[0, 2]]


def test_what_was_never_committed_is_not_there(place: Place) -> None:
    assert place.store.cursor("github", "issues", "acme/shop") is None
    assert place.store.validator(KEY) is None
    assert place.store.known_keys("github", "issues", "acme/shop") == set()
    assert place.store.windows().num_rows == 0
    assert place.store.totals() == []
    assert place.store.redactions() == []


def test_the_newest_cursor_wins(place: Place) -> None:
    for at in range(3):
        update = CursorUpdate("github", "issues", "acme/shop", {"at": at})
        place.store.commit(Batch(cursors=[update, CursorUpdate("github", "issues", "other", {})]))
    assert place.store.cursor("github", "issues", "acme/shop") == {"at": 2}


def test_a_window_is_changed_where_its_pages_differ_from_those_before(place: Place) -> None:
    def close(*pages: PageRef | int, parent: str | None = None, **batch: Any) -> bool:
        closed = window(0, pages=pages, parent_key=parent)
        place.store.commit(Batch(closed_windows=[closed], **batch))
        return bool(place.store.windows()["is_changed"].to_pylist()[-1])

    assert close(PageRef(0), pages=[page(0)])
    assert not close(0)
    assert close(0, parent="12")
    assert close(0, PageRef(0), pages=[page(1)])
    assert not close(0, 4)
    assert close(4, 0)
    assert close()
    assert not close()


def test_windows_of_one_batch_are_compared_with_each_other(place: Place) -> None:
    first, second = window(0, pages=(PageRef(0),)), window(1, pages=(PageRef(0),))
    place.store.commit(Batch(pages=[page(0)], closed_windows=[first, second]))
    assert place.store.windows()["is_changed"].to_pylist() == [True, False]


def test_windows_come_as_a_table_pinned_at_a_log_size(place: Place) -> None:
    place.store.commit(
        Batch(pages=[page(0)], closed_windows=[window(0, pages=(PageRef(0),), claimed_total=40)])
    )
    place.store.commit(Batch(closed_windows=[window(1, parent_key="7", requested_from=None)]))
    assert place.store.windows(log_size=2).num_rows == 1
    assert place.store.windows(first_index=2)["window_index"].to_pylist() == [2]
    assert place.store.windows(first_index=3).num_rows == 0
    assert place.store.windows().to_pylist() == [
        {
            "window_index": 1,
            "window_id": "window-0",
            "source": "github",
            "stream": "pull_requests",
            "scope": "acme/shop",
            "parent_key": None,
            "requested_from": datetime(2026, 6, 30, 12, 30, 15, 123456, tzinfo=UTC),
            "requested_until": None,
            "started_at": FETCHED,
            "closed_at": datetime(2026, 7, 1, 12, 31, 15, 123456, tzinfo=UTC),
            "claimed_total": 40,
            "record_count": 2,
            "page_indexes": [0],
            "is_changed": True,
            "run_id": "run-1",
        },
        place.store.windows().slice(1).to_pylist()[0],
    ]


def test_files_are_listed_with_their_place_in_the_log(place: Place) -> None:
    place.store.commit(Batch(pages=[page(0), page(1)]))
    place.store.commit(Batch(pages=[page(2, stream="issues")]))
    first, second = sorted(place.store.committed_files(), key=lambda file: file.first_log_index)
    assert (first.first_log_index, first.last_log_index, first.pages, first.records) == (0, 1, 2, 4)
    assert first.bytes == first.path.stat().st_size
    assert first.body_bytes == len(page(0).body) + len(page(1).body)
    assert first.sha256 == hashlib.sha256(first.path.read_bytes()).hexdigest()
    assert (second.stream, second.first_log_index) == ("issues", 2)
    assert place.store.committed_files(log_size=2) == [first]
    assert place.store.committed_files(log_size=0) == []
    totals = {total.stream: (total.pages, total.records, total.bytes) for total in place.store.totals()}
    assert totals == {"pull_requests": (2, 4, first.body_bytes), "issues": (1, 2, second.body_bytes)}


def test_parents_wait_until_their_children_were_fetched_for_their_version(place: Place) -> None:
    def parent(key: str, version: str, scope: str = "acme/shop") -> ParentVersion:
        return ParentVersion("github", "pull_requests", scope, key, version, {"number": int(key)})

    def pending(scope: str | None = None) -> list[tuple[str, str, str]]:
        found = place.store.pending_parents(
            source="github", parent_stream="pull_requests", child_stream="reviews", scope=scope
        )
        return [(each.scope, each.parent_key, each.version) for each in found]

    done = ChildDone("github", "reviews", "acme/shop", "9", "v1")
    place.store.commit(
        Batch(parents=[parent("10", "v1"), parent("9", "v1"), parent("9", "v1", scope="acme/other")])
    )
    assert pending() == [("acme/other", "9", "v1"), ("acme/shop", "9", "v1"), ("acme/shop", "10", "v1")]
    place.store.commit(Batch(children_done=[done, ChildDone("github", "timeline", "acme/shop", "10", "v1")]))
    assert pending("acme/shop") == [("acme/shop", "10", "v1")]
    place.store.commit(Batch(parents=[parent("9", "v2")]))
    assert pending("acme/shop") == [("acme/shop", "9", "v2"), ("acme/shop", "10", "v1")]
    assert place.store.known_keys("github", "pull_requests", "acme/shop") == {"9", "10"}


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (Batch(pages=[page(0), page(1, stream="issues")]), "of one stream"),
        (Batch(pages=[page(0, record_count=1 << 23)]), "records"),
        (Batch(pages=[page(0, record_count=-1)]), "records"),
        (Batch(pages=[page(0, fetched_at=datetime(2026, 1, 1))]), "no time zone"),  # noqa: DTZ001 - the point
        (Batch(pages=[page(0, url="https://\ud800")]), "surrogate"),
        (Batch(pages=[page(0, source="../escape")]), "no name for a folder"),
        (Batch(pages=[page(0, stream="..")]), "no name for a folder"),
        (Batch(pages=[page(0, headers={"age": 0.5})]), "float"),
        (
            Batch(closed_windows=[window(0, pages=(PageRef(0),))]),
            "window window-0 refers to page 0 of a batch of 0",
        ),
        (Batch(pages=[page(0)], closed_windows=[window(0, pages=(PageRef(-1),))]), "refers to"),
        (Batch(closed_windows=[window(0, pages=(0,))]), "refers to log index 0, where no page was"),
        (
            Batch(pages=[page(0)], closed_windows=[window(0, pages=(0,))]),
            "refers to log index 0, where no page was",
        ),
        (Batch(closed_windows=[window(0, claimed_total=1.5)]), "float"),
        (
            Batch(validators=[Validator(KEY, None, None, PageRef(0), None, "", 0)]),
            "validator [0-9a-f]+ refers to",
        ),
        (Batch(cursors=[CursorUpdate("a", "b", "c", {"at": FETCHED})]), "JSON"),
        (Batch(cursors=[CursorUpdate("a", "b", "c", {"at": PageRef(0)})]), "cursor of a/b in c refers to"),
    ],
)
def test_what_cannot_be_recorded_is_refused_and_leaves_nothing(
    place: Place, batch: Batch, message: str
) -> None:
    with pytest.raises(EvidenceInputError, match=message):
        place.store.commit(batch)
    assert place.ledger.size("payload") == 0
    assert place.files_on_disk() == []
    assert place.problems() == []


def test_a_failure_behind_the_file_removes_the_file_again(place: Place) -> None:
    """A full disk or a bug while rows are written must not leave a pending file."""
    place.store.commit(Batch(pages=[page(0)]))
    cursor = CursorUpdate("github", "pull_requests", "acme/shop", {"at": object()})
    with pytest.raises(EvidenceInputError):
        place.store.commit(Batch(pages=[page(1)], cursors=[cursor]))
    assert place.files_on_disk() == ["github/pull_requests/000000000000.parquet"]
    assert place.ledger.size("payload") == 1
    assert place.store.commit(Batch(pages=[page(2)])).page_indexes == (1,)
    assert place.problems() == []


def test_the_same_page_has_another_commitment_every_time(place: Place) -> None:
    place.store.commit(Batch(pages=[page(0), page(0)]))
    assert place.ledger.leaf("payload", 0) != place.ledger.leaf("payload", 1)
