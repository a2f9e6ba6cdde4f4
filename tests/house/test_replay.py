"""Published numbers, made again from their records alone (DESIGN I4)."""

import gzip
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.evidence.errors import EvidenceDamagedError
from connectors.sandbox.objective_files import OBJECTIVES_FOLDER, measuring_sources, write_objectives
from connectors.sandbox.source_settings import Places
from governance.log import GOVERNANCE_LOG
from governance.readings import READING_MARK, Reading
from lineage.errors import CellNotFoundError, ReplayInputError, TraceInputError
from lineage.replay import Replay, StoredBuild, replay_cell, replay_without_each
from lineage.trace import Asked, View
from lineage.trace.arguments import Period
from lineage.trace.cells import CellName
from lineage.trace.context import ORDINAL_BITS
from orchestration.command import main
from orchestration.errors import UsageError
from orchestration.numbers.own_numbers import read_own_numbers
from orchestration.numbers.replaying import (
    open_build,
    replay_published,
    replay_published_cell,
    trace_with_context,
)
from orchestration.numbers.tracing import Reader, TraceRequest, trace_number
from orchestration.screens.trace import trace_lines
from orchestration.screens.trace_page import trace_page
from orchestration.session import open_ledger
from orchestration.workspace import Workspace
from tests.house.company import company
from tests.house.every_source import change_settings
from tests.house.numbers_to_replay import READ_AT, SHARES, numbers_to_replay

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

KINDS = ("github", "git", "jira", "pagerduty", "roster", "prometheus", "datadog")
SEED = 20260701
ROWS = {"window", "fact", "scorecard"}
"""Kinds whose whole row is compared."""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Two months of a company with three services and their objectives, published."""
    with company(tmp_path_factory.mktemp("acme"), kinds=KINDS) as acme:
        places = Places(base_url=acme.server.base_url, git_folder="../git", files_folder="../files")
        measured = {one["kind"]: one for one in measuring_sources(acme.organisation.company, places)}
        for source in measured.values():
            del source["streams"]  # the streams that objectives are read from need others
        write_objectives(acme.organisation.company, acme.workspace.root / OBJECTIVES_FOLDER)

        def measure(document: dict[str, Any]) -> None:
            document["sources"] = [measured.get(one["kind"], one) for one in document["sources"]]
            document["scorecard"] = {"minimum_team_size": 3}

        change_settings(acme.workspace, measure)
        acme.run()
        yield acme.workspace


@pytest.fixture
def copied(workspace: Workspace, tmp_path: Path) -> Workspace:
    """A copy that may be spoilt."""
    shutil.copytree(workspace.root, tmp_path / "workspace", symlinks=True)
    return Workspace(tmp_path / "workspace")


@contextmanager
def opened(workspace: Workspace) -> Iterator[tuple[duckdb.DuckDBPyConnection, StoredBuild]]:
    manifest = json.loads((workspace.current / "manifest.json").read_bytes())
    log_size = manifest["evidence"]["payload_log_size"]
    with (
        open_build(workspace, manifest["replay"], log_size=log_size) as build,
        duckdb.connect(str(workspace.current / "analyst.duckdb"), read_only=True) as con,
    ):
        con.execute("set TimeZone = 'UTC'")
        yield con, build


def random_numbers(workspace: Workspace, config: pytest.Config) -> list[tuple[str, TraceRequest]]:
    with duckdb.connect(str(workspace.current / "analyst.duckdb"), read_only=True) as con:
        return numbers_to_replay(workspace, con, most=config.getoption("--cells"), seed=SEED)


@pytest.fixture(scope="module")
def numbers(workspace: Workspace, pytestconfig: pytest.Config) -> list[tuple[str, TraceRequest]]:
    """Random numbers of every kind, the same each time."""
    return random_numbers(workspace, pytestconfig)


@pytest.mark.timeout(10_000)
def test_random_numbers_of_every_kind_follow_from_their_records_alone(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Of a small company; `--cells 500 --published .demo/workspace` asks as many of a whole one."""
    given = request.config.getoption("--published")
    sampled = (
        Workspace(shutil.copytree(given, tmp_path / "workspace"))
        if given
        else request.getfixturevalue("workspace")
    )
    differing, kinds, scopes = [], Counter[str](), Counter[str]()
    for kind, asked in random_numbers(sampled, request.config):
        found = replay_published(sampled, asked)
        kinds[kind] += 1
        scopes[found.cell.scope_kind] += 1
        assert bool(found.row) == (kind in ROWS), asked
        if not found.is_equal:
            differing.append((str(asked), asked.asked, found.differences))
    assert not differing
    assert set(kinds) == set(SHARES)
    assert set(scopes) == {"service", "team", "organisation", "person", "fact"}


