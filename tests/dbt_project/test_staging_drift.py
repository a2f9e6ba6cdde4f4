"""What a source sends in another shape than it documents is counted and stops nothing."""

from pathlib import Path
from typing import Any

import pytest

from tests.dbt_project import records
from tests.dbt_project.records import SHA
from tests.dbt_project.warehouse import EvidenceBook, Warehouse

SHOP = "acme/shop"
PULLS, ISSUES, COMMITS = ("stg_github__pull_requests",), ("stg_github__issues",), ("stg_github__commits",)
GIT = ("stg_git__commits",)
UNPARSED = "stg_unparsed_pages"


@pytest.fixture
def book(tmp_path: Path) -> EvidenceBook:
    return EvidenceBook(tmp_path)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "warehouse")


def losses(warehouse: Warehouse, model: tuple[str]) -> list[int]:
    return [
        count
        for (count,) in warehouse.rows(f"select cast_loss_count from staging.{model[0]} order by record_id")
    ]


DRIFTED: list[dict[str, Any]] = [
    {"draft": "perhaps"},
    {"number": {"value": 1}},
    {"created_at": "yesterday"},
    {"updated_at": 1767607200000},
    {"merged_at": ["2026-01-05T12:00:00Z"]},
    {"user": "octocat"},
    {"user": {"login": "octocat"}},
    {"head": "main"},
    {"base": []},
    {"labels": ["bug"]},
    {"labels": {"name": "bug"}},
]


def test_each_value_of_another_type_than_documented_is_counted_once(
    book: EvidenceBook, warehouse: Warehouse
) -> None:
    book.land("pull_requests", SHOP, [records.pull(at) | change for at, change in enumerate(DRIFTED)])
    book.land("pull_requests", SHOP, [records.pull(99), records.pull(98, user=None, merged_at=None)])
    warehouse.build(book.evidence(), select=PULLS)
    assert losses(warehouse, PULLS) == [1] * len(DRIFTED) + [0, 0]


def test_absent_is_not_lost(book: EvidenceBook, warehouse: Warehouse) -> None:
    """GitHub sends null for deleted accounts and {} for some commits' authors."""
    commits = [records.api_commit(SHA["a"], author={}), records.api_commit(SHA["b"], author=None)]
    book.land("commits", SHOP, [*commits, records.api_commit(SHA["c"], author="octocat")])
    warehouse.build(book.evidence(), select=COMMITS)
    assert losses(warehouse, COMMITS) == [0, 0, 1]
    tokens = warehouse.rows("select distinct author_token from staging.stg_github__commits")
    assert len(tokens) == 1, "without an account, the e-mail address names the author"


def test_an_account_that_the_vault_does_not_know_is_counted(book: EvidenceBook, warehouse: Warehouse) -> None:
    book.land("issues", SHOP, [records.issue(1), records.issue(2)])
    warehouse.prepare(book.evidence())
    vault = Warehouse(warehouse.root / "empty")
    vault.prepare(EvidenceBook(warehouse.root / "nothing").evidence())
    warehouse.vault_file.write_bytes(vault.vault_file.read_bytes())
    warehouse.dbt("run", "--select", *ISSUES)
    assert losses(warehouse, ISSUES) == [1, 1]


UNREADABLE: list[Any] = [
    b"\xff\xfe not text",
    b"<html>Bad Gateway</html>",
    b'[{"id": 1',
    {"message": "Server Error"},
    [{"id": None, "number": 1}],
    [{"id": "a word"}],
    [None],
    ["text"],
    b"null",
    b"12",
]


def test_pages_that_cannot_be_read_are_listed_and_the_others_are_loaded(
    book: EvidenceBook, warehouse: Warehouse
) -> None:
    pages = [book.land("pull_requests", SHOP, body)[0] for body in UNREADABLE]
    book.land("pull_requests", SHOP, [records.pull(1)], [], b"")
    warehouse.prepare(book.evidence())
    results = {result.node.name: result.status for result in warehouse.dbt("build", "--select", "staging")}
    assert warehouse.rows("select pull_request_id from staging.stg_github__pull_requests") == [(1001,)]
    listed = warehouse.rows(f"select log_index, unreadable_record_count from staging.{UNPARSED} order by 1")
    assert listed == [(page, 1) for page in pages]
    statuses = {status for name, status in results.items() if name.startswith("no_rows_where_stg_unparsed")}
    assert statuses == {"warn"}
    assert all(status != "error" for status in results.values())


