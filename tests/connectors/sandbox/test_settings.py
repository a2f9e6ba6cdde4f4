"""The settings that describe the simulated organisation."""

import re
from collections.abc import Sequence

import pytest
import yaml

from connectors.sandbox import Organisation
from connectors.sandbox.settings import CODE_KINDS, DEMO_KINDS
from connectors.sandbox.source_settings import KINDS
from connectors.sources import SOURCE_KINDS


@pytest.mark.parametrize("kinds", [CODE_KINDS, DEMO_KINDS, KINDS], ids=["code", "demo", "all"])
def test_settings_are_plain_yaml_without_aliases(whole: Organisation, kinds: Sequence[str]) -> None:
    document = whole.settings_document(base_url="http://127.0.0.1:1", git_folder="../git", kinds=kinds)
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    assert yaml.safe_load(text) == document
    assert not re.search(r"[&*]id\d", text)


def test_every_service_has_an_owner_on_every_day(whole: Organisation) -> None:
    document = whole.settings_document(base_url="http://127.0.0.1:1", git_folder="../git")
    teams = {row["name"] for row in document["teams"]}
    for service in document["services"]:
        owners = service["owners"]
        assert {row["team"] for row in owners} <= teams
        assert owners[0]["from"] <= document["reporting"]["from"]
        assert owners[-1]["until"] is None
        assert [row["until"] for row in owners[:-1]] == [row["from"] for row in owners[1:]]


def test_services_of_one_repository_are_told_apart(whole: Organisation) -> None:
    document = whole.settings_document(base_url="http://127.0.0.1:1", git_folder="../git")
    shared = [row for row in document["services"] if row["repository"] == "acme/marketplace"]
    assert len(shared) == 4
    assert len({row["deployments"]["task"] for row in shared}) == 4


def test_every_way_of_deploying_is_configured(whole: Organisation) -> None:
    document = whole.settings_document(base_url="http://127.0.0.1:1", git_folder="../git")
    ways = {row["deployments"]["from"] for row in document["services"]}
    assert ways == {"deployments", "workflow_runs", "releases", "tags"}


def test_there_is_a_source_of_every_kind_and_each_is_what_its_kind_reads(whole: Organisation) -> None:
    document = whole.settings_document(base_url="http://127.0.0.1:1", git_folder="../git", kinds=KINDS)
    assert {source["kind"] for source in document["sources"]} == SOURCE_KINDS.keys()
    for source in document["sources"]:
        assert SOURCE_KINDS[source["kind"]].settings.model_validate(source).name == source["name"]
