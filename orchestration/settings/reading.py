"""From the text of `assay.yml` to settings, or to the list of everything that is wrong with it."""

import difflib
import inspect
import re
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from connectors.settings import REMEDY
from connectors.sources import SOURCE_KINDS
from orchestration.errors import SettingsError
from orchestration.settings.located import KeyPath, LocatedDocument, Problem, key_text, read_located
from orchestration.settings.models import Settings
from orchestration.settings.references import Fault, presence_faults, reference_faults


def read_settings(file: Path, *, environment: Mapping[str, str] | None = None) -> Settings:
    """Read and check a workspace's settings.

    Args:
        file: The `assay.yml`.
        environment: Where credentials are looked up; None for commands that need no source.

    Raises:
        SettingsError: with one line per problem, ordered by their place in the file.
    """
    settings, problems = examine(read_text(file), folder=file.parent, environment=environment)
    if settings is None or problems:
        listed = "\n".join(problem.text(str(file)) for problem in problems)
        count = f"{len(problems)} problems" if len(problems) > 1 else "a problem"
        raise SettingsError(f"{file.name} has {count}; nothing was started.\n{listed}")
    return settings


def read_text(file: Path) -> str:
    """Return the text of a file that people edit.

    Raises:
        SettingsError: it cannot be read, or is no UTF-8; the line is named.
    """
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SettingsError(f"{file}:{line}: a byte that is not UTF-8. Save the file as UTF-8") from error


def examine(
    text: str, *, folder: Path, environment: Mapping[str, str] | None = None
) -> tuple[Settings | None, list[Problem]]:
    """Return the settings, where they are valid, and every problem that was found."""
    try:
        document = read_located(text)
    except yaml.YAMLError as error:
        return None, [_syntax_problem(error)]
    if not isinstance(document.values, dict):
        return None, [Problem(1, "", "the file is not a mapping of keys", "Start from `assay init`")]
    problems = [_repeated_key(document, path) for path in document.duplicates]
    settings, errors = _validate(document.values)
    problems.extend(_problem(document, error) for error in errors)
    settings_so_far = settings or _without_the_faulty(document.values, errors)
    if settings_so_far is not None:
        faults = list(reference_faults(settings_so_far))
        if environment is not None:
            faults.extend(presence_faults(settings_so_far, environment, folder))
        problems.extend(_located(document, fault) for fault in faults)
    return settings, sorted(problems, key=lambda problem: problem.line)


_TAG_AT = 2


def _validate(values: Any) -> tuple[Settings | None, list[ErrorDetails]]:
    try:
        return Settings.model_validate(values), []
    except ValidationError as error:
        return None, _without_echoes(error.errors(include_url=False), values)


def _without_echoes(errors: list[ErrorDetails], values: Any) -> list[ErrorDetails]:
    """Leave out the complaint about a list that it is short, where only its faulty items were left out."""

    def is_echo(error: ErrorDetails) -> bool:
        if error["type"] != "too_short":
            return False
        held: Any = values
        for part in _path(error, values):
            held = held[part] if isinstance(held, dict | list) else None  # type: ignore[index] # keys of a file
        return isinstance(held, list) and len(held) >= error["ctx"]["min_length"]

    kept = [error for error in errors if not is_echo(error)]
    return kept or errors


def _without_the_faulty(values: Any, errors: list[ErrorDetails]) -> Settings | None:
    """Leave out the keys that are wrong, to check the rest; None where too little is left."""
    pruned = yaml.safe_load(yaml.safe_dump(values))
    for error in errors:
        *above, last = _path(error, values)
        holder = pruned
        for part in above:
            holder = holder[part]
        if isinstance(holder, dict):
            holder.pop(last, None)
    return _validate(pruned)[0]


