"""The composition root: everything that Dagster sees of a workspace."""

import dagster as dg

from orchestration.assets.arrivals import arrival_sensor
from orchestration.assets.automation import WHOLE_JOB, failure_sensor, nightly
from orchestration.assets.checks import asset_checks, check_results_asset
from orchestration.assets.gate import gate_asset
from orchestration.assets.models import model_assets
from orchestration.assets.publication import publication_asset
from orchestration.assets.steps import step_assets
from orchestration.assets.streams import FIRST_WAIT_SECONDS, stream_assets
from orchestration.assets.workspace import OpenWorkspace, workspace_resource
from orchestration.dbt_runner import DbtProject
from orchestration.model_graph import ModelGraph
from orchestration.sources import absent_kinds
from orchestration.workspace import Workspace, workspace_of_environment


def workspace_definitions(
    workspace: Workspace,
    *,
    opened: OpenWorkspace | None = None,
    first_wait_seconds: float = FIRST_WAIT_SECONDS,
) -> dg.Definitions:
    """Compose the definitions of one workspace.

    Args:
        workspace: Whose settings and models.
        opened: The resource to use where the workspace is open already.
        first_wait_seconds: Wait before the second attempt at a stream that failed for now.
    """
    settings = workspace.settings()
    graph = ModelGraph(DbtProject(workspace).manifest(), absent_kinds(settings))
    streams, steps, models = (
        stream_assets(settings, first_wait_seconds=first_wait_seconds),
        step_assets(settings, graph),
        model_assets(graph),
    )
    tables = [key for assets in models for key in assets.keys]
    built = [*streams, *steps, *models, check_results_asset(tables), gate_asset()]
    built.append(publication_asset(tables))
    return dg.Definitions(
        assets=built,
        asset_checks=[asset_checks(settings, {key for assets in built for key in assets.keys})],
        jobs=[WHOLE_JOB],
        schedules=[nightly(settings)],
        sensors=[failure_sensor(workspace), arrival_sensor(workspace)],
        resources={"workspace": workspace_resource(workspace, opened)},
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Return the definitions of the workspace that ASSAY_WORKSPACE names."""
    return workspace_definitions(workspace_of_environment())
