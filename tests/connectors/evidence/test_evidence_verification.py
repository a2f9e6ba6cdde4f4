"""Every kind of damage to evidence turns verification red, and the finding names the object."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.evidence import Batch, Finding, PageRef
from connectors.evidence.parquet_file import SCHEMA, sha256_of_file
from tests.connectors.evidence.samples import Place, page, redact, window

SLIPPED_IN = (
    "INSERT INTO fetch_windows SELECT {}, window_id, scope_id, parent_key, requested_from, requested_until, "
    "started_at, closed_at, run_id, claimed_total, record_count, page_indexes, is_changed "
    "FROM fetch_windows WHERE window_index = 3"
)
FIRST = "github/pull_requests/000000000000.parquet"
SECOND = "github/issues/000000000004.parquet"


@pytest.fixture
def filled(place: Place) -> Place:
    """Two files, two windows."""
    place.store.commit(
        Batch(
            pages=[page(0), page(1), page(2)],
            closed_windows=[window(0, pages=(PageRef(0), PageRef(1), PageRef(2)))],
        )
    )
    place.store.commit(Batch(pages=[page(3, stream="issues")], closed_windows=[window(1, stream="issues")]))
    assert place.problems() == []
    return place


def findings(place: Place) -> list[Finding]:
    return list(place.store.verify())


def names(place: Place) -> list[str]:
    return [finding.object_name for finding in findings(place)]


def change(place: Place, statement: str, *parameters: object) -> None:
    with place.ledger.transaction() as transaction:
        transaction.connection.execute(statement, parameters)


def rewrite(place: Place, name: str, edit: Callable[[list[dict[str, object]]], object]) -> None:
    """Write other rows into a file and make the file's hash in the ledger fit, as a careful forger would."""
    path = place.evidence / name
    rows = pq.read_table(path).to_pylist()
    edit(rows)
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), path)
    change(place, "UPDATE evidence_files SET sha256 = ? WHERE path = ?", sha256_of_file(path).sha256, name)


def test_any_flipped_byte_of_a_file_is_found(filled: Place) -> None:
    path = filled.evidence / FIRST
    whole = path.read_bytes()
    generator = random.Random(3)
    for offset in [0, len(whole) - 1, *(generator.randrange(len(whole)) for _ in range(40))]:
        damaged = bytearray(whole)
        damaged[offset] ^= 1 << generator.randrange(8)
        path.write_bytes(damaged)
        (finding,) = findings(filled)
        assert finding.object_name == FIRST
        assert finding.is_fatal


def test_a_missing_file_is_named(filled: Place) -> None:
    (filled.evidence / SECOND).unlink()
    assert findings(filled) == [Finding(SECOND, "the file is missing")]


def test_a_file_that_nobody_committed_is_named(filled: Place) -> None:
    shutil.copy(filled.evidence / FIRST, filled.evidence / "github/pull_requests/000000000009.parquet")
    (finding,) = findings(filled)
    assert finding.object_name == "github/pull_requests/000000000009.parquet"
    assert finding.is_fatal


def test_a_pending_file_is_noted(filled: Place) -> None:
    (filled.evidence / (FIRST.replace("000.", "009.") + ".pending")).write_bytes(b"half")
    (finding,) = findings(filled)
    assert not finding.is_fatal


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("body", b"[]"),
        ("url", "https://elsewhere.example"),
        ("headers", "{}"),
        ("scope", "acme/other"),
        ("parent_key", "1"),
        ("record_count", 3),
        ("status", 304),
        ("body_sha256", "00" * 32),
    ],
)
def test_a_forged_page_is_named_although_its_files_hash_fits(
    filled: Place, column: str, value: object
) -> None:
    rewrite(filled, FIRST, lambda rows: rows[1].update({column: value}))
    assert f"{FIRST}: page 1" in names(filled)
    assert set(names(filled)) <= {f"{FIRST}: page 1", FIRST}


def test_a_page_added_to_a_file_is_found(filled: Place) -> None:
    rewrite(filled, FIRST, lambda rows: rows.append(rows[0] | {"log_index": 9}))
    assert f"{FIRST}: page 9" in names(filled)
    assert FIRST in names(filled)


def test_a_page_taken_out_of_a_file_is_found(filled: Place) -> None:
    rewrite(filled, FIRST, lambda rows: rows.pop())
    assert set(names(filled)) == {FIRST}


def test_pages_in_another_order_are_found(filled: Place) -> None:
    rewrite(filled, FIRST, lambda rows: rows.reverse())
    assert f"{FIRST}: page 2" in names(filled)


