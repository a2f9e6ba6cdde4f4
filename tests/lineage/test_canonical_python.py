"""Steps in Python are hashed by what they do: comments, docstrings and layout do not matter."""

import pytest

from lineage.canonical_python import imported_modules, python_parts
from lineage.errors import DefinitionError

STEP = '''
"""Count."""
from statistics import median

HOURS = 24
_LIMIT: int = 3


def counted(rows: list[int], *, least: int = 2) -> int:
    """Count rows."""
    # the many
    return sum(1 for row in rows if row >= least and f"{row:02d}" != "07")


class Kept:
    """Kept."""

    size = 1
'''


def parts(source: str) -> dict[str, str]:
    return python_parts(source, name="step")


@pytest.mark.parametrize(
    "same",
    [
        STEP.replace("# the many", "# others"),
        STEP.replace('"""Count rows."""', '"""Count the rows,\n    each once."""'),
        STEP.replace("return sum(", "return sum(  \n        "),
        STEP.replace('"""Kept."""\n\n', ""),
        STEP.replace("'", '"'),
    ],
)
def test_comments_docstrings_and_layout_do_not_matter(same: str) -> None:
    assert parts(same) == parts(STEP)


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        (">= least", "> least", "counted"),
        ("least: int = 2", "least: int = 3", "counted"),
        ("row:02d", "row:03d", "counted"),
        ('"07"', '"08"', "counted"),
        ("sum(1", "sum(True", "counted"),
        ("HOURS = 24", "HOURS = 12", "HOURS"),
        ("_LIMIT: int = 3", "_LIMIT: int = 4", "_LIMIT"),
        ("size = 1", "size = 1.0", "Kept"),
        ("import median", "import mean", "<module>"),
    ],
)
def test_what_a_part_does_changes_that_part_alone(old: str, new: str, part: str) -> None:
    before, after = parts(STEP), parts(STEP.replace(old, new))
    assert {name for name in before if before[name] != after[name]} == {part}


def test_a_module_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(DefinitionError, match="the step broken is no Python"):
        python_parts("def", name="broken")


def test_imports_are_found_wherever_they_stand() -> None:
    source = "import a.b\nfrom c import d\ndef f():\n    from e.f import g\n"
    assert imported_modules(source) == {"a.b", "c", "c.d", "e.f", "e.f.g"}
