"""Reconciliation and expectations: one asset that runs them, and an asset check for each result."""

import re
from collections.abc import Iterator, Sequence

import dagster as dg

from orchestration.assets.workspace import OpenWorkspace
from orchestration.flow.checking import check_build
from orchestration.flow.warehouse import open_warehouse
from orchestration.reconciliation.asking import ask_before_checks
from orchestration.settings import Settings
from orchestration.source_contracts import source_contracts
from orchestration.stream_contracts import contracts_of
from orchestration.tracks import compile_models
from quality_checks.checks import declared_checks
from quality_checks.results import CheckDeclaration, CheckResult
from quality_checks.source_drift.checks import drift_declarations
from quality_checks.track_wall import track_declarations

RESULTS = dg.AssetKey(["quality", "check_results"])
OTHERS = dg.AssetCheckSpec(
    name="checks_of_what_is_no_asset",
    asset=RESULTS,
    description="Checks whose subject only the run has found, such as a relation of a source that has left.",
)
_NO_WORD = re.compile(r"\W+")
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
        ask_before_checks(workspace.session, plan)
        compile_models(workspace.session.workspace)
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
    """Return one asset check per declared check, of its subject.

    Where the subject is no asset of this workspace, the check is one of the asset of all results, and the
    subject stands in its name. What only a run finds to check comes together in one check there.
    """
    kinds = frozenset(source.kind for source in settings.sources)
    declarations = (
        *declared_checks(contracts_of(kinds)),
        *drift_declarations(source_contracts(kinds)),
        *track_declarations(),
    )
    specs = {(each.name, each.subject): _spec(each, known) for each in declarations}

    @dg.multi_asset_check(name="quality_checks", specs=[*specs.values(), OTHERS], can_subset=True)
    def report(
        context: dg.AssetCheckExecutionContext, workspace: dg.ResourceParam[OpenWorkspace]
    ) -> Iterator[dg.AssetCheckResult]:
        if workspace.plan().is_settled:
            return
        chosen = context.selected_asset_check_keys
        undeclared = []
        for result in workspace.session.record.checks:
            spec = specs.get((result.name, result.subject))
            if spec is None:
                undeclared.append(result)
            elif spec.key in chosen:
                yield _evaluation(spec, result)
        if OTHERS.key in chosen:
            yield _of_others(undeclared)

    return report


def _spec(declared: CheckDeclaration, known: set[dg.AssetKey]) -> dg.AssetCheckSpec:
    subject = subject_key(declared.subject)
    is_known = subject in known
    return dg.AssetCheckSpec(
        name=declared.name if is_known else _NO_WORD.sub("_", f"{declared.name}__{declared.subject}"),
        asset=subject if is_known else RESULTS,
        description=f"{declared.sentence} Of {declared.subject}. Owner: {declared.owner}.",
        additional_deps=[RESULTS] if is_known else [],
        metadata={"subject": declared.subject, "layer": declared.layer},
    )


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
        metadata={**_counts(result), **_texts(result)},
    )


def _counts(result: CheckResult) -> dict[str, dg.MetadataValue]:
    """The figures, as numbers that Dagster can draw over time."""
    figures = {
        "expected_total": result.expected_total,
        "observed_total": result.observed_total,
        "tolerance": result.tolerance,
        "offender_count": result.offender_count,
    }
    return {name: dg.MetadataValue.int(count) for name, count in figures.items() if count is not None}


def _texts(result: CheckResult) -> dict[str, dg.MetadataValue]:
    commands = "\n".join(dict.fromkeys(repair.command for repair in result.repairs))
    texts = {
        "observed": result.observed,
        "expected": result.expected,
        "measure": result.measure,
        "layer": result.layer,
        "subject": result.subject,
        "remedy": result.remedy,
        "repair": commands,
        "scope": result.scope,
    }
    found = {name: dg.MetadataValue.text(text) for name, text in texts.items() if text}
    return found | ({"offenders": _table(result)} if result.offenders else {})


def _table(result: CheckResult) -> dg.MetadataValue:
    """The first items that break the rule, as a table."""
    left = result.offender_count - len(result.offenders)
    rows = [f"| {_cell(offender)} |" for offender in result.offenders]
    more = [f"| and {left:,} more |"] if left > 0 else []
    return dg.MetadataValue.md("\n".join(["| Breaks the rule |", "| --- |", *rows, *more]))


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def _of_others(results: Sequence[CheckResult]) -> dg.AssetCheckResult:
    """What only the run found to check, in one: red where one of them is."""
    red = [result for result in results if not result.is_passed]
    is_blocking = any(result.is_blocking for result in red)
    metadata: dict[str, dg.MetadataValue] = {
        "ran": dg.MetadataValue.int(len(results)),
        "offender_count": dg.MetadataValue.int(len(red)),
    }
    if red:
        rows = [f"| {result.name} | {result.subject} | {_cell(result.message)} |" for result in red]
        table = "\n".join(["| Check | Of | Found |", "| --- | --- | --- |", *rows])
        commands = (repair.command for result in red for repair in result.repairs)
        metadata["offenders"] = dg.MetadataValue.md(table)
        metadata["repair"] = dg.MetadataValue.text("\n".join(dict.fromkeys(commands)) or "assay run")
    return dg.AssetCheckResult(
        passed=not red,
        asset_key=OTHERS.asset_key,
        check_name=OTHERS.name,
        severity=_SEVERITIES["blocking" if is_blocking or not red else "warning"],
        metadata=metadata,
    )
