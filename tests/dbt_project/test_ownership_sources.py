"""Who owns a service by which source: precedence, dating by sighting, names, and what loses."""

import random

import pytest

from tests.dbt_project.ownership_stories import component, group, owners, owners_file, sighted
from tests.dbt_project.stories import Row, Story, Told


@pytest.fixture
def story() -> Story:
    """A service and its repository, deployed twice; nobody owns it by the settings."""
    story = Story()
    story.service("checkout")
    story.history("ab", start="05-01 10:00")
    story.deployment(1, "a", start="05-05 10:00")
    story.deployment(2, "b", start="05-15 10:00")
    return story


def believe(story: Story, statement: str, *sources: str) -> None:
    """Let the settings believe these sources on a question, first to last."""
    kept = [row for row in story.flow["ownership_sources"] if row["statement"] != statement]
    for rank, source in enumerate(sources, start=1):
        row: Row = {"statement": statement, "source_kind": source, "source_rank": rank, "reaches_back": False}
        kept.append(row)
    story.flow["ownership_sources"] = kept


def on_call(story: Story, team: str, since: str, until: str | None = None) -> None:
    named = {"service_id": "P1", "service_name": "Checkout", "team_ids": ["T1"]}
    sighted(story, "pagerduty__services__sightings", since, until, source="pager", **named)
    sighted(story, "pagerduty__teams__sightings", since, until, source="pager", team_id="T1", team_name=team)


def project(story: Story, group_path: str, since: str, until: str | None = None) -> None:
    row = {"project_id": 1, "project_path": "acme/checkout", "group_path": group_path}
    sighted(story, "gitlab__projects__sightings", since, until, source="gitlab", **row)


def test_the_settings_are_believed_before_every_source(story: Story) -> None:
    story.owner("checkout", "payments", since="05-10 00:00")
    component(story, "checkout", "basket", "05-02 00:00")
    assert owners(story.build()) == [
        ("basket", "backstage", "05-02", "05-10"),
        ("payments", "settings", "05-10", "ever"),
    ]


def test_the_catalog_is_believed_before_codeowners(story: Story) -> None:
    owners_file(story, "c1", "05-01 00:00", ("*", "search"), on="acme/checkout")
    component(story, "checkout", "basket", "05-10 00:00")
    assert owners(story.build()) == [
        ("search", "codeowners", "05-01", "05-10"),
        ("basket", "backstage", "05-10", "ever"),
    ]


def test_codeowners_is_believed_before_the_teams_of_apis_and_pagerduty_before_gitlab(story: Story) -> None:
    project(story, "acme/platform", "05-01 00:00")
    on_call(story, "Night Watch", "05-04 00:00")
    owners_file(story, "c1", "05-08 00:00", ("*", "search"), on="acme/checkout")
    assert owners(story.build()) == [
        ("platform", "gitlab", "05-01", "05-04"),
        ("night-watch", "pagerduty", "05-04", "05-08"),
        ("search", "codeowners", "05-08", "ever"),
    ]


def test_the_order_is_a_setting_and_whom_it_leaves_out_is_not_asked(story: Story) -> None:
    story.owner("checkout", "payments")
    component(story, "checkout", "basket", "05-02 00:00")
    owners_file(story, "c1", "05-01 00:00", ("*", "search"), on="acme/checkout")
    believe(story, "services", "backstage", "settings")
    assert owners(story.build()) == [
        ("payments", "settings", "ever", "05-02"),
        ("basket", "backstage", "05-02", "ever"),
    ]


def test_before_the_first_sighting_nothing_is_claimed(story: Story) -> None:
    component(story, "checkout", "basket", "05-10 08:30", is_first=True)
    teams = {number: row["team_id"] for number, row in story.build().deployments().items()}
    assert teams == {1: None, 2: "basket"}


def test_where_the_settings_say_so_the_first_reading_reaches_back(story: Story) -> None:
    component(story, "checkout", "basket", "05-10 08:30", "05-12 00:00", is_first=True)
    component(story, "checkout", "search", "05-12 00:00")
    for row in story.flow["ownership_sources"]:
        row["reaches_back"] = row["source_kind"] == "backstage"
    assert owners(story.build()) == [
        ("basket", "backstage", "ever", "05-12"),
        ("search", "backstage", "05-12", "ever"),
    ]


def test_what_a_reading_no_longer_shows_is_over_then(story: Story) -> None:
    component(story, "checkout", "basket", "05-02 00:00", "05-12 00:00")
    assert owners(story.build()) == [("basket", "backstage", "05-02", "05-12")]


def test_a_component_of_another_name_owns_the_only_service_of_its_repository(story: Story) -> None:
    component(story, "cash-desk", "basket", "05-02 00:00", github_project_slug="Acme/Checkout")
    assert owners(story.build()) == [("basket", "backstage", "05-02", "ever")]


