"""Writing the collection register: entries to be confirmed, and confirmations; the rest stays as it is."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

import yaml

from governance.collection import CollectionEntry, KnownStreams
from governance.errors import RegisterError

HEADER = """\
# Which personal data is fetched, what for, on which legal basis, and who confirmed it. No entry, no
# collection: a stream that brings personal data is fetched only if a confirmed entry names the stream and
# all that it brings. `assay register` shows what is covered; write purpose and legal_basis, then confirm
# with `assay register --confirm NAME`.
entries:
"""
_NOTE_WIDTH = 10_000


def missing_entries(
    wanted: KnownStreams,
    held: Iterable[CollectionEntry],
    *,
    on: date | None = None,
    purpose: str | None = None,
) -> list[CollectionEntry]:
    """Return what must be written for the streams that no entry covers, to be confirmed.

    An entry that has lapsed covers nothing any more: a new one is written below it.

    Args:
        wanted: By kind: the streams that are to be fetched, and the personal data that each brings.
        held: The entries that there are.
        on: The day; None where nothing can have lapsed.
        purpose: A purpose to propose.
    """
    covering = [entry for entry in held if on is None or not entry.has_lapsed(on=on)]
    grouped: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for kind, streams in wanted.items():
        for stream, categories in streams.items():
            if categories and not _is_covered(kind, stream, categories, covering):
                grouped.setdefault((kind, tuple(categories)), []).append(stream)
    return [
        CollectionEntry(kind=kind, streams=tuple(streams), personal_data=categories, purpose=purpose)
        for (kind, categories), streams in grouped.items()
    ]


def _is_covered(
    kind: str, stream: str, categories: Collection[str], entries: Iterable[CollectionEntry]
) -> bool:
    """Whether an entry names the stream and all that it brings, confirmed or not."""
    return any(
        entry.kind == kind and stream in entry.streams and set(categories) <= set(entry.personal_data)
        for entry in entries
    )


def with_entries(text: str, entries: Iterable[CollectionEntry]) -> str:
    """Append entries to the text of a register.

    Args:
        text: What the file holds; "" for a new one.
        entries: What to add.
    """
    text = (text if text.strip() else HEADER).rstrip("\n") + "\n"
    held = _entries_node(text)
    if held is not None and held.flow_style:
        if held.value:
            raise RegisterError("the entries stand in brackets; write each below the other, then add to them")
        text = text[: held.start_mark.index].rstrip() + text[held.end_mark.index :]
    elif held is None and "entries" not in (yaml.safe_load(text) or {}):
        text += "entries:\n"
    indent = held.start_mark.column if held is not None and not held.flow_style else 2
    return text + "".join(_entry_text(entry, " " * indent) for entry in entries)


def _entries_node(text: str) -> yaml.SequenceNode | None:
    root = yaml.compose(text)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    found = [node for key, node in pairs if key.value == "entries"]
    return found[0] if found and isinstance(found[0], yaml.SequenceNode) else None


def _entry_text(entry: CollectionEntry, indent: str) -> str:
    keys: dict[str, Any] = {
        "streams": list(entry.streams),
        "personal_data": list(entry.personal_data),
        "purpose": entry.purpose,
        "legal_basis": entry.legal_basis,
    }
    for key in ("retention", "valid_until"):
        if getattr(entry, key) is not None:
            keys[key] = getattr(entry, key)
    keys |= {"confirmed_by": entry.confirmed_by, "confirmed_on": entry.confirmed_on}
    lines = (f"{indent}  {key}: {_scalar(value)}\n" for key, value in keys.items())
    return f"{indent}- kind: {entry.kind}\n" + "".join(lines)


def _scalar(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=_NOTE_WIDTH)
    return text.removesuffix("...\n").strip()


def with_confirmation(
    text: str,
    *,
    confirmed_by: str,
    confirmed_on: date,
    stated: Mapping[str, str] | None = None,
    kinds: Collection[str] | None = None,
) -> tuple[str, int]:
    """Confirm the entries that nobody has confirmed.

    Args:
        text: What the file holds.
        confirmed_by: Who answers for it.
        confirmed_on: The day.
        stated: What to write where an entry lacks it: `purpose`, `legal_basis`.
        kinds: Only entries of these kinds of source; None for all.

    Returns:
        The new text, and how many entries it confirms.

    Raises:
        RegisterError: an entry still lacks its purpose or its legal basis, or has lapsed before anybody
            confirmed it; its line is named.
    """
    edits: list[tuple[int, int, str]] = []
    count = 0
    held = _entries_node(text)
    for entry in held.value if held is not None else []:
        values = {key.value: node for key, node in entry.value}
        if not _is_null(values.get("confirmed_by")) or (kinds and values["kind"].value not in kinds):
            continue
        _check_validity(entry, values.get("valid_until"), confirmed_on)
        given: dict[str, str | date] = {"confirmed_by": confirmed_by, "confirmed_on": confirmed_on}
        for key in ("purpose", "legal_basis"):
            if not _is_null(values.get(key)):
                continue
            if not (stated or {}).get(key):
                line = entry.start_mark.line + 1
                raise RegisterError(f"line {line}: the entry has no {key} yet; write it, then confirm")
            given[key] = (stated or {})[key]
        edits += [_edit(text, entry, values.get(key), key, value) for key, value in given.items()]
        count += 1
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text, count


def _check_validity(entry: yaml.Node, until: yaml.Node | None, confirmed_on: date) -> None:
    if not _is_null(until) and until is not None and until.value <= confirmed_on.isoformat():
        line = entry.start_mark.line + 1
        raise RegisterError(
            f"line {line}: the entry lapsed on {until.value}; write a later valid_until, then confirm"
        )


def _is_null(node: yaml.Node | None) -> bool:
    return node is None or node.tag == "tag:yaml.org,2002:null"


def _edit(
    text: str, entry: yaml.MappingNode, held: yaml.Node | None, key: str, value: str | date
) -> tuple[int, int, str]:
    """Replace the value of a key, or put the key first; (start, end, new text)."""
    if held is not None:
        start, end = held.start_mark.index, held.end_mark.index
        space = " " if text[start - 1] == ":" else ""
        return start, end, space + _scalar(value)
    if entry.flow_style:
        at = entry.start_mark.index + 1
        return at, at, f"{key}: {_scalar(value)}, "
    at = entry.start_mark.index
    return at, at, f"{key}: {_scalar(value)}\n{' ' * entry.start_mark.column}"
