"""Who stands in the pages, before staging knows them as tokens only."""

from pathlib import Path
from typing import Any

import pytest

from connectors.sources import SOURCE_KINDS
from orchestration.steps.account_tokens import ACCOUNT_PATHS, collect_accounts
from orchestration.steps.staged_streams import STAGED_STREAMS
from tests.dbt_project import records
from tests.dbt_project.records import SHA
from tests.dbt_project.warehouse import EvidenceBook, Warehouse

SHOP = "acme/shop"


@pytest.fixture
def book(tmp_path: Path) -> EvidenceBook:
    return EvidenceBook(tmp_path)


def accounts(book: EvidenceBook, tmp_path: Path) -> list[dict[str, Any]]:
    warehouse = Warehouse(tmp_path / "warehouse")
    warehouse.prepare(book.evidence())
    with warehouse.connection() as con:
        return sorted(collect_accounts(con).to_pylist(), key=lambda row: str(list(row.values())))


def test_streams_and_modes_are_those_that_the_connectors_declare() -> None:
    declared = {
        (kind, stream.name, stream.mode.value)
        for kind in SOURCE_KINDS
        for stream in SOURCE_KINDS[kind].streams
        if stream.is_staged
    }
    assert {(stream.kind, stream.name, stream.mode) for stream in STAGED_STREAMS} == declared


def test_every_path_is_one_that_the_connectors_declare() -> None:
    streams = {stream.name: stream for stream in SOURCE_KINDS["github"].streams}
    for name, paths in ACCOUNT_PATHS.items():
        users = {f"$.{path}" if path else "$" for path in paths.users}
        assert users <= set(streams[name].account_paths), name
        assert {f"$.{path}" for path in paths.identities} <= set(streams[name].identity_paths), name
    assert set(ACCOUNT_PATHS) == {
        each.name
        for each in STAGED_STREAMS
        if each.kind == "github" and each.reads_accounts and not (each.declared and each.declared.columns)
    }


def test_a_user_object_is_one_account_however_often_it_is_seen(book: EvidenceBook, tmp_path: Path) -> None:
    book.land("pull_requests", SHOP, [records.pull(1), records.pull(2)], [records.pull(3)])
    assert accounts(book, tmp_path) == [
        {
            "account_key": "github:1",
            "kind": "github",
            "login": "zebrastripe-1",
            "display_name": None,
            "email": None,
            "account_type": "User",
            "first_seen_log_index": 0,
        }
    ]


def test_a_commit_shows_its_accounts_with_their_addresses_and_the_addresses_alone(
    book: EvidenceBook, tmp_path: Path
) -> None:
    book.land(
        "commits",
        SHOP,
        [records.api_commit(SHA["a"]), records.api_commit(SHA["b"], author={}, committer=None)],
    )
    found = accounts(book, tmp_path)
    assert [(row["account_key"], row["email"], row["display_name"]) for row in found] == [
        ("git:zebrastripe@example.com", "zebrastripe@example.com", records.SECRET),
        ("github:4", "zebrastripe@example.com", None),
        ("github:5", "zebrastripe@example.com", None),
    ]


def test_git_shows_authors_and_committers(book: EvidenceBook, tmp_path: Path) -> None:
    log = records.git_commit(SHA["a"], email=b" A@Example.com ") + records.git_commit(
        SHA["b"], name=b"Jos\xe9"
    )
    book.land("commits", SHOP, log + records.git_commit(SHA["c"], email=b""), source="git")
    assert [(row["account_key"], row["display_name"]) for row in accounts(book, tmp_path)] == [
        ("git:a@example.com", records.SECRET),
        ("git:zebrastripe@example.com", "Jos\\xE9"),
    ]


def test_lists_inside_objects_and_records_that_are_accounts_are_found(
    book: EvidenceBook, tmp_path: Path
) -> None:
    book.land("workflow_runs", SHOP, records.wrapped("workflow_runs", records.workflow_run(1)))
    book.land("members", "acme", [records.user(8, kind="Bot")])
    book.land("timeline", SHOP, [{"event": "reviewed", "user": records.user(9)}], parent="1")
    found = [(row["account_key"], row["account_type"]) for row in accounts(book, tmp_path)]
    assert found == [("github:7", "User"), ("github:8", "Bot"), ("github:9", "User")]


def test_pages_that_cannot_be_read_show_nobody_and_stop_nothing(book: EvidenceBook, tmp_path: Path) -> None:
    book.land("pull_requests", SHOP, b"\xff", b"<html>", {"message": "no"}, [records.pull(1, user="octocat")])
    assert accounts(book, tmp_path) == []


def test_only_new_pages_are_searched(book: EvidenceBook, tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse")
    book.land("members", "acme", [records.user(1)])
    warehouse.build(book.evidence())
    book.land("members", "acme", [records.user(2)])
    warehouse.prepare(book.evidence())
    with warehouse.connection() as con:
        assert collect_accounts(con)["account_key"].to_pylist() == ["github:2"]
