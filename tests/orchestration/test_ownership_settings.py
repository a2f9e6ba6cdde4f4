"""The section `ownership`: its defaults, what it refuses, and the rows that the models join."""

from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from orchestration.flow.ownership_rows import ownership_rows
from orchestration.settings.models import Settings

GIT: dict[str, Any] = {
    "name": "git",
    "kind": "git",
    "repositories": [{"name": "acme/shop", "path": "../shop", "branch": "main"}],
}


def rows(**document: Any) -> dict[str, pa.Table]:
    settings = Settings.model_validate({"organisation": "acme", "sources": [GIT], **document})
    return ownership_rows(settings)


def ranked(tables: dict[str, pa.Table], statement: str) -> list[str]:
    found = [row for row in tables["ownership_sources"].to_pylist() if row["statement"] == statement]
    return [row["source_kind"] for row in sorted(found, key=lambda row: row["source_rank"])]


def named(tables: dict[str, pa.Table], source: str) -> dict[str, str]:
    found = tables["team_names"].to_pylist()
    return {row["source_name"]: row["team_id"] for row in found if row["source_kind"] == source}


def test_without_a_word_the_settings_come_first_and_apis_last() -> None:
    tables = rows()
    assert ranked(tables, "services") == ["settings", "backstage", "codeowners", "pagerduty", "gitlab"]
    memberships = ["roster", "scim", "backstage", "github", "gitlab", "pagerduty"]
    assert ranked(tables, "memberships") == memberships
    assert ranked(tables, "hierarchy")[0] == "settings"
    assert not any(row["reaches_back"] for row in tables["ownership_sources"].to_pylist())
    assert tables["ownership"].to_pylist() == [{"counts_people_outside_roster": False}]


def test_an_order_of_ones_own_leaves_out_whom_it_does_not_name() -> None:
    tables = rows(ownership={"services": ["codeowners", "settings"], "reach_back": ["github"]})
    assert ranked(tables, "services") == ["codeowners", "settings"]
    back = {row["source_kind"] for row in tables["ownership_sources"].to_pylist() if row["reaches_back"]}
    assert back == {"github"}


def test_a_team_is_known_by_its_id_its_title_and_the_names_that_others_have_for_it() -> None:
    tables = rows(
        teams=[{"name": "Payments", "title": "Pay & Go"}, {"name": "basket", "title": "Payments"}],
        ownership={
            "team_names": [
                {"team": "Payments", "names": [" Squad 7 "]},
                {"team": "basket", "names": ["squad 7"], "sources": ["roster"]},
            ]
        },
    )
    everywhere = {"payments": "Payments", "pay & go": "Payments", "basket": "basket"}
    assert named(tables, "github") == {**everywhere, "squad 7": "Payments"}
    assert named(tables, "roster") == {**everywhere, "squad 7": "basket"}


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"services": ["settings", "settings"]}, "services names a source twice"),
        ({"services": ["roster"]}, "'settings', 'backstage'"),
        ({"reach_back": ["settings"]}, "'backstage'"),
        (
            {"team_names": [{"team": "a", "names": ["X"]}, {"team": "b", "names": ["x "]}]},
            "'x ' is said to be both 'a' and 'b'",
        ),
        ({"team_names": [{"team": "a", "names": []}]}, "at least 1"),
    ],
)
def test_what_contradicts_itself_is_refused(section: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        rows(ownership=section)
