"""From files to documents: what is in them, where each value stands, and all that is wrong with them."""

import difflib
import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from connectors.settings import REMEDY
from orchestration.settings.located import (
    KeyPath,
    LocatedDocument,
    Problem,
    key_text,
    read_located_documents,
)
from orchestration.slos.schema import KINDS, Document

PATTERNS = ("*.yaml", "*.yml")


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A problem and the file that has it."""

    file: str
    problem: Problem

    def text(self) -> str:
        """Return it as one line of a report."""
        return self.problem.text(self.file)


@dataclass(frozen=True, slots=True)
class LocatedDefinition:
    """A valid document of a file."""

    file: str
    located: LocatedDocument
    document: Document

    def problem(self, path: KeyPath, message: str, remedy: str) -> FileProblem:
        """A problem of a value, with its line."""
        return FileProblem(self.file, Problem(self.located.line(path), key_text(path), message, remedy))


def slo_files(folder: Path) -> list[Path]:
    """Every file of a folder and of those below it, in order."""
    return sorted({path for pattern in PATTERNS for path in folder.rglob(pattern) if path.is_file()})


def read_files(files: Iterable[Path], root: Path) -> tuple[list[LocatedDefinition], list[FileProblem]]:
    """Read files of documents.

    Args:
        files: The files.
        root: The workspace, which their names are relative to.

    Returns:
        The valid documents, and every problem of the others.
    """
    definitions: list[LocatedDefinition] = []
    problems: list[FileProblem] = []
    for file in files:
        name = file.relative_to(root).as_posix()
        found, wrong = _read(name, file)
        definitions.extend(found)
        problems.extend(FileProblem(name, problem) for problem in wrong)
    return definitions, problems


def _read(name: str, file: Path) -> tuple[list[LocatedDefinition], list[Problem]]:
    try:
        documents = read_located_documents(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "it cannot be parsed"
        line = mark.line + 1 if mark else 1
        remedy = "Check the value, indentation, colons and quotes"
        return [], [Problem(line, "", f"this cannot be read as YAML: {reason}", remedy)]
    except (OSError, UnicodeDecodeError) as error:
        return [], [Problem(1, "", f"the file cannot be read: {error}", "Save it as UTF-8")]
    definitions, problems = [], []
    for located in documents:
        document, wrong = _validated(located)
        problems.extend(wrong)
        if document is not None and not wrong:
            definitions.append(LocatedDefinition(name, located, document))
    return definitions, problems


def _validated(located: LocatedDocument) -> tuple[Document | None, list[Problem]]:
    values = located.values
    if not isinstance(values, dict):
        return None, [Problem(located.line(()), "", "this is no mapping of keys", "Start with apiVersion")]
    problems = [
        Problem(located.line(path), key_text(path), "the key stands here a second time", "Keep one of them")
        for path in located.duplicates
    ]
    kind = values.get("kind")
    if kind not in KINDS:
        message = "the document has no kind" if kind is None else f"'{kind}' is no kind of OpenSLO v1"
        line, remedy = located.line(("kind",)), f"One of {', '.join(KINDS)}"
        return None, [*problems, Problem(line, "kind", message, remedy)]
    try:
        return KINDS[kind].model_validate(values), problems
    except ValidationError as error:
        found = _without_echoes(error.errors(include_url=False))
        return None, problems + [_problem(located, each, KINDS[kind]) for each in found]


def _without_echoes(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """Leave out the complaint about a list that it is short, where only its faulty items were left out."""

    def is_echo(error: ErrorDetails) -> bool:
        at = error["loc"]
        return error["type"] == "too_short" and any(
            len(other["loc"]) > len(at) and other["loc"][: len(at)] == at for other in errors
        )

    return [error for error in errors if not is_echo(error)]


def _problem(located: LocatedDocument, error: ErrorDetails, kind: type[Document]) -> Problem:
    path: KeyPath = tuple(error["loc"])
    message, remedy = _explain(error, path, kind)
    return Problem(located.line(path), key_text(path), message, remedy)


def _explain(error: ErrorDetails, path: KeyPath, kind: type[Document]) -> tuple[str, str]:
    if error["type"] == "extra_forbidden":
        known = sorted(_known_keys(path[:-1], kind))
        close = difflib.get_close_matches(str(path[-1]), known, n=1)
        hint = f"Did you mean '{close[0]}'?" if close else f"Known here: {', '.join(known)}"
        return f"unknown key '{path[-1]}'", hint
    if error["type"] == "missing":
        return "this key is required and missing", "Add it; docs/slos.md shows a whole file"
    message = (error["msg"][:1].lower() + error["msg"][1:]).rstrip(".")
    context = error.get("ctx", {})
    if REMEDY in context:
        return message, str(context[REMEDY])
    if error["type"] == "literal_error":
        return f"'{error['input']}' cannot stand here", f"One of {context['expected']}".replace("'", "")
    shown = error["input"] if isinstance(error["input"], str | int | float | bool) else None
    return message, f"The value here is {shown!r}" if shown is not None else "Mend the value"


def _known_keys(path: KeyPath, kind: type[BaseModel]) -> set[str]:
    sections: list[type[BaseModel]] = [kind]
    for part in path:
        if isinstance(part, str):
            sections = [
                below
                for section in sections
                for field in section.model_fields.values()
                if part == field.alias
                for below in _models(field.annotation)
            ]
    return {str(field.alias) for section in sections for field in section.model_fields.values()}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models(argument)