def test_a_repository_of_several_services_is_no_name_for_one_of_them(story: Story) -> None:
    story.service("search", "acme/checkout", paths=["search/**"])
    component(story, "cash-desk", "basket", "05-02 00:00", github_project_slug="acme/checkout")
    assert owners(story.build()) == []


def test_codeowners_gives_each_service_of_a_monorepo_the_rule_of_its_folder() -> None:
    story = Story()
    story.service("checkout", "acme/shop", paths=["services/checkout/**"])
    story.service("search", "acme/shop", paths=["services/search/**"])
    story.service("web", "acme/shop", paths=["web/", "docs/**"])
    lines = [
        ("*", "platform"),
        ("/services/checkout/", "payments"),
        ("*.sql", "data"),
        ("services/search/docs/", "writers"),
        ("web", "design"),
    ]
    owners_file(story, "c1", "05-01 00:00", *lines, on="acme/shop")
    owners_file(story, "c2", "05-09 00:00", *lines[1:], ("/services/search/**", None), on="acme/shop")
    told = story.build()
    assert owners(told, "checkout") == [("payments", "codeowners", "05-01", "ever")]
    assert owners(told, "search") == [("platform", "codeowners", "05-01", "05-09")]
    assert owners(told, "web") == [("design", "codeowners", "05-01", "ever")]


@pytest.mark.parametrize(
    ("pattern", "path", "is_matched"),
    [
        ("*", "a/b/c.py", True),
        ("*.js", "a/b/c.js", True),
        ("*.js", "a/b/c.jsx", False),
        ("/build/logs/", "build/logs/a/b", True),
        ("/build/logs/", "x/build/logs/a", False),
        ("docs/*", "docs/a.md", True),
        ("docs/*", "docs/a/b.md", False),
        ("docs/*", "x/docs/a.md", False),
        ("apps/", "x/apps/a", True),
        ("/apps", "apps/a/b", True),
        ("/apps", "apps-old/a", False),
        ("**/logs", "build/logs/a", True),
        ("**/logs", "logs", True),
        ("a/**/z", "a/b/c/z", True),
        ("a/**/z", "a/z", True),
        ("file?.txt", "x/file1.txt", True),
        ("file?.txt", "file/.txt", False),
        ("a.b", "aXb", False),
    ],
)
def test_patterns_of_codeowners_match_as_the_hosts_say(pattern: str, path: str, *, is_matched: bool) -> None:
    folder, _, name = path.rpartition("/")
    story = Story()
    story.service("probed", "acme/shop", paths=[f"{folder}/{name}" if folder else name])
    owners_file(story, "c1", "05-01 00:00", (pattern, "payments"), on="acme/shop")
    assert bool(owners(story.build(), "probed")) == is_matched


def test_names_of_other_systems_are_ours_by_the_settings_and_keep_their_past(story: Story) -> None:
    component(story, "checkout", "basket", "05-02 00:00", "05-12 00:00")
    component(story, "checkout", "cart", "05-12 00:00")
    unmapped = owners(story.build())
    assert [team for team, *_ in unmapped] == ["basket", "cart"]
    story.flow["team_names"] = [
        {"source_kind": "backstage", "source_name": name, "team_id": "trolley"}
        for name in ("basket", "group:default/cart")
    ]
    assert owners(story.build()) == [("trolley", "backstage", "05-02", "ever")]


def test_the_claims_that_lose_are_listed_with_the_reason(story: Story) -> None:
    story.owner("checkout", "payments", until="05-20 00:00")
    component(story, "checkout", "basket", "05-10 00:00")
    owners_file(story, "c1", "05-12 00:00", ("*", "payments"), on="acme/checkout")
    rows = story.build().rows("select * from marts.mart_ownership_conflicts")
    told = [
        (f"{row['valid_from']:%m-%d}", row["team_id"], row["claimed_team_id"], row["reason"]) for row in rows
    ]
    assert told == [
        ("05-10", "payments", "basket", "settings is believed before backstage"),
        ("05-12", "payments", "basket", "settings is believed before backstage"),
        ("05-20", "basket", "payments", "backstage is believed before codeowners"),
    ]


def test_a_split_of_a_team_changes_no_past_number(story: Story) -> None:
    story.team("commerce")
    story.team("payments", parent="commerce")
    story.owner("checkout", "payments", until="05-10 00:00")
    before = story.build()
    story.team("cards", parent="commerce", since="05-10 00:00")
    story.owner("checkout", "cards", since="05-10 00:00")
    after = story.build()
    count = "deployment_frequency"
    assert after.value(count, "team:payments", "2026-05-04", "week") == before.value(
        count, "team:payments", "2026-05-04", "week"
    )
    assert after.value(count, "team:cards", "2026-05-11", "week")["value"] == 1
    assert after.value(count, "team:commerce", "2026-05-01")["value"] == 2


