"""Present states become dated by the readings that showed them, in whatever portions the evidence arrives."""

from pathlib import Path
from typing import Any

import pytest

from tests.dbt_project import records
from tests.dbt_project.warehouse import START, EvidenceBook, Warehouse

GITHUB = ("path:models/staging/github",)
PAGERDUTY = ("path:models/staging/pagerduty",)
GITLAB = ("path:models/staging/gitlab",)


def team(slug: str, parent: str | None = None) -> dict[str, Any]:
    return {"id": sum(map(ord, slug)), "slug": slug, "parent": {"slug": parent} if parent else None}


def members(book: EvidenceBook, *numbers: int, slug: str = "pay") -> list[int]:
    return book.land("team_members", "acme", [records.user(number) for number in numbers], parent=slug)


def seen(warehouse: Warehouse, model: str, columns: str) -> list[tuple[Any, ...]]:
    """What was seen, with the minutes after the start at which it came and went."""
    minutes = [
        f"date_sub('minute', timestamptz '{START}', {name})::integer" for name in ("first_seen_at", "gone_at")
    ]
    query = f"select {columns}, {', '.join(minutes)} from staging.{model} order by all"
    return warehouse.rows(query)


@pytest.fixture
def book(tmp_path: Path) -> EvidenceBook:
    return EvidenceBook(tmp_path)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "warehouse")


def test_a_member_lasts_from_the_first_reading_with_them_to_the_first_without(
    book: EvidenceBook, warehouse: Warehouse
) -> None:
    members(book, 1)  # minute 1
    members(book, 1, 2)
    members(book, 2)
    members(book, 1, 2)
    warehouse.build(book.evidence(), command="build", select=GITHUB)
    spans = [
        row[1:]
        for row in seen(
            warehouse,
            "stg_github__team_members__sightings",
            "member_token, was_there_from_the_first_reading",
        )
    ]
    assert sorted(spans, key=str) == [(False, 2, None), (False, 4, None), (True, 1, 3)]


def test_readings_that_found_nothing_new_change_nothing(book: EvidenceBook, warehouse: Warehouse) -> None:
    pages = members(book, 1)
    book.land("team_members", "acme", *pages, parent="pay")
    warehouse.build(book.evidence(), select=GITHUB)
    assert [row[1:] for row in seen(warehouse, "stg_github__team_members__sightings", "member_token")] == [
        (1, None)
    ]


def test_sets_are_apart_and_an_empty_reading_ends_its_own_only(
    book: EvidenceBook, warehouse: Warehouse
) -> None:
    members(book, 1)
    members(book, 1, slug="shop")
    members(book)
    warehouse.build(book.evidence(), select=GITHUB)
    assert seen(warehouse, "stg_github__team_members__sightings", "team_slug") == [
        ("pay", 1, 3),
        ("shop", 2, None),
    ]


def test_a_team_that_moves_in_the_hierarchy_is_two_sightings(
    book: EvidenceBook, warehouse: Warehouse
) -> None:
    book.land("teams", "acme", [team("pay"), team("shop")])
    book.land("teams", "acme", [team("pay", "shop"), team("shop")])
    warehouse.build(book.evidence(), select=GITHUB)
    assert seen(warehouse, "stg_github__teams__sightings", "team_slug, parent_slug") == [
        ("pay", "shop", 2, None),
        ("pay", None, 1, 2),
        ("shop", None, 1, None),
    ]


def test_a_key_on_two_pages_of_one_reading_counts_where_it_stands_first(
    book: EvidenceBook, warehouse: Warehouse
) -> None:
    book.land("teams", "acme", [team("pay", "shop")], [team("pay")])
    warehouse.build(book.evidence(), command="build", select=GITHUB)
    assert seen(warehouse, "stg_github__teams__sightings", "team_slug, parent_slug") == [
        ("pay", "shop", 1, None)
    ]


@pytest.mark.slow
def test_many_small_builds_end_in_the_rows_of_one(book: EvidenceBook, tmp_path: Path) -> None:
    slow, full = Warehouse(tmp_path / "slow"), Warehouse(tmp_path / "full", threads=8)
    for numbers in ((1,), (1, 2), (2,), (1, 2, 3)):
        members(book, *numbers)
        book.land("teams", "acme", [team("pay", "shop" if 1 in numbers else None)])
        slow.build(book.evidence(), select=GITHUB)
    full.build(book.evidence(), select=GITHUB)
    for model in ("stg_github__team_members__sightings", "stg_github__teams__sightings"):
        assert len(slow.rows(f"from staging.{model}")) > 2
        assert slow.contents()[model] == full.contents()[model]


def test_pagerdutys_services_keep_the_teams_of_each_time(tmp_path: Path, warehouse: Warehouse) -> None:
    book = EvidenceBook(tmp_path, kinds={"pager": "pagerduty"})
    for teams in (["T1"], ["T2", "T1"]):
        service = {"id": "P1", "name": "Checkout", "teams": [{"id": each} for each in teams]}
        book.land("services", "all", {"services": [service]}, source="pager")
    people = [
        {"role": role, "user": {"id": f"U{number}"}} for number, role in enumerate(("manager", "observer"))
    ]
    book.land("team_members", "all", {"members": people}, parent="T1", source="pager")
    warehouse.build(book.evidence(), select=PAGERDUTY)
    assert seen(warehouse, "stg_pagerduty__services__sightings", "service_name, team_ids") == [
        ("Checkout", ["T1"], 1, 2),
        ("Checkout", ["T2", "T1"], 2, None),
    ]
    assert len(warehouse.rows("from staging.stg_pagerduty__team_members__sightings")) == 1


def test_a_gitlab_project_stays_where_it_was_read_until_it_is_read_elsewhere(
    tmp_path: Path, warehouse: Warehouse
) -> None:
    book = EvidenceBook(tmp_path, kinds={"gitlab": "gitlab"})
    for path in ("acme/pay", "acme/pay", "acme/shop"):
        project = {"id": 1, "path_with_namespace": f"{path}/till", "archived": len(book.kinds) > book.landed}
        space = {"id": 5, "full_path": path, "kind": "group"}
        book.land("projects", "acme", [project | {"namespace": space}], source="gitlab")
    warehouse.build(book.evidence(), select=GITLAB)
    assert seen(warehouse, "stg_gitlab__projects__sightings", "group_path") == [
        ("acme/pay", 1, 3),
        ("acme/shop", 3, None),
    ]


def test_a_workspace_without_these_sources_has_the_tables_empty(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.build(EvidenceBook(tmp_path / "book").evidence(), select=("path:models/staging",))
    tables = [name for name in warehouse.contents() if name.endswith("__sightings")]
    assert len(tables) == 11
    assert all(warehouse.rows(f"from staging.{name}") == [] for name in tables)
