"""Follows a page word by word in a copy of the tree: writes its files and types its commands."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.docs.pages import ROOT

_ROOMS = (
    "connectors",
    "dbt_project",
    "orchestration",
    "quality_checks",
    "lineage",
    "governance",
    "publishing",
)
_TESTS = (
    "tests/__init__.py",
    "tests/parsed.py",
    "tests/shared.py",
    "tests/docs",
    "tests/replay",
    "tests/dbt_project",
)
_BLOCK = re.compile(
    r"(?:^`(?P<path>[\w./-]+)`:\n\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_TABLE = re.compile(r"\A\n*((?:\|.*\n)+)")
_SHORTEST_TABLE = 2


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of the page.

    Attributes:
        path: The file that it is, from the line before; None for any other block.
        language: What it is written in.
        text: What stands in it.
        rows: The cells of the table right after it, without the header.
    """

    path: str | None
    language: str
    text: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Command:
    """A line that the reader types, and what the page says that it prints."""

    words: tuple[str, ...]
    output: str


def blocks(page: str) -> Iterator[Block]:
    """Every block of a page, in its order."""
    for match in _BLOCK.finditer(page):
        table = _TABLE.match(page[match.end() + 1 :])
        lines = table[1].splitlines() if table else []
        rows = tuple(
            tuple(cell.strip() for cell in line.strip().strip("|").split("|"))
            for line in lines[_SHORTEST_TABLE:]
        )
        yield Block(match["path"], match["language"], match["text"], rows)


def commands(text: str) -> Iterator[Command]:
    """The commands of a console block."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        yield Command(tuple(shlex.split(line)), output)


@dataclass
class Tree:
    """A copy of everything that the page needs.

    Attributes:
        root: Where it is.
        variables: What the reader has exported.
    """

    root: Path
    variables: dict[str, str] = field(default_factory=dict)

    @classmethod
    def copied_to(cls, folder: Path) -> "Tree":
        """Copy the rooms, and the tests that the page runs."""
        unwanted = shutil.ignore_patterns("__pycache__", "target", "logs")
        for name in (*_ROOMS, *_TESTS):
            source, place = ROOT / name, folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, place, ignore=unwanted)
            else:
                shutil.copyfile(source, place)
        return cls(folder)

    def write(self, path: str, text: str) -> None:
        """Write a file of the page."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def type(self, words: tuple[str, ...], *, given: str = "") -> str:
        """Run a command in the copy; what it prints.

        Raises:
            AssertionError: It fails.
        """
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            self.variables[name] = value
            return ""
        python = [sys.executable, "-m", "orchestration.command", *words[1:]]
        done = subprocess.run(
            python if words[0] == "assay" else [sys.executable, *words[1:]],
            cwd=self.root,
            env={"PATH": os.environ["PATH"], "HOME": str(self.root), "PYTHONPATH": str(self.root)}
            | self.variables,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in self.expected(words), f"{shlex.join(words)}\n{done.stdout}{done.stderr}"
        return done.stdout

    @staticmethod
    def expected(words: tuple[str, ...]) -> tuple[int, ...]:
        """Exit codes that a command may end with: `register` ends with 1 until everything is confirmed."""
        return (1,) if words[:2] == ("assay", "register") and "--confirm" not in words else (0,)


def follow(page: str, tree: Tree, *, address: str, base_url: str, skipped: Callable[[Command], bool]) -> None:
    """Write every file and type every command of a page, in its order.

    Args:
        page: Its text.
        tree: Where.
        address: The address in the page under which its vendor answers.
        base_url: Where it does.
        skipped: Commands that the caller runs in a way of its own.

    Raises:
        AssertionError: A command fails, or prints something else than the page says.
    """
    for block in blocks(page):
        if block.path is not None:
            tree.write(block.path, block.text.replace(address, base_url))
        elif block.language == "console":
            for command in commands(block.text):
                if not skipped(command):
                    printed = tree.type(command.words)
                    assert not command.output or printed == command.output, shlex.join(command.words)
