"""Compaction: fewer files, the same pages under the same log indexes."""

import pyarrow.parquet as pq
import pytest

from connectors.evidence import Batch, CompactionReport, EvidenceDamagedError, PageRef
from connectors.evidence.compaction import groups_to_merge
from connectors.evidence.replacing import FileRow
from tests.connectors.evidence.samples import Place, page, window


@pytest.fixture
def many(place: Place) -> Place:
    """Nine small files of one stream, one of another between them, and windows in between."""
    for at in range(9):
        pages = [page(2 * at), page(2 * at + 1)]
        place.store.commit(Batch(pages=pages, closed_windows=[window(at, pages=(PageRef(0),))]))
        if at == 4:
            place.store.commit(Batch(pages=[page(99, stream="issues")]))
    return place


def test_small_files_become_one_and_nothing_else_changes(many: Place) -> None:
    before = {}
    for file in many.store.committed_files():
        for index in pq.read_table(file.path)["log_index"].to_pylist():
            before[index] = many.store.page(index)
    root, totals = many.ledger.root("payload"), [(each.pages, each.records) for each in many.store.totals()]
    report = many.store.compact("github", "pull_requests")
    assert isinstance(report, CompactionReport)
    assert (report.files_before, report.files_after) == (9, 1)
    assert report.bytes_after < report.bytes_before
    assert len(before) == 19
    for index, old in before.items():
        new = many.store.page(index)
        assert (new.body, new.headers, new.fetched_at) == (old.body, old.headers, old.fetched_at)
    assert many.ledger.root("payload") == root
    assert [(each.pages, each.records) for each in many.store.totals()] == totals
    assert many.problems() == []
    assert many.files_on_disk() == [
        "github/issues/000000000015.parquet",
        "github/pull_requests/000000000000-1.parquet",
    ]


def test_the_merged_file_lists_its_pages_in_log_order(many: Place) -> None:
    many.store.compact("github", "pull_requests")
    (file,) = [file for file in many.store.committed_files() if file.stream == "pull_requests"]
    table = pq.read_table(file.path)
    indexes = table["log_index"].to_pylist()
    assert indexes == sorted(indexes)
    assert (file.first_log_index, file.last_log_index, file.pages) == (indexes[0], indexes[-1], len(indexes))
    assert pq.ParquetFile(file.path).metadata.num_row_groups == 1


def test_row_groups_keep_the_size_that_parsers_like(place: Place) -> None:
    for at in range(6):
        place.store.commit(Batch(pages=[page(at, body=b"%d" % at * 3_000_000)]))
    place.store.compact("github", "pull_requests", least_files=2)
    (file,) = place.store.committed_files()
    metadata = pq.ParquetFile(file.path).metadata
    assert [metadata.row_group(at).num_rows for at in range(metadata.num_row_groups)] == [2, 2, 2]
    assert place.store.page(5).body == b"5" * 3_000_000


def test_a_compacted_stream_is_committed_to_and_compacted_again(many: Place) -> None:
    many.store.compact("github", "pull_requests")
    many.store.commit(Batch(pages=[page(50)]))
    assert many.store.compact("github", "pull_requests").files_after == 2
    assert many.store.compact("github", "pull_requests", least_files=2).files_after == 1
    assert many.problems() == []


def test_few_files_are_left_for_later(place: Place) -> None:
    for at in range(7):
        place.store.commit(Batch(pages=[page(at)]))
    report = place.store.compact("github", "pull_requests")
    assert (report.files_before, report.files_after) == (7, 7)


def test_a_damaged_file_is_not_given_a_new_valid_hash(many: Place) -> None:
    path = many.evidence / "github/pull_requests/000000000003.parquet"
    content = bytearray(path.read_bytes())
    content[30] ^= 4
    path.write_bytes(content)
    files = many.files_on_disk()
    with pytest.raises(EvidenceDamagedError, match=r"000000000003\.parquet"):
        many.store.compact("github", "pull_requests")
    assert many.files_on_disk() == files
    assert [problem.split(":")[0] for problem in many.problems()] == [
        "github/pull_requests/000000000003.parquet"
    ]


def row(number: int, size: int) -> FileRow:
    return FileRow(number, f"{number}", "s", "t", number, number, 1, 1, 1, size, "")


@pytest.mark.parametrize(
    ("sizes", "groups"),
    [
        ([10, 10, 10], [[0, 1, 2]]),
        ([10, 60, 10, 10], [[2, 3]]),
        ([10, 10, 60, 10, 10], [[0, 1], [3, 4]]),
        ([40, 40, 40, 40], [[0, 1], [2, 3]]),
        ([10], []),
        ([], []),
        ([50, 50], []),
    ],
)
def test_neighbours_are_gathered_up_to_the_target(sizes: list[int], groups: list[list[int]]) -> None:
    rows = [row(number, size) for number, size in enumerate(sizes)]
    found = groups_to_merge(rows, target_bytes=100, least_files=2)
    assert [[each.file_id for each in group] for group in found] == groups