def first_of(kind: str, workspace: Workspace, numbers: list[tuple[str, TraceRequest]]) -> TraceRequest:
    """The first number of a kind that has records."""
    of_kind = (request for its_kind, request in numbers if its_kind == kind)
    return next(request for request in of_kind if trace_number(workspace, request).contributing_ids)


@pytest.mark.parametrize("kind", ["window", "fact", "own", "flow", "parts", "wide"])
def test_a_number_without_the_records_that_make_it_is_another(
    workspace: Workspace, numbers: list[tuple[str, TraceRequest]], kind: str
) -> None:
    request = first_of(kind, workspace, numbers)
    contributing = trace_number(workspace, request).contributing_ids
    found = replay_published(workspace, request, drop=contributing)
    assert found.loaded.dropped == tuple(sorted(contributing))
    assert not found.is_equal


@pytest.mark.parametrize("kind", ["window", "fact", "response"])
def test_each_record_of_a_row_changes_it_or_is_listed_as_redundant(
    workspace: Workspace, numbers: list[tuple[str, TraceRequest]], kind: str
) -> None:
    """What one of two tools says of an incident is redundant: without it, the other one counts."""
    found = replay_published(workspace, first_of(kind, workspace, numbers), is_each_dropped=True)
    assert found.is_equal
    assert len(found.dropped_each) == found.loaded.contributing
    assert all(one.reason for one in found.redundant)


def test_a_published_row_of_which_any_column_was_changed_is_told_by_its_name(
    workspace: Workspace, numbers: list[tuple[str, TraceRequest]], copied: Workspace
) -> None:
    request = first_of("window", workspace, numbers)
    database = copied.current / "analyst.duckdb"
    database.chmod(0o600)
    with duckdb.connect(str(database)) as con:
        con.execute("update marts.mart_slo_attainment set is_met = not coalesce(is_met, false)")
    found = replay_published(copied, request)
    assert found.published == found.replayed
    assert [text.partition(":")[0] for text in found.differences] == ["column is_met"]


def test_a_persons_own_number_is_made_again_for_whom_it_may_be_shown_and_that_is_recorded(
    workspace: Workspace, numbers: list[tuple[str, TraceRequest]]
) -> None:
    request = first_of("own", workspace, numbers)
    with open_ledger(workspace, workspace.settings()) as ledger:
        before = ledger.size(GOVERNANCE_LOG)
    assert replay_published(workspace, request).is_equal
    with open_ledger(workspace, workspace.settings()) as ledger:
        assert ledger.size(GOVERNANCE_LOG) == before + 1
    with pytest.raises(UsageError, match="shown to that person and to auditors alone"):
        replay_published(workspace, replace(request, reader=Reader()))


def readings(workspace: Workspace) -> list[tuple[str, ...]]:
    """What the log says was read, oldest first."""
    with open_ledger(workspace, workspace.settings()) as ledger:
        leaves = [leaf for _, leaf in ledger.every_leaf(GOVERNANCE_LOG) if READING_MARK in leaf]
    return [Reading.from_document(json.loads(leaf)).numbers for leaf in leaves]


def test_the_log_is_told_of_numbers_that_there_are_and_of_nothing_else_that_somebody_typed(
    workspace: Workspace, numbers: list[tuple[str, TraceRequest]]
) -> None:
    own = first_of("own", workspace, numbers)
    before, auditor = readings(workspace), Reader(view=View.AUDITOR, account="github:auditor", at=READ_AT)
    _, person = own.scope.split(":", 1)
    for wrong in (
        TraceRequest(metric="ada lovelace", scope="organisation:acme", period="2026-05", reader=auditor),
        TraceRequest(metric="change_lead_time", scope="team:Ada Lovelace", period="2026-05", reader=auditor),
        replace(own, period="2031-05-03"),
    ):
        with pytest.raises(CellNotFoundError):
            trace_number(workspace, wrong)
    with pytest.raises(CellNotFoundError, match="2031-05-03 is not covered"):
        read_own_numbers(workspace, person, reader=auditor, period="2031-05-03")
    for nobody in ("", "  "):
        with pytest.raises(UsageError, match="names its reader"):
            read_own_numbers(workspace, person, reader=replace(auditor, account=nobody))
    assert readings(workspace) == before


