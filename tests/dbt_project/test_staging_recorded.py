"""Replies that real servers gave: everything in them is read, and nothing is lost."""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration.steps.staged_streams import STAGED_STREAMS
from tests.dbt_project.records import git_commit, git_tag
from tests.dbt_project.warehouse import EvidenceBook, Warehouse

SECP, ANTS = "bitcoin-core/secp256k1", "panjf2000/ants"
EXPECTED = {
    "stg_github__pull_requests": 1308 + 49,  # one of the 50 stands twice
    "stg_github__issues": 517,
    "stg_github__reviews": 2592,
    "stg_github__review_comments": 6018,
    "stg_github__timeline": 36934,
    "stg_github__pull_request_commits": 90,  # one of the 91 stands twice
    "stg_github__workflow_runs": 35,
    "stg_github__workflow_jobs": 35,
    "stg_git__commits": 2866,
    "stg_git__tags": 12,
}


def lines(file: Path) -> list[dict[str, Any]]:
    with gzip.open(file, "rt") as text:
        return [json.loads(line) for line in text]


def land_secp256k1(book: EvidenceBook, folder: Path) -> None:
    for stream, name in (
        ("pull_requests", "pulls"),
        ("issues", "issues"),
        ("review_comments", "review_comments"),
    ):
        found = lines(folder / f"{name}.ndjson.gz")
        book.land(stream, SECP, *(found[at : at + 100] for at in range(0, len(found), 100)))
    for stream, key in (("reviews", "pull_number"), ("timeline", "issue_number")):
        sets: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for record in lines(folder / f"{stream}.ndjson.gz"):
            sets[str(record[key])].append(record)
        book.land_sets(stream, SECP, sets)
    log = b"".join(as_git(commit) for commit in lines(folder / "commits.ndjson.gz"))
    book.land("commits", SECP, log, source="git")
    tags = [
        git_tag(tag["name"], tag["object"], peeled=tag["commit"]) for tag in lines(folder / "tags.ndjson.gz")
    ]
    book.land("tags", SECP, b"".join(tags), source="git")


def as_git(commit: dict[str, Any]) -> bytes:
    return git_commit(
        commit["sha"],
        parents=" ".join(commit["parents"]),
        name=commit["author"]["name"].encode(),
        email=commit["author"]["email"].encode(),
        message=f"{commit['subject']}\n\n{commit['body']}".encode(),
        paths="\n".join(commit["paths"]).encode(),
    )


def land_ants(book: EvidenceBook, folder: Path) -> None:
    def recorded(name: str) -> list[dict[str, Any]]:
        return lines(folder / f"raw_github_api_{name}.ndjson.gz")

    book.land("pull_requests", ANTS, [each["data"] for each in recorded("pull_requests")])
    runs = [each["data"] for each in recorded("runs")]
    book.land("workflow_runs", ANTS, {"total_count": len(runs), "workflow_runs": runs})
    jobs: dict[str, Any] = defaultdict(lambda: {"total_count": 0, "jobs": []})
    for each in recorded("jobs"):
        jobs[str(each["data"]["run_id"])]["jobs"].append(each["data"])
    book.land_sets("workflow_jobs", ANTS, jobs)
    commits: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in recorded("pull_request_commits"):
        commits[each["url"].split("/pulls/")[1].split("/")[0]].append(each["data"])
    book.land_sets("pull_request_commits", ANTS, commits)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory, payloads: Path) -> Iterator[Warehouse]:
    root = tmp_path_factory.mktemp("recorded")
    book = EvidenceBook(root)
    land_secp256k1(book, payloads / "github" / "secp256k1")
    land_ants(book, payloads / "devlake" / "github")
    warehouse = Warehouse(root)
    warehouse.build(book.evidence(), command="build")
    yield warehouse
    book.ledger.close()


@pytest.mark.parametrize(("model", "expected"), EXPECTED.items())
def test_every_record_is_read(warehouse: Warehouse, model: str, expected: int) -> None:
    assert warehouse.rows(f"select count(*) from staging.{model}") == [(expected,)]


def test_no_value_is_lost(warehouse: Warehouse) -> None:
    for stream in STAGED_STREAMS:
        query = f"select coalesce(sum(cast_loss_count), 0) from staging.{stream.model}"
        assert warehouse.rows(query) == [(0,)], stream.model
    assert warehouse.rows("from staging.stg_unparsed_pages") == []


def test_merges_name_their_commit_and_authors_have_tokens(warehouse: Warehouse) -> None:
    merged = "select count(*), count(commit_sha) from staging.stg_github__timeline where event = 'merged'"
    assert warehouse.rows(merged) == [(944, 944)]
    query = "select count(*) - count(author_token) from staging.stg_git__commits"
    assert warehouse.rows(query) == [(0,)]


def test_references_of_real_texts_are_found(warehouse: Warehouse) -> None:
    pulls = f"from staging.stg_github__pull_requests where repository = '{SECP}'"
    ((mentioning,),) = warehouse.rows(f"select count(*) {pulls} and mentioned_issues <> []")
    assert mentioning > 300
    ((reverting,),) = warehouse.rows(
        "select count(*) from staging.stg_git__commits where reverted_shas <> []"
    )
    assert reverting > 0
