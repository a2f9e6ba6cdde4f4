"""What holds for any table and any history of files."""

import csv
import io
import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.files.chunks import Borders, chunks_of
from connectors.files.tables import opened_table
from tests.connectors.files.file_source import current, extract
from tests.connectors.files.file_source import given as given_bytes
from tests.connectors.workspace import open_store, windows

CELLS = st.text(st.sampled_from("ab \",;\n\r\t'é"), max_size=8)
TABLES = st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=12)
HEADER = ["one", "two", "three"]
DROP = {
    "name": "d",
    "path": "*.csv",
    "format": "csv",
    "schema": {"id": "bigint", "value": "varchar"},
    "key": ["id"],
}
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["write", "rename", "remove", "break", "run"]),
        st.integers(0, 2),
        st.lists(st.integers(0, 5), max_size=3, unique=True),
    ),
    min_size=1,
    max_size=12,
)
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def written(rows: list[list[str]], separator: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\r\n").writerows([HEADER, *rows])
    return text.getvalue().encode("utf-8-sig")


@given(rows=TABLES, separator=st.sampled_from(",;\t"), limit=st.integers(1, 60))
def test_a_table_is_cut_between_records_and_loses_no_byte(
    rows: list[list[str]], separator: str, limit: int
) -> None:
    body = written(rows, separator)
    chunks = list(chunks_of(io.BytesIO(body), Borders.CSV, limit=limit))
    assert b"".join(chunks) == body
    assert all(chunk.count(b'"') % 2 == 0 for chunk in chunks)
    assert all(chunk.endswith(b"\n") for chunk in chunks[:-1])


@given(rows=TABLES, separator=st.sampled_from(",;\t"))
def test_a_table_is_read_as_another_parser_reads_it(rows: list[list[str]], separator: str) -> None:
    body = written(rows, separator)
    text = io.StringIO(body.decode("utf-8-sig"), newline="")
    expected = [
        {name: cell.strip() for name, cell in row.items()}
        for row in csv.DictReader(text, delimiter=separator)
    ]
    with opened_table(io.BytesIO(body)) as table:
        found = [row.cells for row in table.rows]
    assert found == [row for row in expected if any(row.values())]


@FEW
@given(edits=EDITS)
def test_rows_of_drops_are_those_of_every_whole_file_that_was_ever_there_at_a_run(
    edits: list[tuple[str, int, list[int]]],
) -> None:
    with tempfile.TemporaryDirectory() as name, open_store(Path(name) / "ws") as store:
        folder, expected, files = Path(name), set(), dict[str, list[int]]()
        (folder / "in").mkdir()
        for at, (action, number, values) in enumerate([*edits, ("run", 0, [])]):
            path = folder / "in" / f"{number}.csv"
            if action in ("write", "break"):
                path.write_text("id,value\n" + "".join(f"{each},v{each}\n" for each in values))
                if action == "break":
                    path.write_text(path.read_text() + "x,broken\n")
                files[path.name] = [] if action == "break" else values
                os.utime(path, (1_770_000_000 + at, 1_770_000_000 + at))
            elif action == "remove" and path.exists():
                path.unlink()
                files.pop(path.name, None)
            elif action == "rename" and path.exists():
                other = folder / "in" / f"{(number + 1) % 3}.csv"
                path.rename(other)
                files[other.name] = files.pop(path.name)
            elif action == "run":
                extract(store, folder, run_id=f"r{at}", kind="drops", folder="in", drops=[DROP])
                expected |= {tuple(values) for values in files.values()}
        found = [(row["delivery"], row["values"]["id"]) for row in current(store, "rows")]
        by_file: dict[str, list[int]] = {}
        for digest, value in found:
            by_file.setdefault(digest, []).append(value)
        assert {tuple(ids) for ids in by_file.values()} == {each for each in expected if each}


@FEW
@given(history=st.lists(st.sets(st.integers(1, 6), min_size=1), min_size=1, max_size=5))
def test_any_history_of_rosters_ends_in_the_set_of_the_last(history: list[set[int]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with open_store(folder / "steps") as steps, open_store(folder / "once") as once:
            for at, people in enumerate(history):
                rows = "".join(f"p{number},2024-01-0{number}\n" for number in sorted(people))
                (folder / "people.csv").write_text(f"person_id,employment_from\n{rows}")
                extract(steps, folder, run_id=f"r{at}", kind="roster", people="people.csv")
            extract(once, folder, kind="roster", people="people.csv")
            assert current(steps, "employments") == current(once, "employments")
            assert given_bytes(steps, "people") == (folder / "people.csv").read_bytes()
            assert len(windows(steps, "files")) == len(history)