def test_a_record_without_a_key_in_a_set_leaves_with_its_set(
    book: EvidenceBook, warehouse: Warehouse
) -> None:
    select = ("+" + UNPARSED,)
    book.land("reviews", SHOP, [{"id": None}, records.review(2), {"id": None}], parent="1")
    warehouse.build(book.evidence(), select=select)
    assert warehouse.rows(f"select unreadable_record_count from staging.{UNPARSED}") == [(2,)]
    book.land("reviews", SHOP, [records.review(2)], parent="1")
    warehouse.build(book.evidence(), select=select)
    assert warehouse.rows(f"from staging.{UNPARSED}") == []


def test_no_commit_is_lost_where_a_name_is_no_utf_8(book: EvidenceBook, warehouse: Warehouse) -> None:
    log = (
        records.git_commit(SHA["a"], name=b"Jos\xe9", message=b"Fixes #7\n\nReverts commit")
        + records.git_commit(SHA["b"], message="Größe, see #8".encode(), paths="src/größe.py".encode())
        + records.git_commit(SHA["c"], message=b"\xe9 (cherry picked from commit abcdef1)\n#9 'quoted' \\")
    )
    book.land("commits", SHOP, log, source="git")
    warehouse.build(book.evidence(), select=GIT)
    rows = warehouse.rows(
        "select commit_sha, mentioned_issues, cherry_picked_shas, paths, cast_loss_count "
        "from staging.stg_git__commits order by 1"
    )
    assert rows == [
        (SHA["a"], ["acme/shop#7"], [], ["src/app.py"], 0),
        (SHA["b"], ["acme/shop#8"], [], ["src/größe.py"], 0),
        (SHA["c"], ["acme/shop#9"], ["abcdef1"], ["src/app.py"], 0),
    ]


def test_an_address_is_the_same_account_beside_a_name_that_is_no_utf_8(
    book: EvidenceBook, warehouse: Warehouse
) -> None:
    """A bad name elsewhere on the page must not change how the others' addresses are read."""
    address = "jörg@example.com".encode()
    broken = records.git_commit(SHA["b"], name=b"\xff")
    book.land("commits", SHOP, records.git_commit(SHA["a"], email=address) + broken, source="git")
    book.land("commits", SHOP, records.git_commit(SHA["c"], email=address), source="git")
    warehouse.build(book.evidence(), select=GIT)
    tokens = dict(warehouse.rows("select commit_sha, author_token from staging.stg_git__commits"))
    assert tokens[SHA["a"]] == tokens[SHA["c"]]
    assert tokens[SHA["b"]] is not None


def test_a_state_that_nobody_knows_is_a_warning(book: EvidenceBook, warehouse: Warehouse) -> None:
    statuses = [{"id": 1, "state": "levitating", "created_at": "2026-01-05T12:00:00Z"}]
    book.land("deployment_statuses", SHOP, statuses, parent="1")
    warehouse.prepare(book.evidence())
    results = warehouse.dbt("build", "--select", "stg_github__deployment_statuses")
    assert {result.node.name.split("_")[0]: result.status for result in results} == {
        "stg": "success",
        "unique": "pass",
        "accepted": "warn",
    }


def test_a_key_that_stands_twice_fails_its_test(book: EvidenceBook, warehouse: Warehouse) -> None:
    book.land("pull_requests", SHOP, [records.pull(1)])
    warehouse.build(book.evidence(), select=PULLS)
    with warehouse.connection() as con:
        con.execute("insert into staging.stg_github__pull_requests from staging.stg_github__pull_requests")
    results = warehouse.dbt("test", "--select", *PULLS)
    failed = [result for result in results if result.status == "fail"]
    assert [result.node.name.startswith("unique_together") for result in failed] == [True]
