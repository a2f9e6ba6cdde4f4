"""The gate at build: what of a checked build may be published, as an asset between checks and publication."""

from collections.abc import Iterator

import dagster as dg

from orchestration.assets.checks import RESULTS
from orchestration.assets.workspace import OpenWorkspace

DECISIONS = dg.AssetKey(["quality", "gate_decisions"])


def gate_asset() -> dg.AssetsDefinition:
    """Return the asset that decides about every metric once its checks have run."""

    @dg.asset(
        key=DECISIONS,
        deps=[RESULTS],
        group_name="quality",
        output_required=False,
        description="One row per metric: whether the gate lets it through, and every predicate asked.",
        owners=["team:data-engineering"],
        kinds={"duckdb", "python"},
        pool="warehouse",
    )
    def gate(workspace: dg.ResourceParam[OpenWorkspace]) -> Iterator[dg.MaterializeResult[None]]:
        from orchestration.flow.gating import decide_build  # noqa: PLC0415 - what publishes: a second

        plan = workspace.plan()
        if plan.is_settled:
            return
        if not plan.is_idle:
            workspace.session.enter("gate")
        decisions = decide_build(workspace.session, plan)
        closed = [one.metric for one in decisions if not one.is_open]
        yield dg.MaterializeResult(
            metadata={"dagster/row_count": len(decisions), "closed": len(closed), "kept_back": closed}
        )

    return gate
