"""The documentation keeps its word: commands exist, links resolve, examples are valid."""

import re
import tomllib
from pathlib import Path

import click
import pytest

from connectors.sources import SOURCE_KINDS
from lineage.trace import parse_address
from orchestration.command import COMMANDS, EXIT_CODES, assay
from orchestration.settings import examine
from quality_checks.checks import comparisons
from quality_checks.suites import SUITES
from tests.docs import metrics_page
from tests.docs.pages import ROOT, anchors, commands, fences, links, pages
from tests.parsed import compiled_manifest

COMMAND_LINES = sorted({(str(page.relative_to(ROOT)), tuple(words)) for page, words in commands()})
MADE_UP = "kind: buildwright"
"""The kind that one page adds; a test of its own follows that page."""
SETTINGS = [
    fence for fence in fences("yaml") if fence.text.startswith("organisation:") and MADE_UP not in fence.text
]


@pytest.mark.parametrize(("page", "words"), COMMAND_LINES, ids=str)
def test_a_command_that_a_page_names_exists_with_its_options(page: str, words: tuple[str, ...]) -> None:
    assert page
    arguments = list(words[1:])
    if not arguments or arguments[0].startswith("-"):
        return
    context = click.Context(assay, info_name="assay")
    assert arguments[0] in COMMANDS
    command = assay.get_command(context, arguments[0])
    assert command is not None
    if isinstance(command, click.Group) and arguments[1:] and not arguments[1].startswith("-"):
        name = arguments[1] if arguments[1] in command.commands else getattr(command, "usual", None)
        assert name in command.commands
        command = command.commands[name]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in arguments[1:] if word.startswith("--")} <= options | {"--help"}


def test_every_command_is_listed_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"| `assay {name}" not in readme] == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_resolves(page: Path) -> None:
    missing = []
    for target in links(page):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            missing.append(target)
    assert missing == []


def test_every_page_of_the_documentation_is_linked_from_another() -> None:
    linked = {
        (page.parent / target.partition("#")[0]).resolve() for page in pages() for target in links(page)
    }
    assert [page for page in pages() if page.resolve() not in linked and page.parent != ROOT] == []


@pytest.mark.parametrize("text", [fence.text for fence in SETTINGS], ids=lambda text: text.splitlines()[-1])
def test_an_example_of_the_settings_is_valid(text: str, tmp_path: Path) -> None:
    settings, problems = examine(text, folder=tmp_path)
    assert problems == []
    assert settings is not None


def test_the_readme_names_the_python_that_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    minimum = project["requires-python"].removeprefix(">=")
    assert f"Python {minimum} or newer" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_make_targets_that_pages_name_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = {
        target
        for page in pages()
        for target in re.findall(r"`make ([a-z-]+)`", page.read_text(encoding="utf-8"))
    }
    assert [target for target in sorted(named) if f"\n{target}:" not in makefile] == []


def test_the_metrics_page_is_what_the_definitions_say() -> None:
    page = metrics_page.PAGE.read_text(encoding="utf-8")
    assert metrics_page.generated() in page, "run `python -m tests.docs.metrics_page`"


def test_every_reason_for_which_a_change_is_left_out_is_explained() -> None:
    model = ROOT / "dbt_project" / "models" / "intermediate" / "int_changes_timed.sql"
    cases = re.search(r"case\s(.*?)end as exclusion_reason", model.read_text(encoding="utf-8"), re.DOTALL)
    assert cases
    reasons = re.findall(r"then '(\w+)'", cases[1])
    page = metrics_page.PAGE.read_text(encoding="utf-8")
    assert [reason for reason in reasons if f"| `{reason}` |" not in page] == []


def test_metrics_that_pages_trace_exist() -> None:
    known = metrics_page.generated()
    traced = {words[2] for _, words in commands() if words[1:2] == ["trace"] and len(words) > 2}
    assert traced
    columns = {metric for metric in traced if parse_address(metric)}
    assert [
        metric for metric in sorted(traced - columns) if f"| name, version, profile | `{metric}`" not in known
    ] == []
    models = {node["name"]: node for node in compiled_manifest()["nodes"].values()}
    for address in map(parse_address, columns):
        assert address is not None
        assert address.column in models[address.mart]["columns"]


def test_commands_that_a_check_gives_as_its_remedy_exist() -> None:
    remedies = {comparison.remedy for comparison in comparisons()} | {suite.remedy for suite in SUITES}
    for line in {found for remedy in remedies for found in re.findall(r"`(assay [^`]+)`", remedy)}:
        test_a_command_that_a_page_names_exists_with_its_options("a remedy", tuple(line.split()))


def test_the_readme_shows_every_kind_of_source_and_counts_them() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.partition("\n## Sources\n")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert set(re.findall(r"`(\w+)`", "".join(cells))) == SOURCE_KINDS.keys()
    assert len(SOURCE_KINDS) == len(re.findall(r"`(\w+)`", "".join(cells))) == 17
    assert "seventeen kinds of source" in readme


def test_every_exit_code_is_explained_in_the_readme_and_in_the_runbooks() -> None:
    codes = set(re.findall(r"^  (\d)  ", EXIT_CODES, re.MULTILINE))
    assert codes == set("0123456")
    readme = (ROOT / "README.md").read_text(encoding="utf-8").partition("Exit codes:")[2].partition("\n\n")[0]
    runbooks = (ROOT / "docs" / "runbooks" / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\b(\d)\b", readme)) == codes
    assert set(re.findall(r"exit code (\d)", runbooks)) == codes - {"0"}


def test_every_kind_that_can_be_fetched_by_days_is_named_in_the_runbook() -> None:
    page = (ROOT / "docs" / "runbooks" / "backfill.md").read_text(encoding="utf-8")
    kinds = [
        kind.title for kind in SOURCE_KINDS.values() if any(stream.is_windowed for stream in kind.streams)
    ]
    assert kinds
    assert [title for title in kinds if title not in page] == []


def test_every_method_of_a_page_is_explained() -> None:
    page = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| `([A-Z]+)` \|", page, re.MULTILINE))
    sources = [path for path in (ROOT / "connectors").rglob("*.py") if "sandbox" not in path.parts]
    written = {
        method
        for path in sources
        for method in re.findall(r'\bmethod="([A-Z]+)"', path.read_text(encoding="utf-8"))
    }
    assert explained == written


def test_messages_that_a_runbook_explains_are_what_a_source_says() -> None:
    page = (ROOT / "docs" / "runbooks" / "failed-source.md").read_text(encoding="utf-8")
    quoted = re.findall(r"^ *\| \*([^*]+)\*", page, re.MULTILINE)
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "connectors").rglob("*.py"))
    assert len(quoted) > 5
    assert [message for message in quoted if message not in code] == []
