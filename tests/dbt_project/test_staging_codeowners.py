"""CODEOWNERS from clones to staging: every version with its lines, people and addresses as tokens."""

import pytest

from tests.connectors.codeowners.test_codeowners import FIRST
from tests.connectors.files.file_source import extract
from tests.connectors.git.clones import Clone
from tests.dbt_project.warehouse import EvidenceBook, Warehouse

SELECTED = ("path:models/staging/codeowners",)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Warehouse, Warehouse, list[str]]:
    """A clone read after each change, and once at the end; the commits of its versions."""
    clone = Clone(tmp_path_factory.mktemp("clone") / "shop")
    settings = {"kind": "codeowners", "repositories": [{"name": "acme/shop", "path": str(clone.path)}]}
    steps, once = (
        EvidenceBook(tmp_path_factory.mktemp(name), kinds={"codeowners": "codeowners"})
        for name in ("steps", "once")
    )
    slow, full = (Warehouse(tmp_path_factory.mktemp(name)) for name in ("slow", "full"))
    commits = [clone.commit("Owners", CODEOWNERS=FIRST)]
    extract(steps.store, clone.path, **settings)
    slow.build(steps.evidence(), select=SELECTED)
    commits.append(clone.commit("Others", CODEOWNERS="* @acme/b\n!/x @ada\n/y\n"))
    (clone.path / "CODEOWNERS").unlink()
    commits.append(clone.commit_all("None"))
    extract(steps.store, clone.path, run_id="later", **settings)
    slow.build(steps.evidence(), command="build", select=SELECTED)
    extract(once.store, clone.path, **settings)
    full.build(once.evidence(), select=SELECTED)
    return slow, full, commits


def test_every_version_is_there_also_the_one_that_ends_them(
    built: tuple[Warehouse, Warehouse, list[str]],
) -> None:
    warehouse, _, commits = built
    rows = warehouse.rows(
        "select commit_sha, path, is_present, rule_count, invalid_count"
        " from staging.stg_codeowners__versions order by committed_at"
    )
    assert rows == [
        (commits[0], "CODEOWNERS", True, 2, 0),
        (commits[1], "CODEOWNERS", True, 3, 1),
        (commits[2], None, False, 0, 0),
    ]


def test_lines_keep_their_order_and_say_what_is_wrong(built: tuple[Warehouse, Warehouse, list[str]]) -> None:
    warehouse, _, commits = built
    rows = warehouse.rows(
        "select position, pattern, team_slugs, len(owner_tokens), len(addressed_tokens), is_valid"
        f" from staging.stg_codeowners__rules where commit_sha = '{commits[1]}' order by position"
    )
    assert rows == [(1, "*", ["acme/b"], 0, 0, True), (2, "!/x", [], 1, 0, False), (3, "/y", [], 0, 0, True)]
    (first,) = warehouse.rows(
        "select len(owner_tokens), len(addressed_tokens) from staging.stg_codeowners__rules"
        f" where commit_sha = '{commits[0]}' and position = 2"
    )
    assert first == (1, 1)
    contents = repr(warehouse.contents())
    assert "docs@example.invalid" not in contents
    assert "'ada'" not in contents


def test_steps_end_where_one_reading_does(built: tuple[Warehouse, Warehouse, list[str]]) -> None:
    slow, full, _ = built
    query = "select * exclude (record_id) from staging.stg_codeowners__rules order by commit_sha, position"
    assert len(slow.rows(query)) == 5
    drop_tokens = query.replace("(record_id)", "(record_id, owner_tokens, addressed_tokens)")
    assert slow.rows(drop_tokens) == full.rows(drop_tokens)
    for warehouse in (slow, full):
        assert warehouse.rows("select sum(cast_loss_count) from staging.stg_codeowners__rules") == [(0,)]
        assert warehouse.rows("from raw.unreadable_records") == []
