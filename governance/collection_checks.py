"""What is wrong with a collection register, by the place in the file."""

import difflib
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from typing import Any

Fault = tuple[tuple[str, ...], str]
"""The path of a key, and what is wrong with its value and what to write instead."""

_TEXTS = ("purpose", "legal_basis", "retention", "confirmed_by")
_DAYS = ("valid_until", "confirmed_on")
_LISTS = ("streams", "personal_data")
_KEYS = ("kind", "stream", *_LISTS, *_TEXTS, *_DAYS)


def entry_faults(
    value: Mapping[str, Any], known: Mapping[str, Mapping[str, Collection[str]]]
) -> Iterator[Fault]:
    """Yield every fault of a register.

    Args:
        value: The file's mapping.
        known: By kind of source: its streams, and the categories of personal data that each brings.
    """
    yield from _unknown("key", value, ("entries",), ())
    entries = value.get("entries") or []
    if not isinstance(entries, list):
        yield ("entries",), "entries is a list"
        return
    for index, entry in enumerate(entries):
        place = ("entries", str(index))
        if not isinstance(entry, dict):
            yield place, "an entry is a mapping of kind, streams, personal_data, purpose and legal_basis"
            continue
        shape = list(_shape_faults(place, entry))
        yield from shape
        if not shape:
            yield from _meaning_faults(place, entry, known)


def _shape_faults(place: tuple[str, ...], entry: Mapping[str, Any]) -> Iterator[Fault]:
    yield from _unknown("key", entry, _KEYS, place)
    if not isinstance(entry.get("kind"), str):
        yield place, "an entry names the kind of source, such as kind: github"
    if ("stream" in entry) == ("streams" in entry):
        yield place, "an entry names either stream: … or streams: […]"
    if "personal_data" not in entry:
        yield place, "an entry lists its personal_data, such as [account, free_text]"
    for key in _LISTS:
        if key in entry and not _is_list_of_texts(entry[key]):
            yield (*place, key), f"{key} is a list of names, not {entry[key]!r}"
    for key in ("stream", *_TEXTS):
        given = entry.get(key)
        if given is not None and (not isinstance(given, str) or not given.strip()):
            yield (*place, key), f"{key} is a text, not {given!r}"
    for key in _DAYS:
        given = entry.get(key)
        if given is not None and (not isinstance(given, date) or isinstance(given, datetime)):
            yield (*place, key), f"{key} is a day such as 2027-06-30, not {given!r}"


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)


def _meaning_faults(
    place: tuple[str, ...], entry: Mapping[str, Any], known: Mapping[str, Mapping[str, Collection[str]]]
) -> Iterator[Fault]:
    kind = entry["kind"]
    if kind not in known:
        yield (*place, "kind"), _no_such("kind of source", kind, known)
        return
    key = "stream" if "stream" in entry else "streams"
    for stream in [entry["stream"]] if key == "stream" else entry["streams"]:
        if stream not in known[kind]:
            yield (*place, key), _no_such(f"stream of {kind}", stream, known[kind])
    categories = {category for streams in known.values() for held in streams.values() for category in held}
    for category in entry["personal_data"]:
        if category not in categories:
            yield (*place, "personal_data"), _no_such("category", category, categories)
    yield from _confirmation_faults(place, entry)


def _confirmation_faults(place: tuple[str, ...], entry: Mapping[str, Any]) -> Iterator[Fault]:
    by, on = entry.get("confirmed_by"), entry.get("confirmed_on")
    if (by is None) != (on is None):
        yield place, "confirmed_by and confirmed_on belong together"
    for key in ("purpose", "legal_basis"):
        if by is not None and entry.get(key) is None:
            yield place, f"an entry without {key} cannot be confirmed"
    until = entry.get("valid_until")
    if until is not None and on is not None and until <= on:
        yield (*place, "valid_until"), f"{until} does not come after {on}, the day of the confirmation"


def _unknown(
    what: str, value: Mapping[str, Any], known: Collection[str], place: tuple[str, ...]
) -> Iterator[Fault]:
    for key in value:
        if key not in known:
            yield (*place, str(key)), _no_such(what, str(key), known)


def _no_such(what: str, name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1)
    hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(sorted(known))}"
    return f"there is no {what} {name!r}; {hint}"
