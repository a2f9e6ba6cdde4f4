"""What a number is read against, as a person reads it: one line per stream."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from lineage.trace.context import ContextFrame

_MOST_PLACES = 4
RULES = {
    "whole": "the whole of a small stream",
    "place": "of the number's places",
    "named": "named by facts",
}


def context_lines(frames: Iterable[ContextFrame]) -> Iterator[str]:
    """Yield one line per stream: how many records, why, and where."""
    streams: dict[tuple[str, str], list[ContextFrame]] = defaultdict(list)
    for frame in frames:
        streams[frame.rule, frame.stream].append(frame)
    for (rule, stream), found in sorted(streams.items()):
        names = ", ".join(frame.place for frame in found[:_MOST_PLACES])
        rest = f" and {len(found) - _MOST_PLACES} more" if len(found) > _MOST_PLACES else ""
        records = sum(frame.records for frame in found)
        yield f"  {stream:34}{records:>9,}  {RULES[rule]}: {names}{rest}"
