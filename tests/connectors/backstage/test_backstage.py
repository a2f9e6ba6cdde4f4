from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.backstage.settings import BackstageSettings
from connectors.reports import StreamReport
from tests.connectors.files.file_source import current, extract, opened
from tests.connectors.git.clones import Clone
from tests.connectors.workspace import landed, open_store, windows

CHECKOUT = """\
# who owns the checkout
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: Checkout
  description: Ask Ada Example about it
  annotations:
    github.com/project-slug: acme/checkout
    pagerduty.com/service-id: PABC123
    jira/project-key: SHOP
    argocd/app-name: checkout-prod
spec:
  type: service
  lifecycle: production
  owner: payments
  system: shop
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: payments, namespace: default}
spec:
  type: team
  parent: commerce
  children: [refunds, group:other/Cards]
  members: [ada, user:default/Bo]
---
"""
ADA = """\
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: ada}
spec:
  profile: {displayName: Ada Example, email: ada@example.invalid}
  memberOf: [payments]
"""
LIBRARY = "kind: Component\nmetadata: {name: lib}\nspec: {type: library, owner: 'user:ada'}\n"
LOCATION = "kind: Location\nmetadata: {name: all}\nspec:\n  targets: [%s]\n"


BOMB = "a: &a [x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in pairwise("abcdefg")
)


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    clone = Clone(tmp_path / "shop")
    clone.write("catalog-info.yaml", CHECKOUT)
    clone.write("people/catalog-info.yml", ADA)
    clone.commit_all("Describe the checkout")
    return clone


def settings(clone: Clone) -> dict[str, Any]:
    return {"kind": "backstage", "repositories": [{"name": "acme/shop", "path": str(clone.path)}]}


def take(store: Any, clone: Clone, run_id: str = "run") -> dict[str, StreamReport]:
    return extract(store, clone.path, run_id=run_id, **settings(clone))


def refs(store: Any) -> list[str]:
    return [entity["entity_ref"] for entity in current(store, "entities")]


def test_files_are_landed_as_given_and_their_entities_with_the_names_that_join(
    tmp_path: Path, clone: Clone
) -> None:
    with open_store(tmp_path / "ws") as store:
        take(store, clone)
        bodies = {row["body"].decode() for row in landed(store, "files")}
        assert bodies == {CHECKOUT, ADA}
        assert all(str(tmp_path) not in row["url"] + row["headers"] for row in landed(store, "files"))
        checkout, group = current(store, "entities")
        assert checkout["entity_ref"] == "component:default/checkout"
        assert (checkout["path"], checkout["line"]) == ("catalog-info.yaml", 2)
        assert (checkout["owner_ref"], checkout["owner"]) == ("group:default/payments", None)
        assert (checkout["lifecycle"], checkout["system_ref"]) == ("production", "system:default/shop")
        joined = ("github_project_slug", "pagerduty_service_id", "jira_project_key", "argocd_app_name")
        assert [checkout[name] for name in joined] == ["acme/checkout", "PABC123", "SHOP", "checkout-prod"]
        assert group["parent_ref"] == "group:default/commerce"
        assert group["child_refs"] == ["group:default/refunds", "group:other/cards"]
        assert [member["id"] for member in group["members"]] == ["default/ada", "default/bo"]
        (ada,) = current(store, "users")
        assert (ada["user"]["id"], ada["groups"]) == ("default/ada", ["group:default/payments"])
        assert b"Ada Example" not in b"".join(row["body"] for row in landed(store, "entities"))


def test_nothing_is_read_while_the_branch_stands_still(tmp_path: Path, clone: Clone) -> None:
    with open_store(tmp_path / "ws") as store:
        take(store, clone)
        reports = take(store, clone, "again")
        assert [(each.pages, each.reused_pages) for each in reports.values()] == [(0, 2), (0, 1), (0, 1)]
        clone.commit("Something else", README="x")
        reports = take(store, clone, "moved")
        assert sum(each.pages for each in reports.values()) == 0
        assert not windows(store, "entities")[-1]["is_changed"]


def test_a_file_that_is_removed_takes_its_entities_with_it(tmp_path: Path, clone: Clone) -> None:
    with open_store(tmp_path / "ws") as store:
        take(store, clone)
        (clone.path / "catalog-info.yaml").unlink()
        clone.commit_all("Give it up")
        take(store, clone, "later")
        assert refs(store) == []
        assert len(current(store, "users")) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: Component\n  metadata: [", "line 2: This is not YAML"),
        ("kind: Component\nmetadata: {}\n", "line 1, column 'metadata.name'"),
        ("just words\n", "the document is no entity"),
        (BOMB, "aliases make too much"),
        ("a: &a [*a]\n", "aliases make too much"),
        ("kind: !!python/object/apply:os.system [ls]\n", "not YAML"),
        ("[" * 5000, "nested too deeply"),
        ("x: " + "y" * 1_100_000, "up to 1048576 are read"),
    ],
)
def test_one_bad_file_is_named_keeps_what_it_said_before_and_stops_no_other(
    tmp_path: Path, clone: Clone, text: str, said: str
) -> None:
    with open_store(tmp_path / "ws") as store:
        take(store, clone)
        clone.commit("Break it", **{"catalog-info.yaml": text, "lib__catalog-info.yaml": LIBRARY})
        for run in ("broken", "still"):
            (failure,) = take(store, clone, run)["files"].failures
            assert failure.parent_key == "catalog-info.yaml"
            assert said.lower() in str(failure.error).lower()
            assert sorted(refs(store)) == [
                "component:default/checkout",
                "component:default/lib",
                "group:default/payments",
            ]


