"""Reconciliation and expectations: one asset that runs them, and an asset check for each result."""

from collections.abc import Iterator

import dagster as dg

from orchestration.assets.workspace import OpenWorkspace
from orchestration.flow.checking import check_build
from orchestration.flow.warehouse import open_warehouse
from orchestration.settings import Settings
from orchestration.stream_contracts import contracts_of
from quality_checks.checks import declared_checks
from quality_checks.results import CheckResult

RESULTS = dg.AssetKey(["quality", "check_results"])
_SEVERITIES = {"blocking": dg.AssetCheckSeverity.ERROR, "warning": dg.AssetCheckSeverity.WARN}


def check_results_asset(models: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """Return the asset that runs every check over the finished models."""

    @dg.asset(
        key=RESULTS,
        deps=models,
        group_name="quality",
        output_required=False,
        description="One row per check and subject: whether what lies in two places agrees.",
        owners=["team:data-engineering"],
        kinds={"duckdb", "python"},
        pool="warehouse",
    )
    def check(workspace: dg.ResourceParam[OpenWorkspace]) -> Iterator[dg.MaterializeResult[None]]:
        plan = workspace.plan()
        if plan.is_settled:
            return
        if not plan.is_idle:
            workspace.session.enter("checks")
        with open_warehouse(workspace.session.workspace.warehouse) as con:
            results = check_build(workspace.session, con, plan)
        failed = [result for result in results if not result.is_passed]
        yield dg.MaterializeResult(
            metadata={
                "dagster/row_count": len(results),
                "failed": len(failed),
                "blocking": sum(result.is_blocking for result in failed),
            }
        )

    return check


def asset_checks(settings: Settings, known: set[dg.AssetKey]) -> dg.AssetChecksDefinition:
    """Return one asset check per declared check whose subject is an asset here."""
    specs = {
        (declared.name, declared.subject): dg.AssetCheckSpec(
            name=declared.name,
            asset=subject_key(declared.subject),
            description=f"{declared.sentence} Owner: {declared.owner}.",
            additional_deps=[RESULTS],
        )
        for declared in declared_checks(contracts_of({source.kind for source in settings.sources}))
        if subject_key(declared.subject) in known
    }

    @dg.multi_asset_check(name="quality_checks", specs=list(specs.values()), can_subset=True)
    def report(
        context: dg.AssetCheckExecutionContext, workspace: dg.ResourceParam[OpenWorkspace]
    ) -> Iterator[dg.AssetCheckResult]:
        if workspace.plan().is_idle:
            return
        chosen = context.selected_asset_check_keys
        for result in workspace.session.record.checks:
            spec = specs.get((result.name, result.subject))
            if spec is not None and spec.key in chosen:
                yield _evaluation(spec, result)

    return report


def subject_key(subject: str) -> dg.AssetKey:
    """Name the asset of a check's subject."""
    return dg.AssetKey(subject.split("."))


def _evaluation(spec: dg.AssetCheckSpec, result: CheckResult) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=result.is_passed,
        asset_key=spec.asset_key,
        check_name=spec.name,
        severity=_SEVERITIES[result.severity],
        description=result.message,
        metadata={
            "observed": result.observed,
            "expected": result.expected,
            "offenders": "\n".join(result.offenders) or "none",
            "remedy": result.remedy or "none",
            "scope": result.scope,
        },
    )
