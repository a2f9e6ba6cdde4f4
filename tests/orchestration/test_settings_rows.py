"""Settings become the rows that models join."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from orchestration.flow.pinning import is_repository, reaches_until
from orchestration.flow.settings_rows import settings_rows
from orchestration.settings import Settings, examine
from orchestration.steps.config_tables import CONFIG_TABLES

GIT = {"name": "git", "kind": "git", "repositories": [{"name": "acme/shop", "path": "x"}]}
GITHUB = {"name": "github", "kind": "github", "organisation": "acme", "token_env": None}


def rows(document: Mapping[str, object], *known: tuple[str, str]) -> dict[str, pa.Table]:
    base = {"organisation": "acme", "sources": [GITHUB, GIT]}
    return settings_rows(Settings.model_validate({**base, **document}), repositories=known)


def test_the_rows_have_the_columns_that_the_models_join() -> None:
    for name, table in rows({}).items():
        assert set(table.column_names) == set(CONFIG_TABLES[name]), name


def test_without_services_every_repository_is_one() -> None:
    services = rows({}, ("github", "acme/shop"), ("github", "acme/web"), ("github", "old/web"))["services"]
    assert services["service_id"].to_pylist() == ["shop", "acme.web", "old.web"]
    assert services["repository"].to_pylist() == ["acme/shop", "acme/web", "old/web"]


def test_a_service_takes_the_defaults_that_it_does_not_set() -> None:
    document = {
        "services": [
            {"name": "a", "repository": "acme/shop", "deployments": {"from": "tags", "tag": "^a-"}},
            {"name": "b", "repository": "acme/shop", "deployments": {"environment": "^live$", "task": "^b$"}},
        ]
    }
    first, second = rows(document)["services"].to_pylist()
    assert (first["deployments_from"], first["tag_pattern"]) == ("tags", "^a-")
    assert first["environment_pattern"] == "^(production|prod)$"
    assert (second["deployments_from"], second["environment_pattern"]) == ("deployments", "^live$")
    assert (first["task_pattern"], second["task_pattern"]) == (None, "^b$")


def test_days_begin_in_the_reporting_time_zone() -> None:
    document = {
        "reporting": {"time_zone": "Europe/Berlin", "from": "2025-07-01", "until": "2026-01-01"},
        "teams": [{"name": "payments", "from": "2025-12-01"}],
    }
    found = rows(document)
    reporting = found["reporting"].to_pylist()[0]
    assert reporting["coverage_from"] == datetime(2025, 6, 30, 22, tzinfo=UTC)
    assert reporting["coverage_until"] == datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert found["teams"].to_pylist()[0]["valid_from"] == datetime(2025, 11, 30, 23, tzinfo=UTC)
    assert found["teams"].to_pylist()[0]["valid_until"] is None


def test_a_repository_knows_whether_it_is_cloned() -> None:
    found = rows({}, ("github", "acme/shop"), ("github", "acme/web"))["repositories"].to_pylist()
    assert {(row["source"], row["repository"], row["has_git"]) for row in found} == {
        ("git", "acme/shop", True),
        ("github", "acme/shop", True),
        ("github", "acme/web", False),
    }


@pytest.mark.parametrize(
    ("until", "reaches", "expected"),
    [
        (None, None, None),
        (None, datetime(2026, 5, 4, tzinfo=UTC), datetime(2026, 5, 4, tzinfo=UTC)),
        ("2026-05-01", datetime(2026, 5, 4, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)),
        ("2027-01-01", datetime(2026, 5, 4, tzinfo=UTC), datetime(2026, 5, 4, tzinfo=UTC)),
        ("2027-01-01", None, datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_nothing_is_reported_beyond_the_reach_of_the_evidence(
    until: str | None, reaches: datetime | None, expected: datetime | None
) -> None:
    document = {"organisation": "acme", "sources": [GIT], "reporting": {"until": until}}
    found = settings_rows(Settings.model_validate(document), repositories=(), reaches_until=reaches)
    assert found["reporting"]["coverage_until"].to_pylist() == [expected]


def test_evidence_reaches_as_far_as_the_source_that_was_asked_first() -> None:
    asked = [("github", 3), ("github", 5), ("legacy", 4), ("git", 9)]
    windows = pa.table(
        {
            "source": [source for source, _ in asked],
            "started_at": [datetime(2026, 5, day, 23, 30, tzinfo=UTC) for _, day in asked],
            "requested_until": pa.array([None] * len(asked), pa.timestamp("us", tz="UTC")),
        }
    )
    live = ["github", "legacy"]
    assert reaches_until(windows, live, ZoneInfo("UTC")) == datetime(2026, 5, 4, tzinfo=UTC)
    berlin = reaches_until(windows, live, ZoneInfo("Europe/Berlin"))
    assert berlin == datetime(2026, 5, 4, 22, tzinfo=UTC)
    assert reaches_until(windows, [*live, "new"], ZoneInfo("UTC")) is None
    assert reaches_until(windows, [], ZoneInfo("UTC")) is None


def test_a_window_that_was_fetched_again_reaches_no_further_than_its_end() -> None:
    windows = pa.table(
        {
            "source": ["ci", "ci"],
            "started_at": [datetime(2026, 5, day, 3, tzinfo=UTC) for day in (4, 20)],
            "requested_until": [datetime(2026, 5, 4, 3, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)],
        }
    )
    assert reaches_until(windows, ["ci"], ZoneInfo("UTC")) == datetime(2026, 5, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("source", "scope", "expected"),
    [
        ({"kind": "github", "organisation": "Acme"}, "acme/shop", True),
        ({"kind": "github", "organisation": "acme"}, "acme", False),
        ({"kind": "github", "repositories": ["acme/shop"]}, "acme/shop", True),
        ({"kind": "github", "repositories": ["acme/shop"]}, "acme/left", False),
        ({"kind": "gitlab", "groups": ["acme", "acme/tools"]}, "acme/tools/cli", True),
        ({"kind": "gitlab", "groups": ["acme", "acme/tools"]}, "acme/tools", False),
        ({"kind": "circleci", "projects": ["gh/acme/shop"]}, "gh/acme/shop", False),
        ({"kind": "jenkins", "base_url": "http://ci.example"}, "delivery/deploy", False),
    ],
)
def test_a_scope_is_a_repository_where_the_settings_say_so(
    source: dict[str, object], scope: str, expected: bool
) -> None:
    settings = Settings.model_validate({"organisation": "acme", "sources": [source | {"name": "any"}]})
    assert is_repository(settings.sources[0], scope) is expected


def test_a_project_of_pipelines_is_neither_a_repository_nor_a_service() -> None:
    circleci = {"name": "ci", "kind": "circleci", "projects": ["gh/acme/shop", "circleci/8e4z1A/V29Cen"]}
    found = rows({"sources": [GITHUB, GIT, circleci]}, ("github", "acme/shop"))
    assert found["services"]["repository"].to_pylist() == ["acme/shop"]
    assert set(found["repositories"]["source"].to_pylist()) == {"github", "git"}


def test_a_service_may_refer_to_the_repository_of_a_project_of_pipelines(tmp_path: Path) -> None:
    circleci = "{name: ci, kind: circleci, projects: [gh/acme/shop, circleci/8e4z1A/V29Cen]}"
    for repository, count in (("acme/shop", 0), ("8e4z1A/V29Cen", 1)):
        service = f"{{name: shop, repository: {repository}}}"
        text = f"organisation: acme\nsources: [{circleci}]\nservices: [{service}]\n"
        assert len(examine(text, folder=tmp_path)[1]) == count, repository
