from pathlib import Path
from typing import Any

import pytest

from connectors.codeowners.dialects import DIALECTS
from connectors.codeowners.lines import OwnerLine, owner_lines
from connectors.reports import StreamReport
from tests.connectors.files.file_source import current, extract, opened
from tests.connectors.git.clones import Clone
from tests.connectors.workspace import landed, open_store, windows

FIRST = "* @acme/platform\n/src/ @acme/checkout @ada docs@example.invalid  # the checkout\n"
GITLAB = """\
* @everybody
[Checkout][2] @acme/shop/checkout
/src/
/src/cards @ada
^[Docs]
docs/ @@developer
\\#odd @ada
path\\ with\\ space/ @bo
"""


def read(text: str, dialect: Any = "github") -> list[OwnerLine]:
    return list(owner_lines(text, DIALECTS[dialect]))


def settings(clone: Clone, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "codeowners",
        "repositories": [{"name": "acme/shop", "path": str(clone.path)}],
        **changes,
    }


def take(store: Any, clone: Clone, run_id: str = "run") -> dict[str, StreamReport]:
    return extract(store, clone.path, run_id=run_id, **settings(clone))


def versions(store: Any) -> list[tuple[str, str | None]]:
    return [(row["commit"], row["path"]) for row in current(store, "versions")]


def test_lines_name_teams_people_and_addresses_in_their_order() -> None:
    first, second = read(FIRST)
    assert (first.position, first.pattern, first.owners.teams) == (1, "*", ("acme/platform",))
    assert (second.position, second.line, second.pattern) == (2, 2, "/src/")
    assert second.owners.teams == ("acme/checkout",)
    assert (second.owners.logins, second.owners.emails) == (("ada",), ("docs@example.invalid",))


def test_a_pattern_without_owners_takes_owners_away() -> None:
    _, unowned = read("/apps/ @ada\n/apps/open\n")
    assert (unowned.owners.is_empty, unowned.problem) == (True, None)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("!/src @ada", "negated"),
        ("/src/[ab].py @ada", "ranges"),
        ("\\#file @ada", "escaped"),
        ("/src ada @bo", "1 of the owners"),
        ("/src Ada <ada@example.invalid>", "owners are no"),
    ],
)
def test_lines_that_the_host_passes_over_are_reported_not_dropped(line: str, said: str) -> None:
    good, bad = read(f"* @acme/a\n{line}\n")
    assert good.problem is None
    assert bad.problem is not None
    assert said in bad.problem
    assert "ada" not in bad.problem.lower()


def test_sections_are_read_where_the_host_has_them() -> None:
    lines = read(GITLAB, "gitlab")
    assert [(line.pattern, line.section.name if line.section else None) for line in lines] == [
        ("*", None),
        ("/src/", "Checkout"),
        ("/src/cards", "Checkout"),
        ("docs/", "Docs"),
        ("#odd", "Docs"),
        ("path with space/", "Docs"),
    ]
    assert lines[1].owners.teams == ("acme/shop/checkout",)
    assert lines[2].owners.logins == ("ada",)
    assert lines[3].owners.roles == ("developer",)
    assert [line.section.is_optional for line in lines if line.section] == [False, False, True, True, True]
    assert lines[1].section is not None
    assert lines[1].section.approvals == 2


