import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from connectors.drops.settings import DropsSettings
from connectors.evidence import EvidenceStore
from connectors.files import chunks
from connectors.reports import StreamReport
from tests.connectors.files.file_source import current, extract, given, opened
from tests.connectors.workspace import landed, open_store, windows

SCHEMA = {
    "id": "bigint",
    "service": "varchar",
    "environment": "varchar",
    "status": "varchar",
    "started_at": "timestamptz",
    "who": "varchar",
}
HEADER = "id,service,environment,status,started_at,who\n"
NOON = "2026-03-01T12:00:00+01:00"


def declared(**changes: Any) -> dict[str, Any]:
    return {
        "name": "deploys",
        "path": "*.csv",
        "format": "csv",
        "schema": SCHEMA,
        "key": ["id"],
        "personal_data": ["who"],
        "purpose": "deployments",
        **changes,
    }


def settings(*drops: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"kind": "drops", "folder": "in", "drops": drops or (declared(),), **changes}


def drop(folder: Path, name: str, text: str | bytes, *, at: int = 1_770_000_000) -> Path:
    """Lay a file into the folder, as if written at an instant."""
    path = folder / "in" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    os.utime(path, (at, at))
    return path


def row(number: int, *, status: str = "success") -> str:
    return f"{number},checkout,production,{status},{NOON},ada@example.invalid\n"


def take(
    store: EvidenceStore, folder: Path, *drops: dict[str, Any], run_id: str = "run", **changes: Any
) -> dict[str, StreamReport]:
    return extract(store, folder, run_id=run_id, **settings(*drops, **changes))


def ids(store: EvidenceStore) -> list[int]:
    return [record["values"]["id"] for record in current(store, "rows")]


def test_a_file_is_landed_as_given_and_its_rows_without_whom_they_name(tmp_path: Path) -> None:
    text = HEADER + row(1) + row(2)
    drop(tmp_path, "a.csv", text)
    with open_store(tmp_path / "ws") as store:
        take(store, tmp_path)
        (page,) = landed(store, "files")
        assert page["body"] == text.encode()
        assert page["url"] == "file:a.csv?part=0"
        first, _ = current(store, "rows")
        assert first == {
            "delivery": page["parent_key"],
            "file": page["parent_key"],
            "line": 2,
            "mode": "upsert",
            "purpose": "deployments",
            "key": "[1]",
            "updated_at": None,
            "values": {
                "id": 1,
                "service": "checkout",
                "environment": "production",
                "status": "success",
                "started_at": "2026-03-01T11:00:00Z",
            },
            "service": "checkout",
            "environment": "production",
            "status": "success",
            "started_at": "2026-03-01T11:00:00Z",
        }
        assert b"ada@" not in b"".join(page["body"] for page in landed(store, "rows"))


def test_each_file_is_read_once_whatever_it_is_called_and_again_when_it_changed(tmp_path: Path) -> None:
    path = drop(tmp_path, "latest.csv", HEADER + row(1))
    with open_store(tmp_path / "ws") as store:
        take(store, tmp_path)
        path.rename(tmp_path / "in" / "2026-03-01.csv")
        reports = take(store, tmp_path, run_id="renamed")
        assert (reports["files"].pages, reports["rows"].pages) == (0, 0)
        drop(tmp_path, "latest.csv", HEADER + row(2), at=1_770_000_100)
        reports = take(store, tmp_path, run_id="next")
        assert (reports["files"].pages, reports["rows"].pages) == (1, 1)
        (tmp_path / "in" / "2026-03-01.csv").unlink()
        drop(tmp_path, "latest.csv", HEADER + row(3), at=1_770_000_200)
        take(store, tmp_path, run_id="last")
        assert ids(store) == [1, 2, 3], "rows stay when their file is taken away"


def test_a_file_that_goes_back_to_what_it_once_held_is_read_again(tmp_path: Path) -> None:
    with open_store(tmp_path / "ws") as store:
        for at, status in enumerate(("success", "failure", "success", "success", "failure")):
            drop(tmp_path, "latest.csv", HEADER + row(1, status=status), at=1_770_000_000 + at)
            take(store, tmp_path, run_id=f"run{at}")
        assert [record["status"] for record in current(store, "rows")] == [
            "success",
            "failure",
            "success",
            "failure",
        ]
        deliveries = [record["delivery"] for record in current(store, "rows")]
        assert [key[64:] for key in deliveries] == ["", "", "~2", "~2"]


