"""The documentation as data: its pages, their fences, links and commands."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)")
_MENTION = re.compile(r"`(assay(?: [^`]+)?)`")


@dataclass(frozen=True)
class Fence:
    """A fenced block of one page."""

    page: Path
    language: str
    text: str


def pages() -> list[Path]:
    """Every page that a reader may open."""
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def fences(language: str) -> list[Fence]:
    """Every fenced block of one language."""
    return [
        Fence(page, language, match[3])
        for page in pages()
        for match in _FENCE.finditer(page.read_text(encoding="utf-8"))
        if match[2] == language
    ]


def commands() -> Iterator[tuple[Path, list[str]]]:
    """Every `assay …` that a page tells its reader to type, as words: in fences and in running text."""
    for fence in fences("console"):
        for line in fence.text.splitlines():
            if line.strip().startswith("$ assay"):
                yield fence.page, shlex.split(line.strip().removeprefix("$ "))
    for page in pages():
        text = _FENCE.sub("", page.read_text(encoding="utf-8"))
        for mention in _MENTION.findall(text):
            yield page, shlex.split(mention)


def links(page: Path) -> list[str]:
    """The targets of a page's links that are neither web addresses nor within the page."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    return [target for target in _LINK.findall(text) if "://" not in target]


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings give."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
