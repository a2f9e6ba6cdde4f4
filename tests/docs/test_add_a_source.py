"""The walk-through that adds a source works: its files, commands, figures and tables are what happens."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb
import pytest
import yaml

from tests.docs.buildwright import REPLIES, Buildwright
from tests.docs.pages import ROOT
from tests.docs.walk_through import Command, Tree, blocks, commands, follow

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs" / "runbooks" / "add-a-source.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8790/api"
OVERLAP = timedelta(hours=1)
QUERIES = [block for block in blocks(PAGE) if block.language == "sql"]
COMMANDS = [
    command for block in blocks(PAGE) if block.language == "console" for command in commands(block.text)
]
IN_ANOTHER_TERMINAL = ("python", "-m", "tests.docs.buildwright")
NAMES_OF_PEOPLE = ("quill", "penhaligon")
FREE_TEXT = ("till", "Round prices")


@dataclass(frozen=True)
class Walk:
    """What following the page led to.

    Attributes:
        tree: The copy.
        first: What each stream took in the first run.
        rows: The rows of each query of the page.
        second: What each stream took in the second run.
        asked: What the second run asked for.
    """

    tree: Tree
    first: list[dict[str, Any]]
    rows: list[list[list[str]]]
    second: list[dict[str, Any]]
    asked: list[str]

    @property
    def warehouse(self) -> Path:
        return self.tree.root / "acme" / "data" / "staged" / "assay.duckdb"


def is_run_elsewhere(command: Command) -> bool:
    """The vendor is served by the test, and the whole run has a test of its own, for it takes a minute."""
    return (
        command.words[:3] == IN_ANOTHER_TERMINAL
        or command.words[:2] == ("assay", "run")
        or (command.words[:2] == ("python", "-c"))
    )


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    tree = Tree.copied_to(tmp_path_factory.mktemp("walk"))
    vendor = Buildwright(tree.root / REPLIES)
    with vendor.server as server:
        follow(PAGE, tree, address=ADDRESS, base_url=server.base_url, skipped=is_run_elsewhere)
        staged = ("python", "-m", "tests.docs.staged")
        first = json.loads(tree.type((*staged, "extract", "acme")))
        queries = json.dumps([block.text for block in QUERIES])
        rows = json.loads(tree.type((*staged, "build", "acme"), given=queries))
        vendor.asked()
        second = json.loads(tree.type((*staged, "extract", "acme")))
        yield Walk(tree, first, rows, second, vendor.asked())


def test_every_file_of_the_folder_is_in_the_page(walk: Walk) -> None:
    folder = walk.tree.root / "connectors" / "buildwright"
    assert {path.name for path in folder.glob("*.py")} == {
        "__init__.py",
        "kind.py",
        "settings.py",
        "streams.py",
        "records.py",
    }
    assert not (ROOT / "connectors" / "buildwright").exists(), "the tree itself must stay as it is"


def test_the_entry_of_the_register_is_the_one_that_the_command_writes(walk: Walk) -> None:
    (shown,) = [
        block for block in blocks(PAGE) if block.language == "yaml" and block.text.startswith("- kind")
    ]
    register = yaml.safe_load((walk.tree.root / "acme/governance/collection.yml").read_text(encoding="utf-8"))
    (entry,) = [each for each in register["entries"] if each["kind"] == "buildwright"]
    confirmed = {name: entry[name] for name in ("legal_basis", "confirmed_by", "confirmed_on")}
    assert all(confirmed.values())
    assert entry | dict.fromkeys(confirmed) == yaml.safe_load(shown.text)[0]


def test_the_first_run_reads_every_record_of_the_fixture(walk: Walk) -> None:
    assert [each["failures"] for each in walk.first] == [[], [], []]
    assert {each["stream"]: each["records"] for each in walk.first} == {
        "projects": 2,
        "builds": 3,
        "steps": 3,
    }


@pytest.mark.parametrize("number", range(len(QUERIES)))
def test_staging_holds_the_rows_that_the_page_shows(walk: Walk, number: int) -> None:
    assert QUERIES[number].rows, "the query has no table"
    assert [tuple(row) for row in walk.rows[number]] == list(QUERIES[number].rows)


def test_people_are_tokens_and_free_text_stays_out(walk: Walk) -> None:
    with duckdb.connect(str(walk.warehouse), read_only=True) as con:
        tables = con.execute(
            "select table_name from duckdb_tables() where schema_name = 'staging' "
            "and starts_with(table_name, 'stg_buildwright')"
        ).fetchall()
        cells = [
            str(cell)
            for (name,) in tables
            for row in con.sql(f"from staging.{name}").fetchall()
            for cell in row
        ]
        starters = con.execute(
            "select starter_token from staging.stg_buildwright__builds order by build_id"
        ).fetchall()
    assert len(tables) == 3
    assert [word for word in (*NAMES_OF_PEOPLE, *FREE_TEXT) for cell in cells if word in cell] == []
    quill, deployer, again = (token for (token,) in starters)
    assert quill == again != deployer


def test_a_second_run_asks_only_for_the_overlap(walk: Walk) -> None:
    assert {each["stream"]: each["requests"] for each in walk.second} == {
        "projects": 1,
        "builds": 2,
        "steps": 0,
    }
    assert "It takes three requests" in PAGE
    listing, *builds = walk.asked
    assert listing == "/projects"
    assert sorted(urlsplit(each).path for each in builds) == [
        "/projects/search/builds",
        "/projects/shop/builds",
    ]
    for each in builds:
        query = parse_qs(urlsplit(each).query)
        start = datetime.fromisoformat(query["updated_from"][0])
        assert OVERLAP <= datetime.now(UTC) - start < OVERLAP + timedelta(minutes=10)


def test_the_page_says_what_the_vendor_prints() -> None:
    (line,) = [each for each in COMMANDS if each.words[:3] == IN_ANOTHER_TERMINAL]
    with Buildwright(Path(), port=0).server as server:
        port = line.words[3]
        assert line.output == f"Buildwright answers at {re.sub(r':[0-9]+', f':{port}', server.base_url)}\n"
    assert f":{port}/api" in ADDRESS
    assert f"base_url: {ADDRESS}" in PAGE


SPOILT = {
    "a file is missing": (r"`connectors/buildwright/records\.py`:\n\n```python\n.*?^```$", ""),
    "a path is no path": (r'"\$\.environment"', '"$.environment["'),
    "a model is not named": (r"^models/staging/buildwright/stg_buildwright__steps\.yml\n", ""),
}


@pytest.mark.parametrize("what", SPOILT)
def test_a_page_with_a_wrong_step_fails(what: str, tmp_path: Path) -> None:
    pattern, replacement = SPOILT[what]
    spoilt = re.sub(pattern, replacement, PAGE, flags=re.MULTILINE | re.DOTALL)
    assert spoilt != PAGE
    tree = Tree.copied_to(tmp_path)
    with pytest.raises(AssertionError):
        follow(spoilt, tree, address=ADDRESS, base_url="http://127.0.0.1:9/api", skipped=is_run_elsewhere)


def test_the_whole_run_publishes_and_its_warehouse_holds_the_rows(tmp_path: Path) -> None:
    tree = Tree.copied_to(tmp_path)
    vendor = Buildwright(tree.root / REPLIES)
    with vendor.server as server:
        follow(PAGE, tree, address=ADDRESS, base_url=server.base_url, skipped=is_run_elsewhere)
        (look, run) = (
            next(each for each in COMMANDS if each.words[:2] == start)
            for start in (("python", "-c"), ("assay", "run"))
        )
        tree.type(run.words)
        vendor.asked()
        tree.type(run.words)
        assert len(vendor.asked()) == 3
    for block in QUERIES:
        shown = tree.type(look.words, given=block.text)
        assert [cell for row in block.rows for cell in row if cell not in shown] == []
    assert (tree.root / "acme/data/published/current/report.html").exists()
