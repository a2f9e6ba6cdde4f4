"""What every metric means at present: the definitions that the compiled models and the settings make."""

from collections.abc import Mapping
from typing import Any

import duckdb

from lineage.definitions import MetricDefinition, define_metrics, read_definitions
from orchestration.settings import Settings


def present_definitions(
    con: duckdb.DuckDBPyConnection, compiled: Mapping[str, Any], settings: Settings
) -> dict[str, MetricDefinition]:
    """Define every metric of the warehouse, together with the settings that change its numbers.

    Args:
        con: The warehouse.
        compiled: dbt's manifest with the SQL of a build from the beginning, see `DbtProject`.
        settings: The workspace's settings.

    Raises:
        DefinitionError: the compiled models do not fit the warehouse.
    """
    parameters = {
        "time_zone": settings.reporting.time_zone,
        "deployments": settings.deployments.model_dump(mode="json"),
        "rules": settings.rules.model_dump(mode="json"),
    }
    return define_metrics(compiled, read_definitions(con), parameters=parameters)