def test_unfinished_hidden_and_fresh_files_are_left_for_later(tmp_path: Path) -> None:
    for name in ("a.csv.partial", "b.csv.tmp", ".c.csv", "d.csv~"):
        drop(tmp_path, name, HEADER + row(1))
    drop(tmp_path, "fresh.csv", HEADER + row(1), at=1_795_348_800 - 2)
    with open_store(tmp_path / "ws") as store:
        source = opened(store, tmp_path, **settings(declared(path="*")))
        report = source.extract("files", run_id="run")
        assert (report.pages, report.failures) == (0, ())
        assert source.check()[0].message.startswith("0 files")


def test_links_that_lead_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text(HEADER + row(1))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link.csv").symlink_to(tmp_path / "secret.csv")
    with open_store(tmp_path / "ws") as store:
        assert take(store, tmp_path)["files"].pages == 0


def test_a_file_that_is_not_as_declared_is_refused_whole_and_stays_listed(tmp_path: Path) -> None:
    drop(tmp_path, "bad.csv", HEADER + row(1) + row(2).replace(NOON, "yesterday"))
    drop(tmp_path, "good.csv", HEADER + row(3), at=1_770_000_001)
    with open_store(tmp_path / "ws") as store:
        for run in ("first", "second"):
            reports = take(store, tmp_path, run_id=run)
            (failure,) = reports["files"].failures
            assert (
                "drops.files at file:bad.csv: line 3, column 'started_at': 'yesterday' does not fit"
                in str(failure.error)
            )
            assert reports["files"].windows_closed > 0
        assert ids(store) == [3]
        drop(tmp_path, "bad.csv", HEADER + row(1) + row(2), at=1_770_000_002)
        assert take(store, tmp_path, run_id="mended")["files"].failures == ()
        assert sorted(ids(store)) == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEADER + row(1).replace("1,check", ",check"), "line 2, column 'id': The value is empty"),
        (HEADER + row(1).replace("1,check", "1.5,check"), "'1.5' does not fit; expected is a whole number"),
        (HEADER + row(1).replace("+01:00", ""), "expected is an instant with its offset"),
        (HEADER.replace("who", "extra") + row(1), "column 'who': The column is declared but not there"),
        (HEADER.replace("who", "who,extra") + "x\n", "column 'extra': The column is not declared"),
    ],
)
def test_refusals_name_line_and_column(tmp_path: Path, text: str, said: str) -> None:
    drop(tmp_path, "a.csv", text)
    with open_store(tmp_path / "ws") as store:
        assert said in str(take(store, tmp_path)["files"].failures[0].error)
        assert landed(store, "files") == []


def test_a_refusal_never_shows_what_names_people(tmp_path: Path) -> None:
    drop(tmp_path, "a.csv", HEADER + row(1))
    schema = {**SCHEMA, "who": "bigint"}
    with open_store(tmp_path / "ws") as store:
        message = str(take(store, tmp_path, declared(schema=schema))["files"].failures[0].error)
        assert "column 'who': The value does not fit" in message
        assert "ada" not in message


def test_the_newest_file_of_a_replaced_set_is_everything(tmp_path: Path) -> None:
    whole = declared(mode="replace_set")
    drop(tmp_path, "1.csv", HEADER + row(1) + row(2))
    newest = drop(tmp_path, "2.csv", HEADER + row(2) + row(3), at=1_770_000_100)
    with open_store(tmp_path / "ws") as store:
        take(store, tmp_path, whole)
        assert ids(store) == [2, 3]
        newest.unlink()
        take(store, tmp_path, whole, run_id="gone")
        assert ids(store) == [2, 3], "an older file does not come back into force"
        drop(tmp_path, "3.csv", HEADER + row(4) + row(4), at=1_770_000_200)
        reports = take(store, tmp_path, whole, run_id="doubled")
        assert "line 3, column 'id': The key stands in the file twice" in str(
            reports["files"].failures[0].error
        )
        assert ids(store) == [2, 3]
        drop(tmp_path, "1.csv", HEADER + row(1) + row(2), at=1_770_000_300)
        (tmp_path / "in" / "3.csv").unlink()
        take(store, tmp_path, whole, run_id="back")
        assert ids(store) == [1, 2]


