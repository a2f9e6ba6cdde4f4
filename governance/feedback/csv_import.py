"""Pieces of feedback from a CSV file: `from, about, kind, given_at, text` and, if wanted, `citable`."""

import csv
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from governance.errors import FeedbackError
from governance.feedback.pieces import NewPiece, Person

_COLUMNS = ("from", "about", "kind", "given_at", "text")
_ANSWERS = {"": False, "no": False, "false": False, "yes": True, "true": True}


def read_pieces(file: Path, person: Callable[[str], Person]) -> list[NewPiece]:
    """Read every piece of a file, or none.

    Args:
        file: UTF-8, with a line of names.
        person: Finds a person by what the file calls them.

    Raises:
        FeedbackError: every line that is wrong, with its number and what is wrong.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = csv.DictReader(opened, strict=True)
            missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise FeedbackError(
                    f"{file} has no column {', '.join(missing)}; it needs {', '.join(_COLUMNS)}"
                )
            numbered = [(rows.line_num, row) for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FeedbackError(f"{file} cannot be read as CSV: {error}. Save it as CSV in UTF-8") from error
    problems: list[str] = []
    pieces = list(_pieces(numbered, person, problems))
    if problems:
        raise FeedbackError(f"nothing was taken from {file}:\n" + "\n".join(problems))
    return pieces


def _pieces(
    numbered: list[tuple[int, dict[str, str]]], person: Callable[[str], Person], problems: list[str]
) -> Iterator[NewPiece]:
    for line, row in numbered:
        try:
            yield _piece(row, person)
        except FeedbackError as error:
            problems.append(f"  line {line}: {error}")


def _piece(row: Mapping[str, str], person: Callable[[str], Person]) -> NewPiece:
    empty = [name for name in _COLUMNS if not (row.get(name) or "").strip()]
    if empty:
        raise FeedbackError(f"{', '.join(empty)} is empty")
    answer = (row.get("citable") or "").strip().lower()
    if answer not in _ANSWERS:
        raise FeedbackError(f"citable is yes or no, not {answer!r}")
    kind = row["kind"].strip().lower()
    try:
        given_at = datetime.fromisoformat(row["given_at"].strip())
    except ValueError as error:
        raise FeedbackError(
            f"given_at {row['given_at']!r} is no time such as 2027-03-01T09:00:00+00:00"
        ) from error
    return NewPiece(
        giver=person(row["from"].strip()),
        subject=person(row["about"].strip()),
        kind=kind,  # type: ignore[arg-type] # NewPiece refuses what is none
        given_at=given_at,
        text=row["text"],
        is_citable=_ANSWERS[answer],
    )
