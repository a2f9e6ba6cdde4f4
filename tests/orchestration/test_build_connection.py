"""dbt's connection during a build: a trick that no scan has seen opens only evidence and the vault."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.dbt_runner import release_connections
from tests.lineage.tracks.small_project import write_project

PROFILE = """
small:
  target: here
  outputs:
    here:
      type: duckdb
      path: "{root}/assay.duckdb"
      schema: main
      threads: 1
      attach: [{{path: "{root}/vault.duckdb", alias: vault, read_only: true}}]
      plugins:
        - module: orchestration.build_connection
          alias: closed
          config: {{evidence: "{root}/evidence", vault: "{root}/vault.duckdb"}}
      settings: {{TimeZone: UTC}}
"""
TRICKS = {
    "reads_a_file": "select * from read_csv('{root}/developmental/said.csv')",
    "names_a_file": "select * from '{root}/developmental/said.csv'",
    "reads_the_database": "select * from read_duckdb('{root}/developmental/feedback.duckdb')",
    "leaves_the_evidence": "select * from read_text('{root}/evidence/../developmental/said.csv')",
    "lists_files": "select * from glob('{root}/developmental/*')",
    "attaches": (
        "{{{{ config(pre_hook=\"attach '{root}/developmental/feedback.duckdb' as f\") }}}} "
        "select * from f.said"
    ),
    "unlocks": "{{{{ config(pre_hook='set enable_external_access = true') }}}} select 1 as x",
    "unlocks_the_lock": "{{{{ config(pre_hook='reset lock_configuration') }}}} select 1 as x",
    "installs": "{{{{ config(pre_hook='install httpfs') }}}} select 1 as x",
    "asks_while_compiling": (
        "{{% set rows = run_query(\"from read_text('{root}/developmental/said.csv')\") if execute %}} "
        "select 1 as x"
    ),
}
ALLOWED = {
    "reads_evidence": "select * from read_parquet(['{root}/evidence/page.parquet'])",
    "reads_the_vault": "select * from vault.names",
    "sets_a_variable": "{{{{ config(pre_hook='set variable a = 1') }}}} select getvariable('a') as a",
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """The status and the message of each model, after one run of dbt over all of them."""
    from dbt.cli.main import dbtRunner  # noqa: PLC0415 - seconds of imports

    root = tmp_path_factory.mktemp("closed")
    for folder in ("developmental", "evidence"):
        (root / folder).mkdir()
    (root / "developmental" / "said.csv").write_text("words\nsaid in confidence\n")
    for name in ("developmental/feedback.duckdb", "vault.duckdb"):
        with duckdb.connect(str(root / name)) as con:
            con.execute(
                "create table said as select 'said in confidence' as x; create table names as select 1 as x"
            )
            con.execute(f"copy names to '{root}/evidence/page.parquet'")
    models = {name: text.format(root=root) for name, text in {**TRICKS, **ALLOWED}.items()}
    write_project(root, models, others={"profiles.yml": PROFILE.format(root=root)})
    folders = ["--project-dir", str(root), "--profiles-dir", str(root)]
    try:
        done = dbtRunner().invoke(["--log-level", "none", "--log-level-file", "none", "run", *folders])
    finally:
        release_connections()
    assert done.exception is None
    return {result.node.name: (str(result.status), str(result.message)) for result in done.result.results}


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_fails_while_it_runs(name: str, outcomes: dict[str, tuple[str, str]]) -> None:
    status, message = outcomes[name]
    assert status == "error"
    assert "disabled by configuration" in message or "configuration has been locked" in message


@pytest.mark.parametrize("name", ALLOWED)
def test_what_a_build_needs_stays_open(name: str, outcomes: dict[str, tuple[str, str]]) -> None:
    assert outcomes[name][0] == "success", outcomes[name]


def test_the_projects_own_profile_closes_the_connection() -> None:
    import yaml  # noqa: PLC0415 - only here

    from orchestration.dbt_runner import PROJECT  # noqa: PLC0415

    profile = yaml.safe_load((PROJECT / "profiles.yml").read_text())["assay"]["outputs"]["warehouse"]
    (plugin,) = profile["plugins"]
    assert plugin["module"] == "orchestration.build_connection"
    assert "ASSAY_EVIDENCE" in plugin["config"]["evidence"]
    assert [each["path"] for each in profile["attach"]] == ["{{ env_var('ASSAY_VAULT') }}"]