def test_a_reading_names_the_very_fact_that_was_read(workspace: Workspace) -> None:
    with duckdb.connect(str(workspace.current / "analyst.duckdb"), read_only=True) as con:
        row = con.execute("select min(change_id) from marts.fct_changes").fetchone()
    assert row is not None
    column, reader = "marts.fct_changes.lead_time_seconds", Reader(view=View.AUDITOR, account="a", at=READ_AT)
    asked = Asked(key=row[0])
    trace_number(
        workspace,
        TraceRequest(metric=column, scope="organisation:-", period="0001-01-01", asked=asked, reader=reader),
    )
    assert readings(workspace)[-1] == (f"{column} {row[0]}",)


def cell_with(con: duckdb.DuckDBPyConnection, metric: str) -> CellName:
    """A service's month with some events, and as few as there are."""
    row = con.execute(
        "select scope_id, period_start from marts.mart_metric_values "
        "where metric = ? and scope_kind = 'service' and period_grain = 'month' and n >= 2 "
        "order by n, scope_id, period_start limit 1",
        [metric],
    ).fetchone()
    assert row is not None
    return CellName(metric, "service", row[0], Period("month", row[1]))


@dataclass(frozen=True)
class LeftOut:
    """A cell, and what became of it without each of its records."""

    name: CellName
    replay: Replay

    @property
    def deciding(self) -> int:
        """A record that it hangs on."""
        return next(one.record_id for one in self.replay.dropped_each if not one.is_redundant)


@pytest.fixture(scope="module", params=["deployment_frequency", "change_lead_time"])
def left_out(workspace: Workspace, request: pytest.FixtureRequest) -> LeftOut:
    with opened(workspace) as (con, build):
        name = cell_with(con, request.param)
        return LeftOut(name, replay_without_each(con, name, build))


def test_each_contributing_record_changes_the_number_or_is_listed_as_redundant(
    workspace: Workspace, left_out: LeftOut
) -> None:
    whole = left_out.replay
    assert whole.is_equal
    assert len(whole.dropped_each) == whole.loaded.contributing
    assert all(one.reason for one in whole.redundant)
    with opened(workspace) as (con, build):
        for one in [*whole.dropped_each[::9], *whole.redundant[:1]]:  # the long way says the same
            found = replay_cell(con, left_out.name, build, drop=[one.record_id])
            assert found.replayed == one.without


@pytest.mark.parametrize("record", [-1, 10**30])
def test_a_record_that_is_not_behind_the_number_cannot_be_left_out(
    workspace: Workspace, left_out: LeftOut, record: int
) -> None:
    """An equal number would be read as: this record does not matter."""
    with opened(workspace) as (con, build), pytest.raises(TraceInputError, match="none of the records"):
        replay_cell(con, left_out.name, build, drop=[record])


def arguments(name: CellName, workspace: Workspace) -> list[str]:
    scope = f"{name.scope_kind}:{name.scope_id}"
    return [
        "replay",
        name.metric,
        "--scope",
        scope,
        "--period",
        str(name.period),
        "--workspace",
        str(workspace.root),
    ]


