"""A publication without a run: the last build, the present registers and policies."""

import re
from pathlib import Path

import duckdb

from orchestration.dbt_runner import DbtProject
from orchestration.errors import UsageError
from orchestration.flow.checking import check_again
from orchestration.flow.planning import code_hash
from orchestration.flow.publication import publish_warehouse
from orchestration.flow.warehouse import open_warehouse, stage_mark
from orchestration.session import open_session
from orchestration.tracks import compile_models
from orchestration.workspace import Workspace
from publishing import Publication


def publish_again(workspace: Workspace, *, purpose: str | None = None) -> Publication:
    """Publish the last complete build, once every check was run over it again.

    Args:
        workspace: Whose build.
        purpose: What incentive metrics are published for, unless it is the register's own.

    Raises:
        UsageError: there is none, or its views read the evidence of another folder.
        PublishingError: a blocking check is red, or the gate is closed.
    """
    with open_session(workspace, command="assay publish", needs_sources=False) as session:
        with open_warehouse(workspace.warehouse) as con:
            models, checks = stage_mark(con, "models"), stage_mark(con, "checks")
        if models is None or checks is None or models.build_id != checks.build_id:
            raise UsageError("There is no complete and checked build to publish. Make one with: assay run")
        if models.code_sha256 != code_hash(DbtProject(workspace)):
            raise UsageError(
                "The models or steps are not those of the last build, so its numbers have another definition "
                "than would be published with them. Build anew with: assay run"
            )
        with open_warehouse(workspace.warehouse) as con:
            refuse_moved(workspace, con)
        compile_models(workspace)
        with open_warehouse(workspace.warehouse) as con:
            check_again(session, con)  # somebody may have altered the warehouse since
        return publish_warehouse(session, checks, purpose=purpose)


def refuse_moved(workspace: Workspace, con: duckdb.DuckDBPyConnection) -> None:
    """Refuse a warehouse that reads the evidence of another folder: its views name files by whole paths.

    Raises:
        UsageError: the workspace was moved or copied since it was built.
    """
    row = con.execute(
        "select sql from duckdb_views() where schema_name = 'raw' and view_name = 'evidence_pages'"
    ).fetchone()
    evidence = workspace.evidence.resolve()
    for file in re.findall(r"'([^']*\.parquet)'", row[0] if row else ""):
        if not Path(file).resolve().is_relative_to(evidence):
            raise UsageError(
                f"This warehouse was built while its evidence lay in {Path(file).parents[2]}; since then the "
                f"workspace was moved or copied to {workspace.root}. Let its views follow with: assay run"
            )
