"""What was sighted of a stream, as the rules of drift are given it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class SightedField:
    """One row of `quality.field_sightings` of a source and stream."""

    json_path: str
    parent_path: str
    json_type: str
    value: str | None
    is_staged: bool
    is_lost: bool
    first_log_index: int
    first_record_id: int
    last_log_index: int
    record_count: int


@dataclass(frozen=True, slots=True)
class SightedDay:
    """One row of `quality.field_days` of a source and stream."""

    json_path: str
    fetched_date: date
    first_log_index: int
    first_record_id: int
    record_count: int
    absent_count: int
    null_count: int

    @property
    def missing_share(self) -> float:
        """Which share of the records has no value."""
        return (self.absent_count + self.null_count) / self.record_count


@dataclass(frozen=True, slots=True)
class SightedStream:
    """What was sighted of one stream of one source.

    Attributes:
        source: The source's name.
        fields: What was seen.
        days: How often read fields were missing, day by day.
        first_run_last_log_index: What the first run brought is how the source is; later pages may drift.
        newest_run_first_log_index: What was last seen before it is over.
        began: The first page with each object, by its path.
    """

    source: str
    fields: tuple[SightedField, ...]
    days: tuple[SightedDay, ...]
    first_run_last_log_index: int
    newest_run_first_log_index: int
    began: Mapping[str, int] = field(default_factory=dict)

    def is_new(self, seen: SightedField) -> bool:
        """Say whether a field came later than the object that it stands in, and later than the first run."""
        began = self.began.get(seen.parent_path, -1)
        return seen.first_log_index > max(self.first_run_last_log_index, began)