def test_a_person_who_owns_something_is_an_account_and_no_text(tmp_path: Path, clone: Clone) -> None:
    clone.commit("A library", lib__catalog_info="x", **{"lib__catalog-info.yaml": LIBRARY})
    with open_store(tmp_path / "ws") as store:
        take(store, clone)
        library = next(row for row in current(store, "entities") if row["name"] == "lib")
        assert (library["owner_ref"], library["owner"]) == (None, {"id": "default/ada", "login": "ada"})


def test_locations_lead_to_files_of_the_same_repository_only(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    targets = "./services/*/entity.yaml, https://example.invalid/x.yaml"
    clone.write("catalog-info.yaml", LOCATION % targets)
    clone.write("services/a/entity.yaml", LIBRARY.replace("lib}", "a}"))
    clone.write("services/b/entity.yaml", LIBRARY.replace("lib}", "b}"))
    clone.write("services/b/deep/entity.yaml", LIBRARY.replace("lib}", "deep}"))
    clone.commit_all("Point to files")
    with open_store(tmp_path / "ws") as store:
        assert take(store, clone)["files"].failures == ()
        assert refs(store) == ["location:default/all", "component:default/a", "component:default/b"]
        clone.commit("Point away", **{"catalog-info.yaml": LOCATION % "../../etc/passwd"})
        assert "leads out of the repository" in str(take(store, clone, "away")["files"].failures[0].error)
        clone.commit("Point nowhere", **{"catalog-info.yaml": LOCATION % "./gone.yaml"})
        assert "is not there" in str(take(store, clone, "nowhere")["files"].failures[0].error)


def test_links_in_a_clone_are_not_followed(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    (tmp_path / "secret.yaml").write_text(LIBRARY)
    (clone.path / "catalog-info.yaml").symlink_to(tmp_path / "secret.yaml")
    clone.commit_all("Link")
    with open_store(tmp_path / "ws") as store:
        assert take(store, clone)["files"].pages == 0


def test_a_folder_of_catalog_files_is_read_as_it_is_now(tmp_path: Path) -> None:
    folder = tmp_path / "catalog"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "catalog-info.yaml").write_text(CHECKOUT)
    with open_store(tmp_path / "ws") as store:
        extract(store, tmp_path, kind="backstage", folder="catalog")
        assert [row["scope"] for row in landed(store, "files")] == ["catalog"]
        assert len(refs(store)) == 2
        (folder / "a" / "catalog-info.yaml").write_text("x: " + "y" * 1_100_000)
        reports = extract(store, tmp_path, run_id="huge", kind="backstage", folder="catalog")
        assert "more than 1048576 bytes" in str(reports["files"].failures[0].error)
        assert len(refs(store)) == 2
        (folder / "a" / "catalog-info.yaml").write_text(LIBRARY)
        extract(store, tmp_path, run_id="later", kind="backstage", folder="catalog")
        assert refs(store) == ["component:default/lib"]
        (folder / "a" / "catalog-info.yaml").unlink()
        (folder / "a").rmdir()
        folder.rmdir()
        reports = extract(store, tmp_path, run_id="gone", kind="backstage", folder="catalog")
        assert "is not there" in str(reports["files"].failures[0].error)
        assert refs(store) == ["component:default/lib"]


def test_a_clone_that_is_missing_is_named_and_the_others_go_on(tmp_path: Path, clone: Clone) -> None:
    both = settings(clone)
    both["repositories"].append({"name": "acme/gone", "path": str(tmp_path / "gone")})
    with open_store(tmp_path / "ws") as store:
        reports = extract(store, tmp_path, **both)
        assert [failure.scope for failure in reports["files"].failures] == ["acme/gone"]
        assert len(refs(store)) == 2
        diagnoses = opened(store, tmp_path, **both).check()
        assert [diagnosis.is_ok for diagnosis in diagnoses] == [True, False]


def test_settings_that_lead_nowhere_are_refused() -> None:
    with pytest.raises(ValidationError, match="name repositories, or a folder"):
        BackstageSettings(name="b", kind="backstage")
    with pytest.raises(ValidationError, match="leads out of the repository"):
        BackstageSettings(name="b", kind="backstage", folder=Path("x"), paths=("../*.yaml",))
