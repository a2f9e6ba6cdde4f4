"""Catalogs from clones to staging: entities with the names that join, people as tokens, removals applied."""

import pytest

from tests.connectors.backstage.test_backstage import ADA, CHECKOUT, LIBRARY
from tests.connectors.files.file_source import extract
from tests.connectors.git.clones import Clone
from tests.dbt_project.warehouse import EvidenceBook, Warehouse

SELECTED = ("path:models/staging/backstage",)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Warehouse, Warehouse]:
    """A clone read before and after a change, and only after it."""
    clone = Clone(tmp_path_factory.mktemp("clone") / "shop")
    clone.write("catalog-info.yaml", CHECKOUT)
    clone.write("old/catalog-info.yaml", LIBRARY.replace("lib}", "old}"))
    clone.write("people/catalog-info.yaml", ADA)
    clone.commit_all("Describe")
    settings = {"kind": "backstage", "repositories": [{"name": "acme/shop", "path": str(clone.path)}]}
    steps, once = (
        EvidenceBook(tmp_path_factory.mktemp(name), kinds={"backstage": "backstage"})
        for name in ("steps", "once")
    )
    slow, full = (Warehouse(tmp_path_factory.mktemp(name)) for name in ("slow", "full"))
    extract(steps.store, clone.path, **settings)
    slow.build(steps.evidence(), select=SELECTED)
    (clone.path / "old" / "catalog-info.yaml").unlink()
    clone.commit("Another", **{"lib__catalog-info.yaml": LIBRARY})
    extract(steps.store, clone.path, run_id="later", **settings)
    slow.build(steps.evidence(), command="build", select=SELECTED)
    extract(once.store, clone.path, **settings)
    full.build(once.evidence(), select=SELECTED)
    return slow, full


def test_entities_carry_owner_and_the_other_systems_names(built: tuple[Warehouse, Warehouse]) -> None:
    warehouse, _ = built
    row = warehouse.row(
        "from staging.stg_backstage__entities where entity_kind = 'component' and lifecycle <> ''"
    )
    expected = {
        "repository": "acme/shop",
        "catalog_path": "catalog-info.yaml",
        "entity_ref": "component:default/checkout",
        "owner_ref": "group:default/payments",
        "system_ref": "system:default/shop",
        "github_project_slug": "acme/checkout",
        "pagerduty_service_id": "PABC123",
        "jira_project_key": "SHOP",
        "argocd_app_name": "checkout-prod",
        "owner_token": None,
        "cast_loss_count": 0,
    }
    assert {name: row[name] for name in expected} == expected


def test_people_are_tokens_and_the_same_ones_wherever_they_stand(built: tuple[Warehouse, Warehouse]) -> None:
    warehouse, _ = built
    ((ada,),) = warehouse.rows("select user_token from staging.stg_backstage__users")
    ((members,),) = warehouse.rows(
        "select member_tokens from staging.stg_backstage__entities where entity_kind = 'group'"
    )
    assert len(members) == 2
    assert members[0] == ada
    owner = "select owner_token from staging.stg_backstage__entities where entity_name = 'lib'"
    assert warehouse.rows(owner) == [(ada,)]
    assert "Ada Example" not in repr(warehouse.contents())


def test_what_a_clone_no_longer_says_is_gone(built: tuple[Warehouse, Warehouse]) -> None:
    query = (
        "select entity_ref, catalog_path, line_number, owner_ref, child_refs"
        " from staging.stg_backstage__entities order by 1"
    )
    slow, full = built
    assert [row[0] for row in slow.rows(query)] == [
        "component:default/checkout",
        "component:default/lib",
        "group:default/payments",
    ]
    assert slow.rows(query) == full.rows(query)
    assert slow.rows("from raw.unreadable_records") == []