def test_a_changed_declaration_makes_the_records_anew_from_evidence(tmp_path: Path) -> None:
    path = drop(tmp_path, "a.csv", HEADER + row(1))
    with open_store(tmp_path / "ws") as store:
        take(store, tmp_path)
        path.unlink()
        reports = take(store, tmp_path, declared(key=["id", "service"]), run_id="again")
        assert (reports["files"].pages, reports["rows"].pages) == (0, 1)
        assert [record["key"] for record in current(store, "rows")] == ['[1,"checkout"]']


def test_lines_of_json_are_read_by_their_types(tmp_path: Path) -> None:
    schema = {"id": "varchar", "at": "epoch_seconds", "n": "integer", "ok": "boolean", "more": "json"}
    lines = declared(
        path="*.ndjson", format="ndjson", schema=schema, personal_data=[], purpose=None, updated_at="at"
    )
    good = {"id": "a", "at": 1_770_000_000.5, "n": 3, "ok": True, "more": {"x": [1]}}
    text = json.dumps(good) + "\n\n" + json.dumps({"id": "b"}) + "\n"
    drop(tmp_path, "a.ndjson", text)
    drop(tmp_path, "b.ndjson", json.dumps({**good, "n": "3"}))
    drop(tmp_path, "c.ndjson", json.dumps(good)[:-5])
    drop(tmp_path, "d.ndjson", json.dumps({**good, "salary": 1}))
    with open_store(tmp_path / "ws") as store:
        reports = take(store, tmp_path, lines)
        said = [str(failure.error) for failure in reports["files"].failures]
        assert ["line 1, column 'n': '3' does not fit" in said[0], "not JSON" in said[1]] == [True, True]
        assert "column 'salary': The column is not declared" in said[2]
        first, second = current(store, "rows")
        assert first["values"] == {**good, "at": "2026-02-02T02:40:00.500000Z"}
        assert first["updated_at"] == first["values"]["at"]
        assert (second["line"], second["values"]["n"]) == (3, None)


def test_parquet_is_kept_byte_for_byte_and_read_by_its_types(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks.chunks_of, "__kwdefaults__", {"limit": 500})
    instants = pa.array([1_770_000_000_000_000, None], pa.timestamp("us", tz="Europe/Berlin"))
    columns = {"id": pa.array([1, 2], pa.int64()), "started_at": instants}
    texts = {name: pa.array(["x", "y"]) for name in ("service", "environment", "status", "who")}
    (tmp_path / "in").mkdir()
    pq.write_table(pa.table({**columns, **texts}), tmp_path / "in" / "a.parquet")
    raw = (tmp_path / "in" / "a.parquet").read_bytes()
    drop(tmp_path, "cut.parquet", raw[: len(raw) // 2])
    with open_store(tmp_path / "ws") as store:
        reports = take(store, tmp_path, declared(path="*.parquet", format="parquet"), settle_seconds=0)
        assert "no whole Parquet file" in str(reports["files"].failures[0].error)
        (key,) = {page["parent_key"] for page in landed(store, "files")}
        assert len(landed(store, "files")) > 2
        assert given(store, "deploys", key) == raw
        first, second = current(store, "rows")
        assert first["values"]["started_at"] == "2026-02-02T02:40:00Z"
        assert (second["values"]["id"], second["started_at"], second["line"]) == (2, None, 2)


def test_windows_say_how_many_rows_were_counted_on_arrival(tmp_path: Path) -> None:
    drop(tmp_path, "a.csv", HEADER + row(1) + row(2))
    with open_store(tmp_path / "ws") as store:
        take(store, tmp_path)
        counted = [(each["claimed_total"], each["record_count"]) for each in windows(store, "rows")]
        assert counted == [(2, 2), (None, 0)]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"path": "../*.csv"}, "leads out of the folder"),
        ({"path": "/etc/*.csv"}, "leads out of the folder"),
        ({"key": ["nr"]}, "no column nr"),
        ({"key": ["who"]}, "names nobody"),
        ({"updated_at": "status"}, "updated_at is an instant"),
        ({"time_zone": "Mars/Olympus"}, "not a time zone"),
        ({"fields": {"colour": "status"}}, "no field of the purpose"),
        ({"schema": {"id": "bigint"}, "personal_data": []}, "the purpose needs service"),
        ({"purpose": "incidents"}, "the purpose needs opened_at"),
        ({"schema": {"id": "money"}}, "Input should be"),
    ],
)
def test_a_declaration_that_cannot_work_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        DropsSettings.model_validate({"name": "d", **settings(declared(**changes))})
