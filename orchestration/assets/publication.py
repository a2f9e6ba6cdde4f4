"""The publication: the one asset that other people read."""

import dagster as dg

from orchestration.assets.gate import DECISIONS
from orchestration.assets.workspace import OpenWorkspace

PUBLICATION = dg.AssetKey(["publication"])


def publication_asset(marts: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """Return the asset that seals and switches a publication."""

    @dg.asset(
        key=PUBLICATION,
        deps=[DECISIONS, *marts],
        group_name="publication",
        description="A sealed folder of marts, a report and a manifest, which `current` points to.",
        owners=["team:data-engineering"],
        kinds={"parquet", "duckdb", "excel"},
        pool="warehouse",
    )
    def publication(workspace: dg.ResourceParam[OpenWorkspace]) -> dg.MaterializeResult[None]:
        from orchestration.flow.publication import publish_build  # noqa: PLC0415 - charts and workbooks: a second

        plan = workspace.plan()
        workspace.session.enter("publish")
        outcome = publish_build(workspace.session, plan)
        return dg.MaterializeResult(
            metadata={
                "publication": outcome.publication_id,
                "new": outcome.is_new,
                "folder": dg.MetadataValue.path(str(outcome.folder)),
            },
            data_version=dg.DataVersion(outcome.publication_id),
        )

    return publication