def test_a_merge_of_teams_leaves_each_its_past(story: Story) -> None:
    story.service("search")
    story.commit("x", on="acme/search", when="05-01 10:00")
    for number, day in enumerate(("05-06", "05-16")):
        story.deployment(90 + number, "x", on="acme/search", start=f"{day} 10:00")
    for service, team in (("checkout", "payments"), ("search", "discovery")):
        story.owner(service, team, until="05-10 00:00")
        story.owner(service, "commerce", since="05-10 00:00")
    told = story.build()
    counts = {
        team: told.value("deployment_frequency", f"team:{team}", "2026-05-01")["value"]
        for team in ("payments", "discovery", "commerce")
    }
    assert counts == {"payments": 1, "discovery": 1, "commerce": 2}


def test_the_place_of_a_team_is_the_settings_before_the_catalogs_and_dated_by_sighting(story: Story) -> None:
    story.team("basket", parent="commerce", since="05-12 00:00")
    story.team("commerce")
    group(story, "retail", None, "05-03 00:00")
    group(story, "basket", "retail", "05-03 00:00")
    paths = _paths(story.build(), "basket")
    assert paths == [("05-03", ["basket", "retail"]), ("05-12", ["basket", "commerce"])]


def test_a_group_that_only_its_parent_lists_stands_below_it(story: Story) -> None:
    group(story, "basket", None, "05-03 00:00")
    row = {"entity_ref": "group:default/retail", "entity_kind": "Group", "entity_name": "retail"}
    children = ["group:default/basket"]
    sighted(
        story, "backstage__entities__sightings", "05-03 00:00", source="catalog", child_refs=children, **row
    )
    assert _paths(story.build(), "basket") == [("05-03", ["basket", "retail"])]


def test_teams_of_github_gitlab_and_pagerduty_have_their_parents(story: Story) -> None:
    sighted(
        story,
        "github__teams__sightings",
        "05-03 00:00",
        organisation="acme",
        team_slug="cards",
        parent_slug="pay",
    )
    for path in ("acme/back", "acme/back/search"):
        named = {"named_group_path": "acme", "group_path": path, "source": "gitlab"}
        sighted(story, "gitlab__subgroups__sightings", "05-03 00:00", **named)
    for team, name, parent in (("T1", "Night", "T2"), ("T2", "Watch", None)):
        named = {"team_id": team, "team_name": name, "parent_team_id": parent, "source": "pager"}
        sighted(story, "pagerduty__teams__sightings", "05-03 00:00", **named)
    told = story.build()
    assert [_paths(told, team)[0][1] for team in ("cards", "search", "night", "back")] == [
        ["cards", "pay"],
        ["search", "back"],
        ["night", "watch"],
        ["back"],
    ]


def test_coverage_counts_each_fact_and_month_and_the_unowned_come_with_a_remedy(story: Story) -> None:
    story.owner("checkout", "payments", since="05-10 00:00")
    story.incident(1, of="nowhere", when="05-06 10:00")
    told = story.build()
    (row,) = told.rows("select * from marts.mart_ownership_coverage where fact = 'deployments'")
    assert (row["event_count"], row["owned_event_count"], str(row["owned_ratio"])) == (2, 1, "0.500000")
    unowned = {row["fact"]: row for row in told.rows("select * from marts.mart_unowned")}
    assert unowned["deployments"]["reason"] == "no_owner_then"
    assert unowned["deployments"]["event_count"] == 1
    assert "checkout" in unowned["deployments"]["suggestion"]
    assert unowned["incidents"]["reason"] in ("no_service", "no_owner")
    assert unowned["incidents"]["suggestion"].startswith("assay.yml: add to services")


def test_the_order_of_rows_changes_nothing(story: Story) -> None:
    story.owner("checkout", "payments", since="05-10 00:00", until="05-12 00:00")
    component(story, "checkout", "basket", "05-02 00:00", "05-14 00:00")
    component(story, "checkout", "cart", "05-02 00:00")
    owners_file(story, "c1", "05-01 00:00", ("*", "search"), ("/", "other"), on="acme/checkout")
    project(story, "acme/platform", "05-01 00:00")
    group(story, "cart", "retail", "05-03 00:00")
    expected = owners(story.build())
    assert len(expected) > 2
    for seed in range(3):
        for rows in (*story.staged.values(), story.owners, story.flow["ownership_sources"]):
            random.Random(seed).shuffle(rows)
        assert owners(story.build()) == expected


def _paths(told: Told, team: str) -> list[tuple[str, list[str]]]:
    rows = told.rows(
        "select valid_from, team_path from intermediate.int_team_paths where team_id = $1 order by 1", team
    )
    return [(f"{row['valid_from']:%m-%d}", row["team_path"]) for row in rows]