def test_every_version_along_the_branch_is_kept_with_its_commit(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    clone.commit("Nothing yet", a="1")
    root = clone.commit("Owners", CODEOWNERS=FIRST)
    clone.commit("Other work", a="2")
    clone.commit("The file nobody reads", docs__CODEOWNERS="* @acme/nobody\n")
    moved = clone.commit("The first place counts", **{".github__CODEOWNERS": "* @acme/first\n"})
    (clone.path / ".github" / "CODEOWNERS").unlink()
    back = clone.commit_all("Back to the root")
    (clone.path / "CODEOWNERS").unlink()
    (clone.path / "docs" / "CODEOWNERS").unlink()
    none = clone.commit_all("No owners any more")
    with open_store(tmp_path / "ws") as store:
        take(store, clone)
        assert versions(store) == [
            (root, "CODEOWNERS"),
            (moved, ".github/CODEOWNERS"),
            (back, "CODEOWNERS"),
            (none, None),
        ]
        assert [row["body"].decode() for row in landed(store, "files")] == [
            FIRST,
            "* @acme/first\n",
            FIRST,
            "",
        ]
        assert [(row["commit"], row["position"]) for row in current(store, "rules")] == [
            (root, 1),
            (root, 2),
            (moved, 1),
            (back, 1),
            (back, 2),
        ]
        at = next(row["committed_at"] for row in current(store, "versions") if row["commit"] == root)
        assert at.endswith("+00:00")


def test_a_merge_counts_when_it_reaches_the_branch(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    first = clone.commit("Owners", CODEOWNERS=FIRST)
    clone.git("checkout", "-q", "-b", "topic")
    clone.commit("On a branch", CODEOWNERS="* @acme/topic\n")
    clone.git("checkout", "-q", "main")
    clone.commit("Meanwhile", a="1")
    merge = clone.merge("topic", "Merge")
    with open_store(tmp_path / "ws") as store:
        take(store, clone)
        assert [commit for commit, _ in versions(store)] == [first, merge]


def test_a_later_run_looks_at_new_commits_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = Clone(tmp_path / "shop")
    first = clone.commit("Owners", CODEOWNERS=FIRST)
    asked: list[tuple[str, ...]] = []
    with open_store(tmp_path / "ws") as store:
        take(store, clone)
        source = opened(store, tmp_path, **settings(clone))
        run = type(source._scopes[0].listing.__self__.clone.git).run  # type: ignore[attr-defined]

        def remembered(git: Any, *arguments: str) -> bytes:
            asked.append(arguments)
            return bytes(run(git, *arguments))

        monkeypatch.setattr("connectors.git.commands.Git.run", remembered)
        report = source.extract("files", run_id="same")
        assert (report.pages, report.reused_pages) == (0, 1)
        second = clone.commit("Others", CODEOWNERS="* @acme/b\n")
        asked.clear()
        report = source.extract("files", run_id="more")
        assert (report.pages, report.reused_pages) == (1, 1)
        assert [f"{first}..{second}" in each for each in asked if each[0] == "log"] == [True]
        assert "cat-file" not in [each[0] for each in asked if first in each]


def test_history_that_was_written_again_replaces_what_it_said(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    first = clone.commit("Owners", CODEOWNERS=FIRST)
    clone.commit("A mistake", CODEOWNERS="* @acme/mistake\n")
    with open_store(tmp_path / "ws") as store:
        take(store, clone)
        clone.git("reset", "-q", "--hard", first)
        other = clone.commit("Better", CODEOWNERS="* @acme/better\n")
        take(store, clone, "later")
        assert [commit for commit, _ in versions(store)] == [first, other]
        assert [row["teams"] for row in current(store, "rules")][-1] == ["acme/better"]
        assert len(landed(store, "files")) == 3, "evidence keeps the mistake"


def test_increments_end_where_one_reading_does(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    with open_store(tmp_path / "slow") as slow, open_store(tmp_path / "once") as once:
        for number in range(6):
            place = (".github__CODEOWNERS", "CODEOWNERS", "docs__CODEOWNERS")[number % 3]
            clone.commit(f"Change {number}", **{place: f"* @acme/team{number // 2}\n"})
            take(slow, clone, f"run{number}")
        take(once, clone)
        assert current(slow, "rules") == current(once, "rules")
        assert current(slow, "versions") == current(once, "versions")
        assert [row["record_count"] for row in windows(slow, "rules")][-1] == len(current(once, "rules"))


def test_a_shallow_clone_is_refused_for_its_history_is_cut_off(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop")
    clone.commit("Owners", CODEOWNERS=FIRST)
    clone.commit("More", a="1")
    clone.git("clone", "-q", "--depth", "1", f"file://{clone.path}", str(tmp_path / "shallow"))
    with open_store(tmp_path / "ws") as store:
        named = {"name": "acme/shop", "path": str(tmp_path / "shallow")}
        reports = extract(store, tmp_path, **settings(clone, repositories=[named]))
        assert "shallow" in str(reports["files"].failures[0].error)
