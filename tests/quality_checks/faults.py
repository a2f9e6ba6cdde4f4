"""One planted fault (or more) for every check: an SQL statement that must turn it red, and only by intent."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """A fault for one check.

    `{subject}` stands for the relation, `{kind}` and `{stream}` for the stream that it belongs to.
    """

    check: str
    says: str
    sql: str
    subjects: tuple[str, ...] | None = None


_OF_STREAM = "kind = '{kind}' and stream = '{stream}'"
_NEWEST_WINDOW = f"window_index = (select max(window_index) from raw.fetch_windows where {_OF_STREAM})"
_NEWEST_PAGE = f"log_index = (select max(log_index) from raw.evidence_pages where {_OF_STREAM})"
_NEWEST_ROW = "record_id = (select max(record_id) from {subject})"

EVIDENCE_FAULTS = (
    Fault(
        "claimed_totals_arrived",
        "the source counts one more than it lists",
        f"update raw.fetch_windows set claimed_total = record_count + 1 where {_NEWEST_WINDOW}",
    ),
    Fault(
        "window_pages_exist",
        "a page of a closed window is gone",
        f"delete from raw.evidence_pages where {_NEWEST_PAGE}",
    ),
    Fault(
        "window_pages_exist",
        "a page stands under another source",
        f"update raw.evidence_pages set source = 'other' where {_NEWEST_PAGE}",
    ),
    Fault(
        "window_record_counts_match",
        "a window says more records than its pages",
        f"update raw.fetch_windows set record_count = record_count + 1 where {_NEWEST_WINDOW}",
    ),
    Fault(
        "places_were_read",
        "a repository was never read to its end",
        f"delete from raw.fetch_windows where {_OF_STREAM} and scope in ('acme', 'acme/search')",
    ),
    Fault(
        "pages_parse",
        "a page is half a document",
        f"""
        update raw.{{kind}}__{{stream}} set body = '{{{{'::blob where {_NEWEST_PAGE};
        delete from quality.landed_pages where {_OF_STREAM};
        delete from quality.landed_records where {_OF_STREAM};
        """,
    ),
    Fault(
        "page_record_counts_match",
        "the connector counted one record too many",
        f"update raw.evidence_pages set record_count = record_count + 1 where {_NEWEST_PAGE}",
    ),
    Fault(
        "landed_keys_are_staged",
        "a row is missing",
        f"delete from {{subject}} where {_NEWEST_ROW}",
    ),
    Fault(
        "landed_keys_are_staged",
        "a row is doubled",
        f"insert into {{subject}} select * from {{subject}} where {_NEWEST_ROW}",
    ),
    Fault(
        "landed_keys_are_staged",
        "a row stands under another source",
        f"update {{subject}} set source = 'other' where {_NEWEST_ROW}",
    ),
    Fault(
        "newest_sets_are_staged",
        "a row of the newest set is missing",
        f"delete from {{subject}} where {_NEWEST_ROW}",
    ),
    Fault(
        "newest_sets_are_staged",
        "a row of the set before was left standing",
        """
        insert into staging.stg_github__reviews
        select * replace (oldest.record_id as record_id)
        from staging.stg_github__reviews, (
            select min(log_index) << 23 as record_id from raw.github__reviews
        ) as oldest
        limit 1
        """,
        subjects=("staging.stg_github__reviews",),
    ),
    Fault(
        "staged_rows_name_their_records",
        "a row names a place where no record is",
        f"update {{subject}} set record_id = record_id + 4096 where {_NEWEST_ROW}",
    ),
    Fault(
        "no_value_lost_in_casts",
        "a value had another type than documented",
        f"update {{subject}} set cast_loss_count = 1 where {_NEWEST_ROW}",
    ),
    Fault(
        "parents_were_read",
        "one parent's list was never read",
        f"delete from raw.fetch_windows where {_NEWEST_WINDOW}",
    ),
)
FAULTS = EVIDENCE_FAULTS
