"""Dagster's history of a run: written quickly, it holds what Dagster writes by itself."""

import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration.event_history import quick_history


def definitions() -> dg.Definitions:
    """Three tables of which one is left out; a check that passes, one that fails, one that does not run."""

    @dg.multi_asset(
        specs=[dg.AssetSpec(name, skippable=True) for name in ("commits", "issues", "pulls")],
        check_specs=[dg.AssetCheckSpec(name, asset="commits") for name in ("good", "bad", "silent")],
    )
    def tables() -> Iterator[Any]:
        yield dg.MaterializeResult(
            asset_key="commits", metadata={"rows": 3}, data_version=dg.DataVersion("a")
        )
        yield dg.MaterializeResult(asset_key="issues", data_version=dg.DataVersion("b"))
        yield dg.AssetCheckResult(passed=True, asset_key="commits", check_name="good")
        yield dg.AssetCheckResult(passed=False, asset_key="commits", check_name="bad")

    @dg.asset(deps=["commits", "issues"])
    def mart() -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata={"rows": 1})

    selection = dg.AssetSelection.all() | dg.AssetSelection.all_asset_checks()
    return dg.Definitions(assets=[tables, mart], jobs=[dg.define_asset_job("everything", selection)])


def run(home: Path, *, is_quick: bool) -> str:
    home.mkdir(exist_ok=True)
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    job = definitions().resolve_job_def("everything")
    with (
        dg.DagsterInstance.from_config(str(home)) as instance,
        quick_history(instance) if is_quick else nullcontext(),
    ):
        return job.execute_in_process(instance=instance, raise_on_error=False).run_id


def rows(file: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(file)) as con:
        return con.execute(query).fetchall()


EVENTS = (
    "select coalesce(dagster_event_type, ''), coalesce(step_key, ''), coalesce(asset_key, '') from event_logs"
)
CHECKS = "select asset_key, check_name, execution_status, count(*) from asset_check_executions group by all"
ASSETS = "select asset_key, last_materialization is null, last_run_id from asset_keys order by 1"
TAGS = "select asset_key, key, count(*) from asset_event_tags group by 1, 2 order by 1, 2"


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, list[str]]:
    """Two histories of two runs each: Dagster's own, and the quick one."""
    plain, quick = (tmp_path_factory.mktemp(name) for name in ("plain", "quick"))
    for _ in range(2):
        run(plain, is_quick=False)
    return plain, quick, [run(quick, is_quick=True) for _ in range(2)]


def in_order_of_time(home: Path) -> list[Path]:
    files = [file for file in history(home).glob("*.db") if file.stem != "index"]
    return sorted(files, key=lambda file: rows(file, "select min(timestamp) from event_logs"))


def history(home: Path) -> Path:
    return home / "history" / "runs"


def test_each_run_has_the_same_events_in_the_same_order(homes: tuple[Path, Path, list[str]]) -> None:
    plain, quick, _ = homes
    for one, other in zip(in_order_of_time(plain), in_order_of_time(quick), strict=True):
        expected = rows(one, f"{EVENTS} order by id")
        assert Counter(kind for kind, *_ in expected)["ASSET_CHECK_EVALUATION_PLANNED"] == 3
        assert rows(other, f"{EVENTS} order by id") == expected


def test_the_index_has_the_same_events_assets_and_checks(homes: tuple[Path, Path, list[str]]) -> None:
    plain, quick, runs = homes
    one, other = (history(home) / "index.db" for home in (plain, quick))
    for query in (f"{EVENTS} order by id", CHECKS.replace("all", "1, 2, 3 order by 1, 2, 3"), TAGS):
        expected = rows(one, query)
        assert expected
        assert rows(other, query) == expected
    assert [each[:2] for each in rows(other, ASSETS)] == [each[:2] for each in rows(one, ASSETS)]
    assert {each[2] for each in rows(other, ASSETS)} == {runs[-1]}


def test_dagster_reads_what_was_written_quickly(homes: tuple[Path, Path, list[str]]) -> None:
    _, quick, runs = homes
    with dg.DagsterInstance.from_config(str(quick)) as instance:
        found = instance.get_latest_materialization_event(dg.AssetKey("commits"))
    assert found is not None
    assert found.run_id == runs[-1]


def test_nothing_stays_open_or_replaced(tmp_path: Path) -> None:
    """Otherwise a backup or a second run meets a file that this process still holds."""
    before = dict(os.environ)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        own = set(vars(instance.event_log_storage))
        with quick_history(instance):
            definitions().resolve_job_def("everything").execute_in_process(
                instance=instance, raise_on_error=False
            )
        assert set(vars(instance.event_log_storage)) == own
        assert dict(os.environ) == before
        held = {each.resolve() for each in Path("/proc/self/fd").iterdir()}
        assert not {each for each in held if each.is_relative_to(history(tmp_path).resolve())}
    assert not list(history(tmp_path).glob("*-wal"))


def test_a_batch_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """Dagster then stores the events one by one: half a batch would make them double."""
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance, quick_history(instance):
        storage = instance.event_log_storage
        run_id, entry = "first", entry_of("first")
        with pytest.raises(Exception, match="EventLogEntry"):
            storage.store_event_batch([entry, None])  # type: ignore[list-item] # what cannot be stored
        assert storage.get_logs_for_run(run_id) == []
        storage.store_event_batch([entry, entry])
        assert len(storage.get_logs_for_run(run_id)) == 2


def test_several_threads_write_and_read_at_once(tmp_path: Path) -> None:
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance, quick_history(instance):
        storage = instance.event_log_storage

        def store(run_id: str) -> None:
            for _ in range(5):
                storage.store_event_batch([entry_of(run_id)] * 4)
                storage.get_logs_for_run("first")

        threads = [threading.Thread(target=store, args=(name,)) for name in ("first", "first", "second")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [len(storage.get_logs_for_run(name)) for name in ("first", "second")] == [40, 20]


def entry_of(run_id: str) -> dg.EventLogEntry:
    return dg.EventLogEntry(  # type: ignore[no-untyped-call] # Dagster leaves it without types
        error_info=None, level=10, user_message="a line", run_id=run_id, timestamp=1.0, job_name="everything"
    )
