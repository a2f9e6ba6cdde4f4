"""The documentation keeps its word: commands exist, links resolve, examples are valid."""

import re
import tomllib
from pathlib import Path

import click
import pytest

from orchestration.command import COMMANDS, assay
from orchestration.settings import examine
from tests.docs.pages import ROOT, anchors, commands, fences, links, pages

COMMAND_LINES = sorted({(str(page.relative_to(ROOT)), tuple(words)) for page, words in commands()})
SETTINGS = [fence for fence in fences("yaml") if fence.text.startswith("organisation:")]


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
