"""References are taken from text that goes no further: a table of texts and of what they refer to."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.dbt_project import records
from tests.dbt_project.records import SHA
from tests.dbt_project.warehouse import EvidenceBook, Warehouse

SHOP = "acme/shop"
SHORT = "abc1234"

IN_PULL_REQUESTS: list[tuple[str, str, list[str]]] = [
    ("Fixes #12", "mentioned_issues", ["acme/shop#12"]),
    ("Fixes #12", "closed_issues", ["acme/shop#12"]),
    ("closes acme/incidents#3, resolves: #4", "closed_issues", ["acme/incidents#3", "acme/shop#4"]),
    ("see acme/incidents#3 and acme/incidents#3", "mentioned_issues", ["acme/incidents#3"]),
    ("see acme/incidents#3", "closed_issues", []),
    ("(#5) #6, #7.", "mentioned_issues", ["acme/shop#5", "acme/shop#6", "acme/shop#7"]),
    ("color #fff, abc#12, C#, #12a", "mentioned_issues", []),
    ("https://github.com/acme/till/issues/8#note", "mentioned_issues", ["acme/till#8"]),
    ("https://ghe.example/acme/till/pull/9/files", "mentioned_issues", ["acme/till#9"]),
    ("my-org.x/repo_1.js#1", "mentioned_issues", ["my-org.x/repo_1.js#1"]),
    ("Reverts acme/shop#12", "reverted_pull_requests", ["acme/shop#12"]),
    ("This reverts pull request #13.", "reverted_pull_requests", ["acme/shop#13"]),
    ("Mentions #12, not reverting", "reverted_pull_requests", []),
    (f"This reverts commit {SHA['a']}.", "reverted_shas", [SHA["a"]]),
    (f"This reverts commit {SHORT} and reverts commit {SHORT}", "reverted_shas", [SHORT]),
    (f"broken by acme/shop@{SHORT}", "mentioned_shas", [SHORT]),
    (f"{SHA['b']} {SHA['a']}", "mentioned_shas", [SHA["a"], SHA["b"]]),
    ("broken by acme/shop@701313291941", "mentioned_shas", ["701313291941"]),
    ("on 20260105 at 1234567, deadbeefs, abc123", "mentioned_shas", []),
    (SHA["1"], "mentioned_shas", [SHA["1"]]),
    (
        "Fixes SHOP-12 and OPS_2-7, not shop-3, SHOP-0, A-1 or SHOP-12",
        "mentioned_keys",
        ["OPS_2-7", "SHOP-12"],
    ),
    ("https://acme.pagerduty.com/incidents/Q2ABC9/timeline", "mentioned_keys", ["pagerduty:Q2ABC9"]),
    ("PagerDuty #77, pagerduty incident #78", "mentioned_keys", ["pagerduty#77", "pagerduty#78"]),
    ("see https://app.datadoghq.eu/incidents/5", "mentioned_keys", ["datadog#5"]),
    ("Say nothing of anything", "mentioned_keys", []),
]
IN_ISSUES: list[tuple[str, str, list[str]]] = [
    ("Caused by deployment 42 of checkout", "referenced_deployment_ids", ["42"]),
    ("Deployments #43, deployment 44", "referenced_deployment_ids", ["43", "44"]),
    ("https://api.github.com/repos/acme/shop/deployments/45", "referenced_deployment_ids", ["45"]),
    ("a deployment of 3 services", "referenced_deployment_ids", []),
    ("https://github.com/acme/shop/releases/tag/v1.2.3.", "referenced_tags", ["acme/shop@v1.2.3"]),
    ("(https://github.com/acme/shop/releases/tag/search/v2)", "referenced_tags", ["acme/shop@search/v2"]),
    ("Caused by acme/checkout#77", "mentioned_issues", ["acme/checkout#77"]),
]
IN_COMMITS: list[tuple[str, str, list[str]]] = [
    (f"Fix\n\n(cherry picked from commit {SHA['c']})", "cherry_picked_shas", [SHA["c"]]),
    (f'Revert "Add"\n\nThis reverts commit {SHA["d"]}.', "reverted_shas", [SHA["d"]]),
    ("Add till (#99)", "mentioned_issues", ["acme/shop#99"]),
    ("Fixed acme/incidents#1", "closed_issues", ["acme/incidents#1"]),
    ("OPS-12: calm down", "mentioned_keys", ["OPS-12"]),
]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    root = tmp_path_factory.mktemp("references")
    book = EvidenceBook(root)
    pulls = [records.pull(at, title="x", body=text) for at, (text, _, _) in enumerate(IN_PULL_REQUESTS)]
    book.land("pull_requests", SHOP, pulls)
    book.land(
        "issues", SHOP, [records.issue(at, title="x", body=text) for at, (text, _, _) in enumerate(IN_ISSUES)]
    )
    texts = [text for text, _, _ in IN_COMMITS]
    book.land(
        "commits", SHOP, [records.api_commit(f"{at:040x}", message=text) for at, text in enumerate(texts)]
    )
    logs = [records.git_commit(f"{at:040x}", message=text.encode()) for at, text in enumerate(texts)]
    book.land("commits", SHOP, b"".join(logs), source="git")
    land_hotfixes(book)
    warehouse = Warehouse(root)
    models = ("stg_github__pull_requests", "stg_github__issues", "stg_github__commits", "stg_git__commits")
    warehouse.build(book.evidence(), select=models)
    yield warehouse
    book.ledger.close()


def land_hotfixes(book: EvidenceBook) -> None:
    head = {"ref": "hotfix/OPS-9-till", "sha": SHA["a"]}
    book.land(
        "pull_requests",
        "acme/hot",
        [
            records.pull(101, head=head),
            records.pull(102, labels=[{"name": "size/S"}, {"name": "hotfix"}]),
            records.pull(103, title="HOTFIX: till"),
            records.pull(104, title="Document hotfixes"),
        ],
    )


@pytest.mark.parametrize(("text", "column", "expected"), IN_PULL_REQUESTS)
def test_pull_requests(warehouse: Warehouse, text: str, column: str, expected: list[str]) -> None:
    number = next(at for at, case in enumerate(IN_PULL_REQUESTS) if case[:2] == (text, column))
    query = f"select {column} from staging.stg_github__pull_requests where number = {number}"
    assert warehouse.rows(query) == [(expected,)]


@pytest.mark.parametrize(("text", "column", "expected"), IN_ISSUES)
def test_issues(warehouse: Warehouse, text: str, column: str, expected: list[str]) -> None:
    number = next(at for at, case in enumerate(IN_ISSUES) if case[:2] == (text, column))
    query = f"select {column} from staging.stg_github__issues where number = {number}"
    assert warehouse.rows(query) == [(expected,)]


@pytest.mark.parametrize("model", ["stg_github__commits", "stg_git__commits"])
@pytest.mark.parametrize(("text", "column", "expected"), IN_COMMITS)
def test_commits(warehouse: Warehouse, model: str, text: str, column: str, expected: list[str]) -> None:
    at = next(at for at, case in enumerate(IN_COMMITS) if case[:2] == (text, column))
    query = f"select {column} from staging.{model} where commit_sha = '{at:040x}'"
    assert warehouse.rows(query) == [(expected,)]


def test_hotfixes_are_told_by_branch_label_and_title(warehouse: Warehouse) -> None:
    flags = "is_hotfix_branch, is_hotfix_label, is_hotfix_title"
    query = (
        f"select {flags} from staging.stg_github__pull_requests where repository = 'acme/hot' order by number"
    )
    expected: list[Any] = [(True, False, False), (False, True, False), (False, False, True), (False,) * 3]
    assert warehouse.rows(query) == expected


def test_a_key_in_the_branch_is_a_reference_and_the_branch_goes_no_further(warehouse: Warehouse) -> None:
    query = "select mentioned_keys from staging.stg_github__pull_requests where number = 101"
    assert warehouse.rows(f"{query} and repository = 'acme/hot'") == [(["OPS-9"],)]
