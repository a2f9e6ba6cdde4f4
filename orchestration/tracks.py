"""The wall between the tracks, as a workspace holds it: what the scan reads, and what it says."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import yaml

from lineage.tracks import Crossing, ReviewedSql, read_catalog, track_crossings
from lineage.tracks.participation import participation_crossings
from orchestration.dbt_runner import PROJECT, DbtProject
from orchestration.errors import BuildFailedError
from orchestration.workspace import Workspace

REVIEWED = PROJECT / "reviewed_sql.yml"


def present_crossings(
    workspace: Workspace, con: duckdb.DuckDBPyConnection
) -> dict[str, tuple[Crossing, ...]]:
    """Return the crossings of every metric, as the project is compiled and the warehouse really is.

    Args:
        workspace: Whose project, evidence and vault.
        con: A connection to its warehouse; reading is enough. The models are compiled, see `compile_models`.

    Returns:
        By metric; an empty tuple where nothing of the developmental track, and nothing of who took part in an
        incident, can come into it. A metric without entry is unknown, and must not pass a gate.

    Raises:
        BuildFailedError: dbt could not compile, or the list of reviewed SQL is wrong.
    """
    project = DbtProject(workspace)
    manifest = project.compiled_manifest()
    catalog = read_catalog(con, evidence=workspace.evidence, vault=workspace.vault)
    found = dict(
        track_crossings(
            manifest, catalog, reviewed=load_reviewed(), built=built_sql(manifest, project.target)
        )
    )
    for crossing in participation_crossings(manifest, catalog):
        concerned = [crossing.metric] if crossing.metric in found else list(found)
        for metric in concerned:
            found[metric] = tuple(sorted({*found[metric], crossing}))
    return found


def compile_models(workspace: Workspace) -> None:
    """Compile the models where that has not been done; meanwhile nobody else may have the warehouse open.

    Raises:
        BuildFailedError: dbt could not compile.
    """
    DbtProject(workspace).compiled_manifest()


def load_reviewed(file: Path = REVIEWED) -> tuple[ReviewedSql, ...]:
    """Read the list of SQL beside models that somebody has read.

    Raises:
        BuildFailedError: it cannot be read; without it every hook closes the wall.
    """
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        return tuple(
            ReviewedSql(
                str(entry["template"]),
                str(entry["sha256"]),
                tuple(entry.get("variables", ())),
                str(entry["reason"]),
            )
            for entry in document["reviewed"]
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise BuildFailedError(
            f"The list of reviewed SQL {file} cannot be read: {error!r}. Each entry has template, "
            "sha256 and reason"
        ) from error


def built_sql(manifest: Mapping[str, Any], target: Path) -> dict[str, str]:
    """Return the SQL of each model as the last build compiled it, incremental branches included."""
    found = {}
    for unique_id, node in manifest.get("nodes", {}).items():
        file = target / "compiled" / str(node.get("package_name")) / str(node.get("original_file_path"))
        if node.get("resource_type") == "model" and file.is_file():
            found[unique_id] = file.read_text(encoding="utf-8")
    return found