def test_a_file_of_other_columns_is_found(filled: Place) -> None:
    path = filled.evidence / FIRST
    pq.write_table(pa.table({"log_index": [0, 1, 2]}), path)
    change(filled, "UPDATE evidence_files SET sha256 = ? WHERE path = ?", sha256_of_file(path).sha256, FIRST)
    (finding,) = findings(filled)
    assert finding.object_name == FIRST


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("UPDATE salts SET salt = zeroblob(32) WHERE log_index = 1", f"{FIRST}: page 1"),
        ("DELETE FROM salts WHERE log_index = 1", f"{FIRST}: page 1"),
        ("UPDATE evidence_pages SET body_sha256 = zeroblob(32) WHERE log_index = 2", f"{FIRST}: page 2"),
        ("UPDATE evidence_files SET pages = 4 WHERE file_id = 1", FIRST),
        ("UPDATE evidence_files SET records = 4 WHERE file_id = 1", FIRST),
        ("UPDATE evidence_files SET body_bytes = 4 WHERE file_id = 1", FIRST),
        ("UPDATE evidence_files SET first_log_index = 1 WHERE file_id = 1", FIRST),
        ("UPDATE evidence_files SET last_log_index = 99 WHERE file_id = 1", FIRST),
        ("UPDATE evidence_files SET stream = 'issues' WHERE file_id = 1", FIRST),
        ("UPDATE evidence_files SET path = 'github/issues/x.parquet' WHERE file_id = 1", FIRST),
        ("DELETE FROM evidence_pages WHERE log_index = 2", "ledger.sqlite: payload leaf 2"),
        ("INSERT INTO evidence_pages VALUES (3, 1, 9, zeroblob(32))", "ledger.sqlite: payload leaf 3"),
        (
            "UPDATE fetch_windows SET claimed_total = 7 WHERE window_index = 3",
            "ledger.sqlite: window 3 (window-0)",
        ),
        (
            "UPDATE fetch_windows SET page_indexes = '[0]'  WHERE window_index = 3",
            "ledger.sqlite: window 3 (window-0)",
        ),
        (
            "UPDATE fetch_windows SET page_indexes = 'x' WHERE window_index = 3",
            "ledger.sqlite: window 3 (window-0)",
        ),
        (
            "UPDATE fetch_windows SET is_changed = 0 WHERE window_index = 3",
            "ledger.sqlite: window 3 (window-0)",
        ),
        ("DELETE FROM salts WHERE log_index = 5", "ledger.sqlite: window 5 (window-1)"),
        ("DELETE FROM fetch_windows WHERE window_index = 5", "ledger.sqlite: payload leaf 5"),
        ("DELETE FROM scopes WHERE stream = 'issues'", "ledger.sqlite: payload leaf 5"),
        (SLIPPED_IN.format(-7), "ledger.sqlite: window -7 (window-0)"),
        (SLIPPED_IN.format(99), "ledger.sqlite: window 99 (window-0)"),
        ("INSERT INTO evidence_pages VALUES (-7, 1, 9, zeroblob(32))", "ledger.sqlite: page -7"),
    ],
)
def test_changed_bookkeeping_is_named(filled: Place, statement: str, name: str) -> None:
    change(filled, statement)
    assert name in names(filled)


def test_a_lost_file_row_leaves_its_pages_and_file_without_owner(filled: Place) -> None:
    change(filled, "DELETE FROM evidence_files WHERE path = ?", FIRST)
    assert FIRST in names(filled)
    assert "ledger.sqlite: payload leaf 0" in names(filled)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM redactions",
        "UPDATE redactions SET log_index = 2",
        "INSERT INTO redactions VALUES (7, 1)",
    ],
)
def test_a_redaction_table_that_differs_from_the_log_is_found(filled: Place, statement: str) -> None:
    redact(filled.store, 1, "$[0].id")
    assert findings(filled) == []
    change(filled, statement)
    assert "ledger.sqlite: redactions" in names(filled)


def test_a_redacted_page_forged_later_is_named(filled: Place) -> None:
    redact(filled.store, 1, "$[0].id")
    (name,) = [name for name in filled.files_on_disk() if "pull_requests" in name]
    rewrite(filled, name, lambda rows: rows[1].update({"body": b"[]"}))
    assert f"{name}: page 1" in names(filled)


def test_a_redaction_that_nobody_signed_is_found(filled: Place) -> None:
    """A forger appends a leaf of their own and replaces the page's salt and body to fit."""
    redact(filled.store, 1, "$[0].id")
    leaf = filled.ledger.leaf("governance", 0)
    with filled.ledger.transaction() as transaction:
        index = transaction.append("governance", leaf.replace(b"case 17", b"case 18"))
        transaction.connection.execute("INSERT INTO redactions VALUES (?, 1)", (index,))
    found = findings(filled)
    assert {finding.object_name for finding in found} == {
        "ledger.sqlite: governance leaf 1 (redaction of page 1)"
    }
    assert len(found) == 2


def test_a_broken_ledger_is_a_finding_and_no_traceback(filled: Place) -> None:
    filled.close()
    whole = bytearray(filled.ledger_path.read_bytes())
    whole[:100] = bytes(100)
    filled.ledger_path.write_bytes(whole)
    filled.open()
    (finding,) = findings(filled)
    assert finding.object_name == "ledger.sqlite"
    assert finding.is_fatal


def test_evidence_without_a_ledger_is_a_finding_and_makes_none(filled: Place, tmp_path: Path) -> None:
    other = Place(tmp_path / "other")
    shutil.copytree(filled.evidence, other.evidence)
    assert findings(other) == [Finding("ledger.sqlite", "the ledger is missing")]
    assert not other.ledger_path.exists()
    assert other.ledger.size("payload") == 0
    assert set(names(other)) == {FIRST, SECOND}
    other.close()
