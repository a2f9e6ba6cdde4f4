"""Why a published value differs from the one before, in the order of what a reader should be told first."""

from collections.abc import Iterable, Mapping

CAUSES: Mapping[str, str] = {
    "definition": "the metric's definition changed",
    "correction": "a correction was recorded",
    "late_data": "records arrived after the earlier publication's cutoff",
    "changed_record": "a newer version of a record arrived after the cutoff",
    "vanished_record": "a record is no longer there",
    "ownership": "the event counts for another service, team or organisation now",
    "register": "somebody decided, or a reference was found, what caused an incident",
    "other": "a fact was derived anew from the same records: settings, identities or rules changed",
    "in_progress": "the period was not over, or not settled, when the earlier value was published",
    "reading": "how completely the streams behind it were read changed",
    "follows": "values that it is computed from or compared with changed",
    "read_again": "the same records were read again",
    "new_period": "the period is new",
    "withheld": "it is withheld now, or no longer",
    "unexplained": "no cause was found in what the publications hold",
}
"""Every cause with its sentence, the weightiest first."""

_UNSETTLED = {"partial", "maturing"}
_EXPECTED = ("new_period", "in_progress", "reading", "read_again")


def ordered(causes: Iterable[str]) -> tuple[str, ...]:
    """Return causes in their order, each once."""
    found = set(causes)
    return tuple(cause for cause in CAUSES if cause in found)


def is_restated(causes: Iterable[str]) -> bool:
    """Whether a change takes a settled value back, and does not merely go on with the calendar."""
    return any(cause not in _EXPECTED for cause in causes)


def cell_causes(
    change: str,
    *,
    old_flags: Iterable[str],
    new_flags: Iterable[str],
    of_facts: Iterable[str],
    is_definition_changed: bool,
    is_new_period: bool,
) -> tuple[str, ...]:
    """Say why one cell differs.

    Args:
        change: added, removed or changed.
        old_flags: What the old value was marked with.
        new_flags: What the new one is marked with.
        of_facts: The causes of its changed facts.
        is_definition_changed: Whether the metric's definition hash differs.
        is_new_period: Whether the old publication had no such period at all.
    """
    was, now = set(old_flags), set(new_flags)
    found = set(of_facts)
    if is_definition_changed:
        found.add("definition")
    if change == "added" and is_new_period:
        found.add("new_period")
    if "withheld" in was ^ now:
        found.add("withheld")
    if was & _UNSETTLED:
        found.add("in_progress")
    if "incomplete" in was ^ now:
        found.add("reading")
    return ordered(found) or ("unexplained",)
