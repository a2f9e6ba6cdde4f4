"""The project as dbt has parsed and compiled it, once in a run: a minute that nobody needs to spend twice.

dbt reads what it parsed again only where the profile is the same, and a profile names the files of one
workspace. So a copy for another workspace gets the hash of that workspace's profile.
"""

import pprint
import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from orchestration.dbt_runner import PROJECT, DbtProject, memory_limit
from orchestration.workspace import Workspace
from tests.shared import once, shared_folder


@cache
def parsed_workspace() -> Workspace:
    """Return a workspace in which dbt has parsed and compiled the project."""
    return Workspace(once("parsed", _parse))


def compiled_manifest() -> dict[str, Any]:
    """Return the manifest with the SQL of every model."""
    return DbtProject(parsed_workspace()).compiled_manifest()


def compiled_tests() -> dict[str, Any]:
    """Return the manifest with the SQL of every test."""
    return DbtProject(parsed_workspace()).compiled_manifest(of="test")


def copy_parsed(workspace: Workspace) -> None:
    """Give a workspace what dbt wrote when it parsed and compiled the project, as if done there."""
    parsed = parsed_workspace()
    shutil.copytree(parsed.dbt, workspace.dbt, dirs_exist_ok=True)
    file = workspace.dbt / "target" / "partial_parse.msgpack"
    content, mark = file.read_bytes(), _profile_hash(parsed)
    assert content.count(mark) == 1, "dbt hashes the profile in another way than this copy expects"
    file.write_bytes(content.replace(mark, _profile_hash(workspace)))


def _parse() -> Path:
    workspace = Workspace(shared_folder() / "parsed")
    workspace.make_data_folders()
    for file in (workspace.warehouse, workspace.vault):
        duckdb.connect(str(file)).close()
    DbtProject(workspace).manifest()
    DbtProject(workspace).compiled_manifest()
    DbtProject(workspace).compiled_manifest(of="test")
    return workspace.root


def _profile_hash(workspace: Workspace) -> bytes:
    """Hash a workspace's profile as `ManifestLoader.build_manifest_state_check` of dbt does."""
    from dbt.adapters.duckdb.credentials import DuckDBCredentials  # noqa: PLC0415 - seconds of imports
    from dbt.artifacts.resources import FileHash  # noqa: PLC0415

    text = (PROJECT / "profiles.yml").read_text()
    given = {
        "ASSAY_WAREHOUSE": str(workspace.warehouse),
        "ASSAY_VAULT": str(workspace.vault),
        "ASSAY_EVIDENCE": str(workspace.evidence),
        "ASSAY_MEMORY_LIMIT": memory_limit(),
    }
    for name, value in given.items():
        text = re.sub(rf"{{{{ env_var\('{name}'.*?\) }}}}", lambda _, value=value: value, text)
    profile = yaml.safe_load(text)["assay"]["outputs"]["warehouse"]
    stated = {key: value for key, value in profile.items() if key not in ("type", "threads")}
    credentials = DuckDBCredentials.from_dict(DuckDBCredentials.translate_aliases(stated))
    connection = pprint.pformat(sorted(credentials.connection_info()))
    return FileHash.from_contents(connection).checksum.encode()
