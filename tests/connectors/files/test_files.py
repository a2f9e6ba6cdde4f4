import io
from pathlib import Path

import pytest

from connectors.errors import PermanentSourceError, TransientSourceError
from connectors.files import chunks
from connectors.files.chunks import Borders, chunks_of
from connectors.files.named import shown_name
from connectors.files.patterns import path_pattern
from connectors.files.snapshots import open_snapshot, state_of
from connectors.streams import TimeWindow
from tests.connectors.files.file_source import current, extract, opened
from tests.connectors.workspace import FakeTime, open_store

PEOPLE = "person_id,employment_from\np1,2024-01-01\n"


def test_a_file_that_changed_after_it_was_listed_is_not_landed_as_what_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(PEOPLE)
    listed = state_of(path, name="a.csv")
    path.write_text(PEOPLE + "p2,2024-01-01\n")
    with pytest.raises(TransientSourceError, match="still being written"):
        open_snapshot(path, name="a.csv", sha256=listed.sha256)


def test_a_copy_stays_as_it_was_whatever_happens_to_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(PEOPLE)
    with open_snapshot(path, name="a.csv", sha256=state_of(path, name="a.csv").sha256) as copy:
        path.write_text("something else")
        assert copy.read() == PEOPLE.encode()


def test_a_quote_that_is_never_closed_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "LONGEST_RECORD_BYTES", 1000)
    endless = io.BytesIO(b'a,b\n"' + b"x\n" * 5000)
    with pytest.raises(PermanentSourceError, match="a quote is probably not closed"):
        list(chunks_of(endless, Borders.CSV, limit=100))


def test_pages_show_no_path_of_the_machine(tmp_path: Path) -> None:
    assert shown_name(Path("exports/people.csv")) == "exports/people.csv"
    assert shown_name(tmp_path / "people.csv") == "people.csv"


@pytest.mark.parametrize(
    ("pattern", "path", "is_match"),
    [
        ("**/catalog-info.yaml", "catalog-info.yaml", True),
        ("**/catalog-info.yaml", "a/b/catalog-info.yaml", True),
        ("**/catalog-info.yaml", "a/my-catalog-info.yaml", False),
        ("services/*/x.yaml", "services/a/x.yaml", True),
        ("services/*/x.yaml", "services/a/b/x.yaml", False),
        ("services/**", "services/a/b/x.yaml", True),
        ("a?.yaml", "ab.yaml", True),
        ("a.yaml", "aXyaml", False),
    ],
)
def test_patterns_of_paths_mean_what_they_do_elsewhere(pattern: str, path: str, *, is_match: bool) -> None:
    assert (path_pattern(pattern).fullmatch(path) is not None) is is_match


def test_a_run_that_broke_off_between_files_and_records_is_made_good_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(PEOPLE)
    with open_store(tmp_path / "ws") as store:
        opened(store, tmp_path, kind="roster", people="people.csv").extract("files", run_id="broken")
        (tmp_path / "people.csv").write_text(PEOPLE + "p2,2024-01-01\n")
        opened(store, tmp_path, kind="roster", people="people.csv").extract("employments", run_id="later")
        assert len(current(store, "employments")) == 1, "records are of the landed file, not of the disk"
        extract(store, tmp_path, run_id="next", kind="roster", people="people.csv")
        assert len(current(store, "employments")) == 2


def test_windows_of_time_and_unknown_streams_are_refused(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(PEOPLE)
    with open_store(tmp_path / "ws") as store:
        source = opened(store, tmp_path, kind="roster", people="people.csv")
        with pytest.raises(PermanentSourceError, match="There is no such stream"):
            source.extract("salaries", run_id="run")
        start = FakeTime().now
        window = TimeWindow(start, start.replace(year=start.year + 1))
        with pytest.raises(PermanentSourceError, match="windows of time"):
            source.extract("files", run_id="run", window=window)


def test_a_plan_counts_the_bytes_that_lie_there(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(PEOPLE)
    with open_store(tmp_path / "ws") as store:
        estimates = opened(store, tmp_path, kind="roster", people="people.csv").estimate()
        assert (estimates[0].stream, estimates[0].requests, estimates[0].bytes) == ("files", 0, len(PEOPLE))
