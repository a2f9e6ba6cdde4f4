"""Each stream of a small organisation, from bodies to typed rows."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration.staging_models.model_sql import COMMAND
from orchestration.steps.staged_streams import STAGED_STREAMS
from tests.dbt_project import records
from tests.dbt_project.records import SHA
from tests.dbt_project.warehouse import PROJECT, EvidenceBook, Warehouse, manifest

SHOP = "acme/shop"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def land_everything(book: EvidenceBook) -> None:
    """One body or two of every stream."""
    repository = {"id": 1, "full_name": SHOP, "default_branch": "main", "archived": False, "fork": True}
    times = {"created_at": "2025-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "pushed_at": None}
    book.land("repositories", "acme", repository | times)
    book.land(
        "teams", "acme", [{"id": 1, "slug": "pay", "parent": {"slug": "shop"}}, {"id": 2, "slug": "shop"}]
    )
    book.land("team_members", "acme", [records.user(1), records.user(2)], parent="pay")
    book.land("members", "acme", [records.user(1), records.user(8, kind="Bot")])
    book.land("pull_requests", SHOP, [records.pull(1, merged_at="2026-01-05T12:00:00Z")])
    book.land("reviews", SHOP, [records.review(1), records.review(2, user=None)], parent="1")
    comment = {
        "id": 9,
        "pull_request_url": "https://api.example/repos/acme/shop/pulls/12",
        "user": records.user(3),
    }
    book.land("review_comments", SHOP, [comment | {"created_at": "2026-01-05T10:00:00Z", "updated_at": None}])
    first, second = records.api_commit(SHA["a"], SHA["b"]), records.api_commit(SHA["b"], author=None)
    book.land("pull_request_commits", SHOP, [first, second], parent="1")
    book.land("issues", SHOP, [records.issue(1), records.issue(2, pull_request={"url": "x"})])
    book.land("timeline", SHOP, timeline(), parent="2")
    book.land("commits", SHOP, [first, second])
    book.land("tags", SHOP, [{"name": "v1", "commit": {"sha": SHA["a"]}}])
    book.land("deployments", SHOP, [records.deployment(42)])
    statuses = [
        {"id": 2, "state": "success", "created_at": "2026-01-05T12:05:00Z"},
        {"id": 1, "state": "queued"},
    ]
    book.land("deployment_statuses", SHOP, statuses, parent="42")
    release = {"id": 7, "tag_name": "v1", "draft": False, "prerelease": True, "name": records.SECRET}
    book.land("releases", SHOP, [release | {"published_at": "2026-01-05T13:00:00Z"}])
    book.land("workflow_runs", SHOP, records.wrapped("workflow_runs", records.workflow_run(5)))
    job = {"id": 6, "run_attempt": 2, "name": "build", "status": "completed", "conclusion": "failure"}
    book.land("workflow_jobs", SHOP, records.wrapped("jobs", job), parent="5")
    log = records.git_commit(SHA["a"], parents=f"{SHA['b']} {SHA['c']}", paths=b'a.py\n"caf\\303\\251.py"')
    book.land("commits", SHOP, log, source="git")
    tags = records.git_tag("v1", SHA["a"], peeled=SHA["a"]) + records.git_tag(
        "search/v2", SHA["d"], peeled=SHA["b"]
    )
    book.land("tags", SHOP, tags, source="git")


def timeline() -> list[dict[str, Any]]:
    other = {"issue": {"number": 3, "repository": {"full_name": "acme/incidents"}}}
    return [
        {"event": "committed", "sha": SHA["a"], "node_id": "C1", "actor": None, "created_at": None},
        {
            "event": "reviewed",
            "node_id": "R1",
            "user": records.user(3),
            "submitted_at": "2026-01-05T11:00:00Z",
        },
        {"event": "merged", "node_id": "M1", "actor": records.user(1), "commit_id": SHA["c"]},
        {"event": "labeled", "node_id": "L1", "actor": records.user(1), "label": {"name": "sev1"}},
        {"event": "cross-referenced", "actor": records.user(2), "source": other},
        {"event": "cross-referenced", "actor": records.user(2), "source": {"issue": {"number": 4}}},
    ]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    root = tmp_path_factory.mktemp("streams")
    book = EvidenceBook(root)
    land_everything(book)
    warehouse = Warehouse(root)
    warehouse.build(book.evidence(), command="build")
    yield warehouse
    book.ledger.close()


def test_every_declared_stream_has_its_model_its_description_and_rows(warehouse: Warehouse) -> None:
    for stream in STAGED_STREAMS:
        node = manifest().nodes[f"model.assay.{stream.model}"]
        assert node.description.startswith("One row per")
        assert all(column.description and column.data_type for column in node.columns.values())
        has_rows = warehouse.rows(f"select count(*) > 0 from staging.{stream.model}")
        has_pages = warehouse.rows(f"select count(*) > 0 from raw.{stream.table}")
        assert has_rows == has_pages, stream.model


def test_streams_declare_what_their_models_read() -> None:
    for stream in STAGED_STREAMS:
        node = manifest().nodes[f"model.assay.{stream.model}"]
        sources = {name.removeprefix("source.assay.") for name in node.depends_on.nodes}
        assert ("config.rules" in sources) == stream.reads_rules
        assert ("vault.account_tokens" in sources) == stream.reads_accounts
        assert f"raw.{stream.table}__new" in sources
        assert ("raw.fetch_windows" in sources) == (stream.mode == "replace_set")


def test_a_model_says_its_grain_in_its_first_line_and_in_its_description() -> None:
    for stream in STAGED_STREAMS:
        sql = (PROJECT / "models" / "staging" / stream.kind / f"{stream.model}.sql").read_text()
        first, second, *_ = sql.splitlines()
        grain = second if first.startswith(f"-- Written by `{COMMAND}`") else first
        assert grain.startswith("-- One row per "), stream.model


def test_nothing_is_lost_or_set_aside(warehouse: Warehouse) -> None:
    for stream in STAGED_STREAMS:
        assert warehouse.rows(f"select coalesce(sum(cast_loss_count), 0) from staging.{stream.model}") == [
            (0,)
        ]
    assert warehouse.rows("from staging.stg_unparsed_pages") == []


def test_a_pull_request_keeps_its_instants_and_flags_but_no_text(warehouse: Warehouse) -> None:
    row = warehouse.row("from staging.stg_github__pull_requests")
    assert row["pull_request_id"] == 1001
    assert (row["repository"], row["number"], row["state"], row["is_draft"]) == (SHOP, 1, "open", False)
    assert row["merged_at"] == at("2026-01-05T12:00:00")
    assert row["labels"] == ["size/M"]
    assert row["is_base_default_branch"]
    assert not row["is_author_bot"]
    assert row["author_token"].startswith("p_")


def test_a_record_id_names_the_page_and_the_place_in_it(warehouse: Warehouse) -> None:
    rows = warehouse.rows(
        "select review_id, record_id & ((1 << 23) - 1), (record_id >> 23) = log_index "
        "from staging.stg_github__reviews, raw.github__reviews order by review_id"
    )
    assert rows == [(1, 0, True), (2, 1, True)]


def test_a_deleted_account_has_no_token_and_is_no_loss(warehouse: Warehouse) -> None:
    rows = warehouse.rows(
        "select reviewer_token, is_reviewer_bot from staging.stg_github__reviews where review_id = 2"
    )
    assert rows == [(None, False)]


def test_bots_are_told_by_the_vault(warehouse: Warehouse) -> None:
    assert warehouse.rows("select is_creator_bot from staging.stg_github__deployments") == [(True,)]
    assert warehouse.rows("select is_member_bot from staging.stg_github__members order by 1") == [
        (False,),
        (True,),
    ]


def test_a_commit_belongs_to_its_account_and_else_to_its_address_in_any_case(warehouse: Warehouse) -> None:
    tokens = dict(warehouse.rows("select commit_sha, author_token from staging.stg_github__commits"))
    ((git_token,),) = warehouse.rows("select author_token from staging.stg_git__commits")
    assert tokens[SHA["b"]] == git_token
    assert tokens[SHA["a"]] != git_token


def test_timeline_events_take_their_time_and_actor_from_where_their_kind_has_them(
    warehouse: Warehouse,
) -> None:
    rows = warehouse.rows(
        "select position, event, event_at, actor_token is not null, commit_sha, label, cross_reference "
        "from staging.stg_github__timeline order by position"
    )
    assert rows == [
        (1, "committed", None, False, SHA["a"], None, None),
        (2, "reviewed", at("2026-01-05T11:00:00"), True, None, None, None),
        (3, "merged", None, True, SHA["c"], None, None),
        (4, "labeled", None, True, None, "sev1", None),
        (5, "cross-referenced", None, True, None, None, "acme/incidents#3"),
        (6, "cross-referenced", None, True, None, None, "acme/shop#4"),
    ]


def test_lists_inside_an_object_are_read(warehouse: Warehouse) -> None:
    run = warehouse.row("from staging.stg_github__workflow_runs")
    assert (run["run_id"], run["workflow_name"], run["conclusion"]) == (5, "Deploy", "success")
    job = warehouse.row("from staging.stg_github__workflow_jobs")
    assert (job["job_id"], job["run_id"], job["run_attempt"]) == (6, 5, 2)


def test_git_gives_parents_paths_and_the_commit_that_a_tag_leads_to(warehouse: Warehouse) -> None:
    commit = warehouse.row("from staging.stg_git__commits")
    assert commit["parent_shas"] == [SHA["b"], SHA["c"]]
    assert commit["paths"] == ["a.py", "caf\\303\\251.py"]
    assert commit["committed_at"] == at("2026-01-04T08:00:00")
    tags = warehouse.rows("select tag_name, commit_sha from staging.stg_git__tags order by 1")
    assert tags == [("search/v2", SHA["b"]), ("v1", SHA["a"])]


def test_no_name_login_address_title_or_branch_reaches_the_warehouse(warehouse: Warehouse) -> None:
    """DESIGN §2, I7: the bodies are full of a person; the warehouse's tables are not."""
    for name, columns in warehouse.contents().items():
        for row in columns:
            text = str(row).lower()
            assert "zebra" not in text, name
            assert "quentin" not in text, name
    assert b"ebrastripe" not in Path(warehouse.file).read_bytes()


def test_the_scan_would_find_a_name(warehouse: Warehouse) -> None:
    """A check that cannot fail is none: the same scan over the evidence finds the person."""
    rows = warehouse.rows("select decode(body) from raw.github__pull_requests")
    assert "zebra" in str(rows).lower()