@pytest.mark.parametrize("left_out", ["change_lead_time"], indirect=True)
def test_the_command_says_what_was_loaded_and_that_the_number_follows(
    workspace: Workspace, left_out: LeftOut, capsys: pytest.CaptureFixture[str]
) -> None:
    name = left_out.name
    assert main(arguments(name, workspace)) == 0
    text = capsys.readouterr().out
    assert "each checked against its leaf in the log" in text
    assert "github__commits" in text
    assert "The records alone make exactly the published number." in text
    assert main([*arguments(name, workspace), "--drop", str(left_out.deciding)]) == 1
    assert "do NOT make the published number: value: published" in capsys.readouterr().out
    assert main([*arguments(name, workspace), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["is_equal"] is True


def replayed(workspace: Workspace, name: CellName, **options: Any) -> Replay:
    scope = f"{name.scope_kind}:{name.scope_id}"
    return replay_published_cell(workspace, name.metric, scope=scope, period=str(name.period), **options)


def test_a_trace_can_tell_what_its_number_is_read_against(workspace: Workspace) -> None:
    name = any_cell(workspace)
    request = TraceRequest(
        metric=name.metric, scope=f"{name.scope_kind}:{name.scope_id}", period=str(name.period)
    )
    assert trace_number(workspace, request).context_frames == ()
    traced = trace_with_context(workspace, request)
    assert traced.context_frames == replayed(workspace, name).loaded.frames
    assert {frame.rule for frame in traced.context_frames} >= {"whole", "place"}
    page, text = trace_page(traced), "\n".join(trace_lines(traced))
    assert "github__commits" in text
    assert all(frame.record_ids_sha256 in page for frame in traced.context_frames)
    assert all(frame["record_ids_sha256"] for frame in traced.to_document()["context_frames"])


def test_stored_sql_that_was_changed_is_named_and_not_run(copied: Workspace) -> None:
    sha256 = json.loads((copied.current / "manifest.json").read_bytes())["replay"]["models"]
    file = copied.replay / sha256
    changed = gzip.decompress(file.read_bytes()).replace(b"'success'", b"'failure'")
    file.write_bytes(gzip.compress(changed))
    with pytest.raises(ReplayInputError, match=f"not {sha256}"):
        replayed(copied, any_cell(copied))


def test_stored_settings_that_are_missing_are_named(copied: Workspace) -> None:
    stored = json.loads((copied.current / "manifest.json").read_bytes())["replay"]
    (copied.replay / stored["inputs"]).unlink()
    with pytest.raises(ReplayInputError, match=f"{stored['inputs']}.*take it from a backup"):
        replayed(copied, any_cell(copied))


@pytest.mark.parametrize("left_out", ["change_lead_time"], indirect=True)
def test_a_page_of_which_a_byte_was_changed_is_named(copied: Workspace, left_out: LeftOut) -> None:
    log_index = left_out.deciding >> ORDINAL_BITS
    spoil(copied, log_index)
    with pytest.raises(EvidenceDamagedError, match=f"page {log_index} .* is not the one that was committed"):
        replayed(copied, left_out.name)


def test_a_publication_without_stored_sql_says_so(copied: Workspace) -> None:
    file = copied.current / "manifest.json"
    document = json.loads(file.read_bytes())
    del document["replay"]
    file.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(UsageError, match="stored no SQL to replay"):
        replayed(copied, any_cell(copied))


def test_what_replays_need_is_the_owners_alone_and_names_nobody(workspace: Workspace) -> None:
    assert workspace.replay.stat().st_mode & 0o077 == 0
    with duckdb.connect(str(workspace.vault), read_only=True) as vault:
        keys = [key.encode() for (key,) in vault.execute("select account_key from account_tokens").fetchall()]
    held = b"".join(unpacked(file.read_bytes()) for file in workspace.replay.iterdir())
    assert b"checkout" in held
    assert keys
    assert not [key for key in keys if key in held]


def unpacked(content: bytes) -> bytes:
    """What a stored file says: compiled models, a table, or a list of tables."""
    if content.startswith(b"\x1f\x8b"):
        return gzip.decompress(content)
    return (
        content
        if content.startswith(b"{")
        else str(pa.ipc.open_stream(content).read_all().to_pylist()).encode()
    )


def any_cell(workspace: Workspace) -> CellName:
    with duckdb.connect(str(workspace.current / "analyst.duckdb"), read_only=True) as con:
        return cell_with(con, "deployment_frequency")


def spoil(workspace: Workspace, log_index: int) -> None:
    """Change one byte of one body, and nothing that says so."""
    for file in workspace.evidence.rglob("*.parquet"):
        table = pq.read_table(file)
        indexes = table["log_index"].to_pylist()
        if log_index in indexes:
            bodies = table["body"].to_pylist()
            at = indexes.index(log_index)
            bodies[at] = bodies[at].replace(b"1", b"2", 1)
            place = table.schema.get_field_index("body")
            spoilt = table.set_column(place, table.schema.field(place), pa.array(bodies, pa.binary()))
            pq.write_table(spoilt, file)
            return
    raise AssertionError(log_index)
