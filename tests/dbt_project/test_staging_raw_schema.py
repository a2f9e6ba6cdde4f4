"""The raw schema: pinned, pruned, and honest about what has changed."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connectors.evidence.redaction_statement import RedactionOrder, signed_message
from orchestration.errors import BuildFailedError
from orchestration.steps.raw_schema import RawBuild, build_raw_schema, finish_build, first_missing_window
from orchestration.steps.staged_streams import STAGED_STREAMS
from tests.dbt_project import records
from tests.dbt_project.warehouse import REPORTING, RULES, EvidenceBook, Warehouse, config_tables

SHOP = "acme/shop"
PULLS, REVIEWS = ("stg_github__pull_requests",), ("stg_github__reviews",)


@pytest.fixture
def book(tmp_path: Path) -> EvidenceBook:
    return EvidenceBook(tmp_path)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "warehouse")


def finish(warehouse: Warehouse, book: EvidenceBook, *, streams: set[str] | None = None) -> RawBuild:
    """Pretend that dbt has built every model, or those of some streams."""
    build = warehouse.prepare(book.evidence())
    with warehouse.connection() as con:
        for stream in STAGED_STREAMS:
            con.execute(f"create table if not exists staging.{stream.model} (record_id bigint)")
        finish_build(con, build, streams=streams)
    return build


def test_the_first_build_has_everything_before_it(book: EvidenceBook, warehouse: Warehouse) -> None:
    book.land("pull_requests", SHOP, [records.pull(1)])
    build = warehouse.prepare(book.evidence())
    assert build.reread == {stream.table for stream in STAGED_STREAMS}
    assert build.news >= {f"raw.{stream.table}__new" for stream in STAGED_STREAMS}
    assert build.news >= {"config.rules", "config.services", "vault.account_tokens"}


def test_a_finished_build_over_unchanged_evidence_is_unchanged(
    book: EvidenceBook, warehouse: Warehouse
) -> None:
    book.land("pull_requests", SHOP, [records.pull(1)])
    finish(warehouse, book)
    assert finish(warehouse, book).is_unchanged
    assert warehouse.rows("select count(*) from raw.github__pull_requests__new") == [(0,)]
    assert warehouse.rows("select count(*) from raw.github__pull_requests") == [(1,)]


def test_news_names_the_streams_and_settings_that_changed(book: EvidenceBook, warehouse: Warehouse) -> None:
    finish(warehouse, book)
    book.land("releases", SHOP, [{"id": 1, "tag_name": "v1"}])
    assert warehouse.prepare(book.evidence()).news == {"raw.github__releases__new"}
    service = {"service_id": "shop", "title": "Shop", "repository": SHOP, "path_patterns": ["**"]}
    build = warehouse.prepare(book.evidence(), config=config_tables(services=[service]))
    assert build.news == {"raw.github__releases__new", "config.services"}
    assert warehouse.rows("select path_patterns, tag_pattern from config.services") == [(["**"], None)]


def test_a_build_that_failed_leaves_its_news_to_the_next(book: EvidenceBook, warehouse: Warehouse) -> None:
    finish(warehouse, book)
    book.land("pull_requests", SHOP, [records.pull(1)])
    changed = config_tables(rules=RULES | {"incident_link_hours": 48})
    first = warehouse.prepare(book.evidence(), config=changed)
    second = warehouse.prepare(book.evidence(), config=changed)
    assert first.news == second.news
    assert "vault.account_tokens" in second.news


def test_a_build_that_was_finished_in_part_advances_those_streams_only(
    book: EvidenceBook, warehouse: Warehouse
) -> None:
    finish(warehouse, book)
    book.land("releases", SHOP, [{"id": 1, "tag_name": "v1"}])
    book.land("deployments", SHOP, [records.deployment(1)])
    finish(warehouse, book, streams={"github__releases"})
    news = warehouse.prepare(book.evidence()).news
    assert news == {"raw.github__deployments__new", "vault.account_tokens", "vault.people"}


def test_other_sql_reads_everything_again(book: EvidenceBook, warehouse: Warehouse) -> None:
    finish(warehouse, book)
    build = warehouse.prepare(book.evidence(), sql="2")
    assert build.reread == {stream.table for stream in STAGED_STREAMS}


def test_evidence_is_pinned_at_a_log_size(book: EvidenceBook, warehouse: Warehouse) -> None:
    book.land("reviews", SHOP, [records.review(1)], parent="1")
    size = book.ledger.size("payload")
    book.land("reviews", SHOP, [records.review(2)], parent="2")
    warehouse.prepare(book.evidence(size))
    tables = ("github__reviews", "github__reviews__new", "fetch_windows", "evidence_pages")
    assert [warehouse.rows(f"select count(*) from raw.{table}") for table in tables] == [[(1,)]] * len(tables)
    assert warehouse.row(
        "select kind, stream, scope, parent_key, record_count, body_bytes from raw.evidence_pages"
    ) == {
        "kind": "github",
        "stream": "reviews",
        "scope": SHOP,
        "parent_key": "1",
        "record_count": 1,
        "body_bytes": len(book.store.page(0).body),
    }


def test_a_build_at_an_earlier_log_size_forgets_what_it_may_not_know(
    book: EvidenceBook, warehouse: Warehouse
) -> None:
    book.land("reviews", SHOP, [records.review(1)], parent="1")
    size = book.ledger.size("payload")
    book.land("reviews", SHOP, [], parent="1")
    warehouse.build(book.evidence(), select=REVIEWS)
    warehouse.build(book.evidence(size), select=REVIEWS)
    assert warehouse.rows("select review_id from staging.stg_github__reviews") == [(1,)]
    warehouse.build(book.evidence(), select=REVIEWS)
    assert warehouse.rows("select review_id from staging.stg_github__reviews") == []


def test_only_files_with_new_pages_are_opened(book: EvidenceBook, warehouse: Warehouse) -> None:
    book.land("pull_requests", SHOP, [records.pull(1)])
    (old,) = book.store.committed_files()
    finish(warehouse, book)
    book.land("pull_requests", SHOP, [records.pull(2)])
    warehouse.prepare(book.evidence())
    old.path.unlink()
    assert warehouse.rows("select count(*) from raw.github__pull_requests__new") == [(1,)]


def test_compaction_is_no_news_and_changes_no_row(book: EvidenceBook, warehouse: Warehouse) -> None:
    for number in range(4):
        book.land("pull_requests", SHOP, [records.pull(number)])
        book.land("releases", SHOP, [{"id": number, "tag_name": "v1"}])
    finish(warehouse, book)
    before = warehouse.rows("from raw.github__pull_requests order by log_index")
    assert book.store.compact("github", "pull_requests", least_files=2).files_after == 1
    assert finish(warehouse, book).is_unchanged
    assert warehouse.rows("from raw.github__pull_requests order by log_index") == before


@dataclass(frozen=True)
class Signature:
    public_key: bytes
    signature: bytes


def redact(book: EvidenceBook, log_index: int, path: str) -> None:
    at = datetime(2026, 2, 1, tzinfo=UTC)
    order = RedactionOrder(log_index, (path,), "erasure", "case 1", at)
    keys = [Ed25519PrivateKey.generate() for _ in range(2)]
    message = signed_message(order.document())
    signatures = [Signature(key.public_key().public_bytes_raw(), key.sign(message)) for key in keys]
    trusted = [each.public_key for each in signatures]
    book.store.redact(
        log_index, [path], policy="erasure", reason="case 1", signers=signatures, trusted_keys=trusted, at=at
    )


def test_a_redaction_reaches_rows_that_were_built_before_it(book: EvidenceBook, warehouse: Warehouse) -> None:
    (page,) = book.land("pull_requests", SHOP, [records.pull(1), records.pull(2)])
    book.land("reviews", SHOP, [records.review(1)], parent="1")
    select = (*PULLS, *REVIEWS, "+stg_unparsed_pages")
    warehouse.build(book.evidence(), select=select)
    redact(book, page, "$[0].user")
    build = warehouse.build(book.evidence(), select=select)
    assert build.reread == {"github__pull_requests"}
    query = (
        "select author_token is null, cast_loss_count from staging.stg_github__pull_requests order by number"
    )
    assert warehouse.rows(query) == [(True, 0), (False, 0)]
    assert warehouse.prepare(book.evidence()).is_unchanged
    redact(book, page, "$[1].id")
    warehouse.build(book.evidence(), select=select)
    assert warehouse.rows("select number from staging.stg_github__pull_requests") == [(1,)]
    assert warehouse.rows("select log_index, is_redacted from staging.stg_unparsed_pages") == [(page, True)]


def test_a_source_that_left_the_settings_leaves_the_warehouse(
    book: EvidenceBook, warehouse: Warehouse
) -> None:
    book.land("reviews", SHOP, [records.review(1)], parent="1")
    book.land("reviews", SHOP, [records.review(1)], parent="1", source="second")
    both = {"github": "github", "second": "github"}
    warehouse.build(replace(book.evidence(), kinds=both), select=REVIEWS)
    query = "select source, review_id from staging.stg_github__reviews order by 1"
    assert warehouse.rows(query) == [("github", 1), ("second", 1)]
    warehouse.build(book.evidence(), select=REVIEWS)
    assert warehouse.rows(query) == [("github", 1)]
    warehouse.build(replace(book.evidence(), kinds=both), select=REVIEWS)
    assert warehouse.rows(query) == [("github", 1), ("second", 1)]


def test_windows_are_needed_from_the_first_that_the_warehouse_lacks(
    book: EvidenceBook, warehouse: Warehouse
) -> None:
    warehouse.root.mkdir()
    with warehouse.connection() as con:
        assert first_missing_window(con, ["github"]) == 0
    book.land("reviews", SHOP, [records.review(1)], parent="1")
    finish(warehouse, book)
    with warehouse.connection() as con:
        assert first_missing_window(con, ["github"]) == book.ledger.size("payload")
        assert first_missing_window(con, ["github", "second"]) == 0
    book.land("reviews", SHOP, [records.review(2)], parent="2")
    late = book.evidence()
    with warehouse.connection() as con:
        tail = late.windows.slice(1)
        build_raw_schema(con, replace(late, windows=tail), config=config_tables(), staging_sha256="1")
        assert con.execute("select count(*), count(*) filter (is_new) from raw.fetch_windows").fetchall() == [
            (2, 1)
        ]


def test_a_failed_step_leaves_the_schema_as_it_was(book: EvidenceBook, warehouse: Warehouse) -> None:
    finish(warehouse, book)
    book.land("reviews", SHOP, [records.review(1)], parent="1")
    broken = replace(book.evidence(), windows=pa.table({"nonsense": [1]}))
    with warehouse.connection() as con:
        before = con.execute("from duckdb_views() where schema_name = 'raw' order by all").fetchall()
        with pytest.raises(duckdb.Error):
            build_raw_schema(con, broken, config=config_tables(), staging_sha256="2")
        assert con.execute("from duckdb_views() where schema_name = 'raw' order by all").fetchall() == before
        assert con.execute(
            "select distinct table_schema from information_schema.tables order by 1"
        ).fetchall()


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"rules": [RULES]}, "config.reporting needs exactly one row and got 0"),
        ({"rules": [RULES, RULES], "reporting": [REPORTING]}, "config.rules needs exactly one row and got 2"),
        ({"servces": [{"service_id": "x"}]}, "No model reads config.servces"),
        ({"rules": [RULES | {"pattern": "x"}]}, r"No model reads config.rules \(pattern\)"),
    ],
)
def test_settings_that_no_model_could_read_are_refused(
    book: EvidenceBook, warehouse: Warehouse, tables: dict[str, list[dict[str, object]]], message: str
) -> None:
    config = {name: pa.Table.from_pylist(rows) for name, rows in tables.items()}
    with pytest.raises(BuildFailedError, match=message):
        warehouse.prepare(book.evidence(), config=config)


def test_paths_with_quotes_are_read(tmp_path: Path, warehouse: Warehouse) -> None:
    book = EvidenceBook(tmp_path / "it's here")
    book.land("pull_requests", SHOP, [records.pull(1)])
    warehouse.prepare(book.evidence())
    assert warehouse.rows("select count(*) from raw.github__pull_requests") == [(1,)]
