"""The steps between evidence and models: raw schema, tokens, intervals, working hours, commit graph."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from orchestration.assets.models import NEW_PAGES
from orchestration.assets.streams import stream_key
from orchestration.assets.workspace import OpenWorkspace
from orchestration.flow.building import (
    CALENDARS,
    compute_intervals,
    compute_working_hours,
    needs_commit_graph,
)
from orchestration.flow.tokens import assign_tokens
from orchestration.flow.warehouse import open_warehouse
from orchestration.model_graph import GRAPH_TABLES, ModelGraph
from orchestration.settings import Settings
from orchestration.sources import enabled_streams
from orchestration.steps.commit_graph import write_commit_graph

OWNERS = ["team:data-engineering"]
RAW_SCHEMAS = ("raw", "config")
WORKING_TIME_TABLES = ("computed.working_hours", "computed.working_days")
INTERVAL_TABLES = ("computed.poisson_bounds", "computed.median_ranks")
VAULT_TABLES = ("vault.account_tokens", "vault.people")


def step_assets(settings: Settings, graph: ModelGraph) -> list[dg.AssetsDefinition]:
    """Return the steps that are not dbt's."""
    return [
        _raw_schema(settings, graph),
        _account_tokens(graph),
        _intervals(graph),
        _working_hours(graph),
        _commit_graph(graph),
    ]


def _raw_keys(graph: ModelGraph) -> list[dg.AssetKey]:
    tables = {name.removesuffix(NEW_PAGES) for name in graph.sources if name.split(".")[0] in RAW_SCHEMAS}
    return [_key(table) for table in sorted(tables)]


def _key(table: str) -> dg.AssetKey:
    return dg.AssetKey(table.split("."))


def _description(graph: ModelGraph, table: str) -> str:
    return str(graph.manifest["sources"][graph.sources[table]]["description"])


def _raw_schema(settings: Settings, graph: ModelGraph) -> dg.AssetsDefinition:
    streams = [
        (source.kind, stream.name, stream_key(source.name, stream.name))
        for source in settings.sources
        for stream in enabled_streams(source)
    ]
    specs = [
        dg.AssetSpec(
            key,
            deps=[on for kind, name, on in streams if key.path[-1] in (f"{kind}__{name}", "fetch_windows")],
            group_name=key.path[0],
            description=_description(graph, ".".join(key.path)),
            owners=OWNERS,
            kinds={"duckdb"},
            skippable=True,
        )
        for key in _raw_keys(graph)
    ]

    @dg.multi_asset(name="raw_schema", specs=specs, pool="warehouse")
    def pin(workspace: dg.ResourceParam[OpenWorkspace]) -> Iterator[Any]:
        workspace.session.enter("pin evidence")
        plan = workspace.plan()
        if plan.is_settled:
            return  # nothing has changed: every step downstream is skipped
        for spec in specs:
            yield dg.MaterializeResult(
                asset_key=spec.key,
                metadata={"log size": plan.raw.log_size, "why": ", ".join(plan.reasons) or "no news"},
            )

    return pin


def _account_tokens(graph: ModelGraph) -> dg.AssetsDefinition:
    specs = [
        dg.AssetSpec(
            _key(table),
            deps=_raw_keys(graph),
            group_name="vault",
            description=_description(graph, table),
            owners=OWNERS,
            kinds={"duckdb", "python"},
        )
        for table in VAULT_TABLES
    ]

    @dg.multi_asset(name="account_tokens", specs=specs, pool="warehouse")
    def assign(workspace: dg.ResourceParam[OpenWorkspace]) -> Iterator[Any]:
        plan = workspace.plan()
        metadata: dict[str, Any] = {"built": not plan.is_idle}
        if not plan.is_idle:
            workspace.session.enter("account tokens")
            metadata["dagster/row_count"] = assign_tokens(workspace.session, plan)
        for spec in specs:
            yield dg.MaterializeResult(asset_key=spec.key, metadata=metadata)

    return assign


def _intervals(graph: ModelGraph) -> dg.AssetsDefinition:
    specs = [_computed_spec(graph, table, _raw_keys(graph)) for table in INTERVAL_TABLES]

    @dg.multi_asset(name="intervals", specs=specs, pool="warehouse")
    def compute(workspace: dg.ResourceParam[OpenWorkspace]) -> Iterator[Any]:
        plan = workspace.plan()
        with open_warehouse(workspace.session.workspace.warehouse) as con:
            rows = compute_intervals(con, plan)
        for spec, count in zip(specs, rows or (None, None), strict=True):
            known = {"dagster/row_count": count} if count is not None else {}
            yield dg.MaterializeResult(asset_key=spec.key, metadata={"built": rows is not None, **known})

    return compute


def _working_hours(graph: ModelGraph) -> dg.AssetsDefinition:
    specs = [_computed_spec(graph, table, [_key(CALENDARS)]) for table in WORKING_TIME_TABLES]

    @dg.multi_asset(name="working_hours", specs=specs, pool="warehouse")
    def compute(workspace: dg.ResourceParam[OpenWorkspace]) -> Iterator[Any]:
        plan = workspace.plan()
        with open_warehouse(workspace.session.workspace.warehouse) as con:
            rows = compute_working_hours(con, plan)
        for spec, count in zip(specs, rows or (None, None), strict=True):
            known = {"dagster/row_count": count} if count is not None else {}
            yield dg.MaterializeResult(asset_key=spec.key, metadata={"built": rows is not None, **known})

    return compute


def _commit_graph(graph: ModelGraph) -> dg.AssetsDefinition:
    reads = [_key("intermediate.int_commits"), _key("intermediate.int_deployments_rolled_out")]
    specs = [_computed_spec(graph, table, reads) for table in GRAPH_TABLES]

    @dg.multi_asset(name="commit_graph", specs=specs, pool="warehouse")
    def compute(workspace: dg.ResourceParam[OpenWorkspace]) -> Iterator[Any]:
        plan = workspace.plan()
        metadata: dict[str, Any] = {"built": needs_commit_graph(plan)}
        if needs_commit_graph(plan):
            workspace.session.enter("commit graph")
            with open_warehouse(workspace.session.workspace.warehouse) as con:
                report = write_commit_graph(con)
            metadata |= {
                "commits": report.commits,
                "deployments": report.deployments,
                "contained commits": report.contained_commits,
                "deployments of unknown commits": report.deployments_of_unknown_commits,
            }
        for spec in specs:
            yield dg.MaterializeResult(asset_key=spec.key, metadata=metadata)

    return compute


def _computed_spec(graph: ModelGraph, table: str, deps: list[dg.AssetKey]) -> dg.AssetSpec:
    return dg.AssetSpec(
        _key(table),
        deps=deps,
        group_name="computed",
        description=_description(graph, table),
        owners=OWNERS,
        kinds={"duckdb", "python"},
    )
