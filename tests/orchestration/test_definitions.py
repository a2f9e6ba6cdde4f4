"""What Dagster sees of a workspace."""

from collections.abc import Callable

import dagster as dg
import pytest

from connectors.sources import SOURCE_KINDS
from orchestration.assets.automation import JOB
from orchestration.assets.checks import asset_checks
from orchestration.dbt_runner import DbtProject
from orchestration.definitions import workspace_definitions
from orchestration.model_graph import ModelGraph
from orchestration.session import open_session
from orchestration.sources import absent_kinds
from orchestration.stream_contracts import contracts_of
from orchestration.workspace import Workspace
from quality_checks.checks import declared_checks

MakeWorkspace = Callable[..., Workspace]


@pytest.fixture
def workspace(make_workspace: MakeWorkspace) -> Workspace:
    return make_workspace()


@pytest.fixture
def definitions(workspace: Workspace) -> dg.Definitions:
    return workspace_definitions(workspace)


def specs(definitions: dg.Definitions) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}


def test_every_stream_model_and_step_is_an_asset(definitions: dg.Definitions, workspace: Workspace) -> None:
    found = specs(definitions)
    for kind in ("github", "git"):
        for stream in SOURCE_KINDS[kind].streams:
            assert f"{kind}/{stream.name}" in found
            assert f"raw/{kind}__{stream.name}" in found
    graph = ModelGraph(DbtProject(workspace).manifest(), absent_kinds(workspace.settings()))
    for model in graph.models.values():
        assert f"{model['schema']}/{model['name']}" in found
    steps = ("vault/account_tokens", "computed/deployment_commits", "computed/poisson_bounds")
    assert {*steps, "quality/check_results", "publication"} <= found.keys()


def test_every_asset_has_a_group_an_owner_and_a_description(definitions: dg.Definitions) -> None:
    for name, spec in specs(definitions).items():
        assert spec.group_name not in (None, "default"), name
        assert spec.owners, name
        assert spec.description, name


def test_the_publication_lies_downstream_of_every_stream(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    above = graph.get_ancestor_asset_keys(dg.AssetKey(["publication"]))
    for kind in ("github", "git"):
        for stream in SOURCE_KINDS[kind].streams:
            assert dg.AssetKey([kind, stream.name]) in above, stream.name


def test_dbt_tests_and_reconciliation_are_asset_checks(
    definitions: dg.Definitions, workspace: Workspace
) -> None:
    resolved = definitions.resolve_asset_graph()
    assets = {key.to_user_string() for key in resolved.get_all_asset_keys()}
    shown = {(key.name, key.asset_key.to_user_string()) for key in resolved.asset_check_keys}
    for declared in declared_checks(contracts_of({"github", "git"})):
        subject = declared.subject.replace(".", "/")
        named = f"{declared.name}__{declared.subject.replace('.', '_')}"  # what is no asset of these sources
        assert ((declared.name, subject) if subject in assets else (named, "quality/check_results")) in shown
    graph = ModelGraph(DbtProject(workspace).manifest(), absent_kinds(workspace.settings()))
    tests = {test["name"].replace(".", "_") for test in graph.tests.values()}
    assert tests <= {name for name, _ in shown}


def test_a_check_of_what_is_no_asset_is_one_of_all_results(workspace: Workspace) -> None:
    results = dg.AssetKey(["quality", "check_results"])
    checks = {spec.key for spec in asset_checks(workspace.settings(), {results}).check_specs}
    assert {key.asset_key for key in checks} == {results}
    names = {key.name for key in checks}
    assert len(names) == len(checks)
    for declared in declared_checks(contracts_of({"github", "git"})):
        assert f"{declared.name}__{declared.subject}".replace(".", "_") in names
    assert "checks_of_what_is_no_asset" in names


def test_what_the_workspace_does_not_have_is_no_asset(
    definitions: dg.Definitions, workspace: Workspace
) -> None:
    absent = absent_kinds(workspace.settings())
    assert {"gitlab", "circleci"} <= absent
    graph = ModelGraph(DbtProject(workspace).manifest(), absent)
    assert "stg_gitlab__pipelines" in graph.empty_tables
    prefixes = tuple(f"{schema}{kind}__" for kind in absent for schema in ("staging/stg_", "raw/"))
    materialized = definitions.resolve_asset_graph().materializable_asset_keys
    assert not [key for key in materialized if key.to_user_string().startswith(prefixes)]


def test_the_nightly_schedule_follows_the_settings(definitions: dg.Definitions) -> None:
    schedule = definitions.resolve_schedule_def("nightly")
    assert schedule.cron_schedule == "30 1 * * *"
    assert schedule.execution_timezone == "Europe/Berlin"
    assert schedule.job_name == JOB
    assert definitions.resolve_sensor_def("run_failures").name == "run_failures"


def test_a_run_of_dagster_is_refused_while_another_run_holds_the_workspace(
    workspace: Workspace, definitions: dg.Definitions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_KEY", "t")
    environment = {"ACME_KEY": "t"}
    with (
        open_session(workspace, command="assay run", environment=environment),
        dg.DagsterInstance.ephemeral() as instance,
    ):
        result = definitions.resolve_job_def(JOB).execute_in_process(instance=instance, raise_on_error=False)
    assert not result.success
    texts = [str(event.event_specific_data) for event in result.all_events if event.is_failure]
    assert any("is in use by `assay run`" in text for text in texts)


def test_two_sources_of_one_kind_are_two_groups_over_one_raw_table(make_workspace: MakeWorkspace) -> None:
    settings = """
organisation: acme
sources:
  - {name: github, kind: github, organisation: acme, streams: [reviews]}
  - {name: github-legacy, kind: github, organisation: old, streams: [deployments]}
"""
    found = specs(workspace_definitions(make_workspace(settings)))
    assert {"github/pull_requests", "github/reviews", "github-legacy/deployments"} <= found.keys()
    assert "github/deployments" not in found
    assert found["github-legacy/deployments"].group_name == "github_legacy"
    above = {dep.asset_key.to_user_string() for dep in found["raw/github__deployments"].deps}
    assert above == {"github-legacy/deployments"}
