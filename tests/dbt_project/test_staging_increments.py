"""DESIGN §2, I2: any portions of evidence end in the rows of one reading of all of it."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.dbt_project import records
from tests.dbt_project.records import SHA
from tests.dbt_project.warehouse import RULES, EvidenceBook, Warehouse, config_tables, manifest

SHOP, TILL = "acme/shop", "acme/till"
PULLS, REVIEWS = ("stg_github__pull_requests",), ("stg_github__reviews",)
LANDED = (
    "stg_github__members",
    "stg_github__pull_requests",
    "stg_github__reviews",
    "stg_github__issues",
    "stg_github__pull_request_commits",
    "stg_github__timeline",
    "stg_github__commits",
    "stg_github__workflow_runs",
    "stg_git__commits",
    "stg_git__tags",
)


@pytest.fixture
def book(tmp_path: Path) -> EvidenceBook:
    return EvidenceBook(tmp_path)


class RandomHistory:
    """Lands what sources do in the worst order: late versions, sets that grow, shrink, end and come back."""

    def __init__(self, book: EvidenceBook, seed: int) -> None:
        self.book = book
        self.random = random.Random(seed)
        self.sets: dict[tuple[str, str], list[int]] = {}

    def land(self, steps: int) -> None:
        actions: list[Callable[[], None]] = [
            self.pulls, self.pulls, self.issues, self.runs, self.reviews, self.reviews, self.timeline,
            self.pull_request_commits, self.commits, self.git, self.tags, self.members, self.nonsense,
        ]  # fmt: skip
        for _ in range(steps):
            self.random.choice(actions)()

    def pulls(self) -> None:
        self.book.land(
            "pull_requests", self.scope(), self.versions(records.pull), self.versions(records.pull)
        )

    def issues(self) -> None:
        self.book.land(
            "issues", self.scope(), self.versions(records.issue), is_closed=self.random.random() < 0.7
        )

    def runs(self) -> None:
        runs = [records.workflow_run(self.number(), updated=self.instant()) for _ in range(3)]
        self.book.land("workflow_runs", self.scope(), records.wrapped("workflow_runs", *runs))

    def reviews(self) -> None:
        parent = self.number()
        self.set_of("reviews", str(parent), [records.review(10 * parent + each) for each in self.some()])

    def timeline(self) -> None:
        events = [
            {"event": "labeled", "node_id": f"N{each}", "label": {"name": f"l{each}"}} for each in self.some()
        ]
        self.set_of("timeline", str(self.number()), events + events[:1])

    def pull_request_commits(self) -> None:
        commits = [records.api_commit(sha, message=f"Fixes #{each}") for each, sha in enumerate(self.shas())]
        self.set_of("pull_request_commits", str(self.number()), commits)

    def commits(self) -> None:
        self.book.land("commits", self.scope(), [records.api_commit(sha) for sha in self.shas()])

    def git(self) -> None:
        log = b"".join(records.git_commit(sha, name=b"Jos\xe9") for sha in self.shas())
        self.book.land("commits", self.scope(), log, source="git")

    def tags(self) -> None:
        tags = b"".join(records.git_tag(f"v{each}", SHA["a"], peeled=SHA["a"]) for each in self.some())
        self.book.land("tags", self.scope(), tags, source="git")

    def members(self) -> None:
        self.set_of("members", "", [records.user(each) for each in self.some()])

    def nonsense(self) -> None:
        self.book.land("pull_requests", SHOP, {"message": "Server Error"})
        self.set_of("reviews", str(self.number()), [{"id": None}, records.review(1)])

    def set_of(self, stream: str, parent: str, members: list[dict[str, Any]]) -> None:
        """Land a set in up to two pages; sometimes the pages that it had before, or some of them."""
        known = self.sets.get((stream, parent), [])
        half = len(members) // 2
        if known and self.random.random() < 0.4:
            bodies: list[Any] = self.random.sample(known, self.random.randint(0, len(known)))
        else:
            bodies = [members[:half], members[half:]]
        scope = "acme" if stream == "members" else SHOP
        self.sets[stream, parent] = self.book.land(stream, scope, *bodies, parent=parent or None)

    def versions(self, make: Callable[..., dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            make(self.number(), updated=self.instant(), state=self.random.choice(["open", "closed"]))
            for _ in range(3)
        ]

    def scope(self) -> str:
        return self.random.choice([SHOP, TILL])

    def number(self) -> int:
        return self.random.randint(1, 4)

    def instant(self) -> str:
        return f"2026-01-05T1{self.random.randint(0, 2)}:00:00Z"

    def some(self) -> list[int]:
        return self.random.sample(range(1, 7), self.random.randint(0, 4))

    def shas(self) -> list[str]:
        return [SHA[letter] for letter in self.random.sample("abcdef", self.random.randint(1, 4))]


def everything(warehouse: Warehouse) -> dict[str, Any]:
    unreadable = warehouse.rows("from raw.unreadable_records order by all")
    return {**warehouse.contents(), "unreadable_records": unreadable}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_any_portions_of_evidence_end_in_the_rows_of_one_reading(
    tmp_path: Path, book: EvidenceBook, seed: int
) -> None:
    RandomHistory(book, seed).land(40)
    size = book.ledger.size("payload")
    whole, portions = Warehouse(tmp_path / "whole"), Warehouse(tmp_path / "portions")
    whole.build(book.evidence(), select=LANDED)
    cuts = sorted(random.Random(seed).sample(range(1, size), 2))
    for cut in [*cuts, size]:
        portions.build(book.evidence(cut), select=LANDED)
    assert everything(portions) == everything(whole)
    assert sum(len(rows) for rows in everything(whole).values()) > 20


def test_one_thread_and_eight_give_the_same_rows(tmp_path: Path, book: EvidenceBook) -> None:
    RandomHistory(book, 7).land(30)
    one, eight = Warehouse(tmp_path / "one", threads=1), Warehouse(tmp_path / "eight", threads=8)
    one.build(book.evidence(), select=LANDED)
    eight.build(book.evidence(), select=LANDED)
    assert everything(one) == everything(eight)


def test_a_set_shrinks_empties_and_returns(tmp_path: Path, book: EvidenceBook) -> None:
    warehouse = Warehouse(tmp_path / "warehouse")
    query = "select review_id from staging.stg_github__reviews order by 1"
    first = book.land("reviews", SHOP, [records.review(1), records.review(2)], parent="1")
    book.land("reviews", SHOP, [records.review(3)], parent="2")
    warehouse.build(book.evidence(), select=REVIEWS)
    assert warehouse.rows(query) == [(1,), (2,), (3,)]
    book.land("reviews", SHOP, [records.review(2)], parent="1")
    warehouse.build(book.evidence(), select=REVIEWS)
    assert warehouse.rows(query) == [(2,), (3,)]
    book.land("reviews", SHOP, [], parent="1")
    warehouse.build(book.evidence(), select=REVIEWS)
    assert warehouse.rows(query) == [(3,)]
    book.land("reviews", SHOP, *first, parent="1")
    build = warehouse.build(book.evidence(), select=REVIEWS)
    assert "raw.github__reviews__new" in build.news
    assert warehouse.rows(query) == [(1,), (2,), (3,)]


def test_a_set_is_not_replaced_before_its_window_closes(tmp_path: Path, book: EvidenceBook) -> None:
    warehouse = Warehouse(tmp_path / "warehouse")
    book.land("reviews", SHOP, [records.review(1)], parent="1")
    warehouse.build(book.evidence(), select=REVIEWS)
    book.land("reviews", SHOP, [records.review(2)], parent="1", is_closed=False)
    build = warehouse.build(book.evidence(), select=REVIEWS)
    assert "raw.github__reviews__new" not in build.news
    assert warehouse.rows("select review_id from staging.stg_github__reviews") == [(1,)]


def test_a_window_over_the_same_pages_is_no_news(tmp_path: Path, book: EvidenceBook) -> None:
    warehouse = Warehouse(tmp_path / "warehouse")
    pages = book.land("reviews", SHOP, [records.review(1)], parent="1")
    warehouse.build(book.evidence())
    book.land("reviews", SHOP, *pages, parent="1")
    build = warehouse.prepare(book.evidence())
    assert build.is_unchanged
    assert build.has_new_windows


def test_an_older_version_that_comes_late_does_not_win(tmp_path: Path, book: EvidenceBook) -> None:
    warehouse = Warehouse(tmp_path / "warehouse")
    book.land("pull_requests", SHOP, [records.pull(1, updated="2026-01-05T12:00:00Z", state="closed")])
    warehouse.build(book.evidence(), select=PULLS)
    book.land("pull_requests", SHOP, [records.pull(1, updated="2026-01-05T11:00:00Z", state="open")])
    warehouse.build(book.evidence(), select=PULLS)
    assert warehouse.row("from staging.stg_github__pull_requests")["state"] == "closed"


def test_of_two_versions_of_one_second_the_later_page_wins(tmp_path: Path, book: EvidenceBook) -> None:
    warehouse = Warehouse(tmp_path / "warehouse")
    for state in ("open", "closed"):
        book.land("pull_requests", SHOP, [records.pull(1, state=state)])
        warehouse.build(book.evidence(), select=PULLS)
    assert warehouse.row("from staging.stg_github__pull_requests")["state"] == "closed"


def test_a_build_that_was_not_finished_is_done_again(tmp_path: Path, book: EvidenceBook) -> None:
    """The models had run, but something after them failed: the same pages are read once more."""
    warehouse = Warehouse(tmp_path / "warehouse")
    book.land("pull_requests", SHOP, [records.pull(1)])
    first = warehouse.prepare(book.evidence())
    warehouse.dbt("run", "--select", *PULLS)
    before = {name: rows for name, rows in everything(warehouse).items() if rows}
    second = warehouse.build(book.evidence(), select=PULLS)
    assert second.news == first.news
    assert {name: rows for name, rows in everything(warehouse).items() if rows} == before


def test_full_refresh_by_dbt_alone_loses_nothing(tmp_path: Path, book: EvidenceBook) -> None:
    """A staging table made from the new pages alone would miss all history."""
    warehouse = Warehouse(tmp_path / "warehouse")
    book.land("pull_requests", SHOP, [records.pull(1)])
    warehouse.build(book.evidence(), select=PULLS)
    book.land("pull_requests", SHOP, [records.pull(2)])
    warehouse.prepare(book.evidence())
    warehouse.dbt("run", "--select", *PULLS, "--full-refresh")
    assert warehouse.rows("select count(*) from staging.stg_github__pull_requests") == [(2,)]


def test_changed_rules_are_applied_to_old_records(tmp_path: Path, book: EvidenceBook) -> None:
    warehouse = Warehouse(tmp_path / "warehouse")
    book.land("pull_requests", SHOP, [records.pull(1, title="Urgent: mend")])
    warehouse.build(book.evidence(), select=PULLS)
    assert not warehouse.row("from staging.stg_github__pull_requests")["is_hotfix_title"]
    changed = config_tables(rules=RULES | {"hotfix_title_pattern": "^Urgent"})
    build = warehouse.build(book.evidence(), config=changed, select=PULLS)
    assert "github__pull_requests" in build.reread
    assert warehouse.row("from staging.stg_github__pull_requests")["is_hotfix_title"]


def test_an_account_that_turns_out_to_be_a_bot_is_one_in_old_records(
    tmp_path: Path, book: EvidenceBook
) -> None:
    warehouse = Warehouse(tmp_path / "warehouse")
    book.land("pull_requests", SHOP, [records.pull(1)])
    book.land("releases", SHOP, [{"id": 1, "tag_name": "v1"}])
    warehouse.build(book.evidence(), select=(*PULLS, "stg_github__releases"))
    assert not warehouse.row("from staging.stg_github__pull_requests")["is_author_bot"]
    book.land("issues", SHOP, [records.issue(1, user=records.user(1, kind="Bot"))])
    build = warehouse.build(book.evidence(), select=PULLS)
    assert warehouse.row("from staging.stg_github__pull_requests")["is_author_bot"]
    assert "github__pull_requests" in build.reread
    assert "github__releases" not in build.reread
    assert "vault.account_tokens" in build.news


def test_compiled_sql_does_not_tell_a_first_build_from_a_later_one(
    tmp_path: Path, book: EvidenceBook
) -> None:
    """Definition hashes cover compiled SQL: it must not change from run to run."""
    warehouse = Warehouse(tmp_path / "warehouse")
    book.land("pull_requests", SHOP, [records.pull(1)])
    warehouse.prepare(book.evidence())
    first = {
        each.node.name: each.node.compiled_code for each in warehouse.dbt("compile", "--select", "staging")
    }
    warehouse.build(book.evidence())
    book.land("pull_requests", SHOP, [records.pull(2)])
    warehouse.prepare(book.evidence())
    later = {
        each.node.name: each.node.compiled_code for each in warehouse.dbt("compile", "--select", "staging")
    }
    assert later == first
    assert len(first) >= len(LANDED)


def test_compiled_sql_alone_gives_the_rows_of_the_model(tmp_path: Path, book: EvidenceBook) -> None:
    """A replay runs it without dbt's hooks: patterns then come from the settings' table."""
    warehouse = Warehouse(tmp_path / "warehouse")
    book.land("pull_requests", SHOP, [records.pull(1, title="Hotfix: till", labels=[{"name": "hotfix"}])])
    warehouse.build(book.evidence(), select=PULLS)
    compiled = {
        each.node.name: each.node.compiled_code for each in warehouse.dbt("compile", "--select", *PULLS)
    }
    with warehouse.connection() as con:
        con.execute(f"attach '{warehouse.vault_file}' as vault (read_only)")
        con.execute("delete from raw.build_state")
        sql = compiled[PULLS[0]].replace("github__pull_requests__new", "github__pull_requests")
        assert con.execute(sql).fetchall() == con.execute(f"from staging.{PULLS[0]}").fetchall()
    row = warehouse.row("from staging.stg_github__pull_requests")
    assert row["is_hotfix_title"]
    assert row["is_hotfix_label"]


def test_builds_leave_nothing_behind_but_their_models(tmp_path: Path, book: EvidenceBook) -> None:
    warehouse = Warehouse(tmp_path / "warehouse")
    for number in range(2):
        book.land("reviews", SHOP, [records.review(number)], parent="1")
        warehouse.build(book.evidence())
    models = (node for node in manifest().nodes.values() if node.resource_type == "model")
    names = {node.name for node in models if node.schema == "staging"}
    query = "select table_schema, table_name from information_schema.tables"
    built = {row for row in warehouse.rows(query) if row[0] not in ("raw", "config", "quality")}
    assert built == {("staging", name) for name in names}