def _syntax_problem(error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    reason = getattr(error, "problem", None) or str(error)
    return Problem(
        mark.line + 1 if mark else 1,
        "",
        f"this cannot be read as YAML: {reason}",
        "Check the value, indentation, colons and quotes",
    )


def _repeated_key(document: LocatedDocument, path: KeyPath) -> Problem:
    return Problem(
        document.line(path), key_text(path), "the key stands here a second time", "Keep one of them"
    )


def _located(document: LocatedDocument, fault: Fault) -> Problem:
    return Problem(document.line(fault.path), key_text(fault.path), fault.message, fault.remedy)


def _problem(document: LocatedDocument, error: ErrorDetails) -> Problem:
    path = _path(error, document.values)
    message, remedy = _explain(error, path, document.values)
    return Problem(document.line(path), key_text(path), message, remedy)


_SECTION = "this is a section: its keys stand below it, further in"
_LIST = "this is a list: its entries stand below it, each after a dash"
_SHAPES = {"model_type": _SECTION, "dict_type": _SECTION, "tuple_type": _LIST, "list_type": _LIST}


def _explain(error: ErrorDetails, path: KeyPath, values: Any) -> tuple[str, str]:
    kind = error["type"]
    if kind == "extra_forbidden":
        return _unknown_key(path, values)
    if kind == "missing":
        return "this key is required and missing", "Add it; `assay init` writes an annotated example"
    if kind.startswith("union_tag"):
        return f"the kind of a source is one of {', '.join(SOURCE_KINDS)}", "Add for example kind: github"
    if kind == "string_pattern_mismatch":
        shown = shown_value(error["input"])
        return f"{shown} does not have the form {error['ctx']['pattern']}", "Mend the value"
    message = _SHAPES.get(kind, error["msg"][:1].lower() + error["msg"][1:])
    if REMEDY in error.get("ctx", {}):
        return message.rstrip("."), str(error["ctx"][REMEDY])
    is_plain = isinstance(error["input"], str | int | float | bool)
    remedy = f"The value here is {shown_value(error['input'])}" if is_plain else "Mend the value"
    return message.rstrip("."), remedy


def shown_value(value: object) -> str:
    """Return a value as an error may show it: of an address the beginning, for the rest may hold a secret."""
    return re.sub(r"(\w+://)[^']*", r"\1...", repr(value))


def _unknown_key(path: KeyPath, values: Any) -> tuple[str, str]:
    known = sorted(_known_keys(path[:-1], values))
    close = difflib.get_close_matches(str(path[-1]), known, n=1)
    hint = f"Did you mean '{close[0]}'?" if close else f"Known here: {', '.join(known)}"
    return f"unknown key '{path[-1]}'", hint


def _path(error: ErrorDetails, values: Any) -> KeyPath:
    """Return the location without the union's tags, which are no keys of the file."""
    path: list[str | int] = []
    holder = values
    parts = error["loc"]
    for index, part in enumerate(parts):
        if index == _TAG_AT and parts[0] == "sources" and part in SOURCE_KINDS:
            continue  # the union's tag, which may be a key of the source as well
        is_missing_key = error["type"] == "missing" and index == len(parts) - 1
        if isinstance(holder, dict) and part not in holder and not is_missing_key:
            continue
        path.append(part)
        try:
            holder = holder[part]
        except (KeyError, IndexError, TypeError):
            holder = None
    return tuple(path)


def _known_keys(path: KeyPath, values: Any) -> set[str]:
    """Return the keys that the settings' model knows at a path: of a source, those of its kind."""
    sections: list[type[BaseModel]] = [Settings]
    holder = values
    for part in path:
        if isinstance(part, str):
            sections = [
                section
                for above in sections
                for name, field in above.model_fields.items()
                if part == (field.alias or name)
                for section in _models(field.annotation)
            ]
        holder = holder[part]
        if isinstance(holder, dict) and holder.get("kind") in SOURCE_KINDS and len(sections) > 1:
            sections = [SOURCE_KINDS[holder["kind"]].settings]
    return {field.alias or name for section in sections for name, field in section.model_fields.items()}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the sections inside an annotation such as `tuple[A | B, ...]`."""
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models(argument)
