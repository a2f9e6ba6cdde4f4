"""A publication without a run: the last build, the present registers and policies."""

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
        UsageError: there is none.
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
        compile_models(workspace)
        with open_warehouse(workspace.warehouse) as con:
            check_again(session, con)  # somebody may have altered the warehouse since
        return publish_warehouse(session, checks, purpose=purpose)
