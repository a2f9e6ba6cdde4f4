"""The project as dbt has parsed it, once in a run: half a minute that nobody needs to spend twice."""

from functools import cache
from pathlib import Path

from orchestration.dbt_runner import DbtProject
from orchestration.workspace import Workspace
from tests.shared import once, shared_folder


@cache
def parsed_workspace() -> Workspace:
    """Return a workspace in which dbt has parsed the project; its dbt folder is copied where it is needed."""
    return Workspace(once("parsed", _parse))


def _parse() -> Path:
    workspace = Workspace(shared_folder() / "parsed")
    workspace.make_data_folders()
    DbtProject(workspace).manifest()
    return workspace.root
