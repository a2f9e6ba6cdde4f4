"""The dbt models as assets and their tests as asset checks, in two steps around the commit graph."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings

from orchestration.assets.workspace import OpenWorkspace
from orchestration.dbt_runner import NodeOutcome
from orchestration.flow.building import Phase, build_models, failure_of, finish_models
from orchestration.flow.planning import Plan
from orchestration.flow.warehouse import count_rows, data_versions, open_warehouse, set_data_versions
from orchestration.model_graph import ModelGraph

NEW_PAGES = "__new"
CHECKS = "checks"
_RAN = ("pass", "fail", "warn", "error")


class ModelTranslator(DagsterDbtTranslator):
    """Names assets by schema and table; both views of a stream are one asset."""

    def __init__(self) -> None:
        super().__init__(
            settings=DagsterDbtTranslatorSettings(
                enable_asset_checks=True, enable_duplicate_source_asset_keys=True
            )
        )

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Name an asset by its schema, or its source, and its table."""
        name = str(dbt_resource_props["name"]).removesuffix(NEW_PAGES)
        return dg.AssetKey([dbt_resource_props.get("source_name") or dbt_resource_props["schema"], name])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Group models by the stage of their journey."""
        return str(dbt_resource_props["schema"])

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """Name the owner that the model's description names, else the data engineers."""
        return list(super().get_owners(dbt_resource_props) or ["team:data-engineering"])


def model_assets(graph: ModelGraph) -> list[dg.AssetsDefinition]:
    """Return the two assets definitions that hold every model."""
    translator = ModelTranslator()
    return [
        _phase_assets(graph, translator, "before_graph"),
        _phase_assets(graph, translator, "after_graph"),
    ]


def _phase_assets(graph: ModelGraph, translator: ModelTranslator, phase: Phase) -> dg.AssetsDefinition:
    models = graph.before_graph if phase == "before_graph" else graph.after_graph
    later = graph.after_graph if phase == "before_graph" else frozenset[str]()
    specs = {
        key: _without_absent(graph, translator.get_asset_spec(graph.manifest, key, None))
        for key in graph.in_order
        if key in models
    }
    ids = {spec.key: key for key, spec in specs.items()}
    checks = _check_specs(graph, specs, later=later)

    @dg.multi_asset(
        name=f"models_{phase}",
        specs=[spec.replace_attributes(skippable=True) for spec in specs.values()],
        check_specs=list(checks.values()),
        can_subset=True,
        pool="warehouse",
    )
    def build(context: dg.AssetExecutionContext, workspace: dg.ResourceParam[OpenWorkspace]) -> Iterator[Any]:
        session, plan = workspace.session, workspace.plan()
        wanted = {ids[key] for key in context.selected_asset_keys}
        is_whole = wanted == set(models)
        if plan.is_settled:
            return
        if not plan.is_idle:
            session.enter(f"models {phase.replace('_', ' the ')}")
        outcomes = build_models(session, plan, phase, only=None if is_whole else wanted)
        results = {outcome.unique_id: outcome for outcome in outcomes}
        yield from _materialized(
            workspace, plan, {key: specs[key].key for key in specs if key in wanted}, results
        )
        selected_checks = context.selected_asset_check_keys
        for unique_id, check in checks.items():
            if unique_id in results and results[unique_id].status in _RAN and check.key in selected_checks:
                yield _check_result(check, results[unique_id])
        failure = failure_of(outcomes)
        if failure is not None:
            raise dg.Failure(str(failure), allow_retries=False)
        if is_whole and phase == "after_graph" and not plan.is_idle:
            with open_warehouse(session.workspace.warehouse) as con:
                finish_models(con, plan)

    return build


def _without_absent(graph: ModelGraph, spec: dg.AssetSpec) -> dg.AssetSpec:
    """Leave out what the workspace does not have, and what the checks say: they come after the models."""
    present = [
        on
        for on in spec.deps
        if on.asset_key.path[-1] not in graph.empty_tables and on.asset_key.path[0] != CHECKS
    ]
    return spec if len(present) == len(list(spec.deps)) else spec.replace_attributes(deps=present)


def _check_specs(
    graph: ModelGraph, specs: Mapping[str, dg.AssetSpec], *, later: frozenset[str]
) -> dict[str, dg.AssetCheckSpec]:
    """Return the checks of the tests that can run in this phase: all that they read stands by then."""
    checks: dict[str, dg.AssetCheckSpec] = {}
    for unique_id, test in sorted(graph.tests.items()):
        parents = [parent for parent in test["depends_on"]["nodes"] if parent in graph.models]
        here = [parent for parent in parents if parent in specs]
        if not here or any(parent in later for parent in parents):
            continue
        attached = str(test.get("attached_node"))
        on = attached if attached in here else here[0]
        checks[unique_id] = dg.AssetCheckSpec(
            name=test["name"].replace(".", "_"),
            asset=specs[on].key,
            description=test.get("description") or None,
        )
    return checks


def _materialized(
    workspace: OpenWorkspace, plan: Plan, keys: Mapping[str, dg.AssetKey], outcomes: Mapping[str, NodeOutcome]
) -> Iterator[dg.MaterializeResult[None]]:
    """Report what was built, and what stands as it was: the same data version says so."""
    with open_warehouse(workspace.session.workspace.warehouse) as con:
        set_data_versions(con, (key for key in keys if key in plan.new), plan.build.build_id)
        versions = data_versions(con)
        for unique_id, key in keys.items():
            if unique_id not in plan.built:
                continue  # it failed, or was skipped because of one that did
            metadata: dict[str, dg.MetadataValue] = {"built": dg.MetadataValue.bool(unique_id in plan.new)}
            if unique_id in plan.new:
                seconds = outcomes[unique_id].seconds if unique_id in outcomes else 0.0
                metadata["dagster/row_count"] = dg.MetadataValue.int(count_rows(con, ".".join(key.path)))
                metadata["seconds"] = dg.MetadataValue.float(round(seconds, 3))
            version = versions.get(unique_id, plan.build.build_id)
            yield dg.MaterializeResult(asset_key=key, metadata=metadata, data_version=dg.DataVersion(version))


def _check_result(check: dg.AssetCheckSpec, outcome: NodeOutcome) -> dg.AssetCheckResult:
    severity = dg.AssetCheckSeverity.WARN if outcome.status == "warn" else dg.AssetCheckSeverity.ERROR
    return dg.AssetCheckResult(
        passed=outcome.status == "pass",
        asset_key=check.asset_key,
        check_name=check.name,
        severity=severity,
        metadata={
            "rows": outcome.failures or 0,
            "message": outcome.message or "none",
            "seconds": outcome.seconds,
        },
    )
