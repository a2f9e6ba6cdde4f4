"""Who may read what of a trace: an auditor all, a subject the own records, others what names nobody.

A view is a pure function of a trace. What it takes away stays counted and hashed, so that two readers of
the same
number can tell that they look at the same records. It takes away by default: of a record only listed parts
are
left, of an address only listed parameters, so that a field that a source adds tomorrow is not shown.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from lineage.errors import TraceInputError
from lineage.trace.arguments import PERSON
from lineage.trace.document import Hidden, Trace, TracedFact, TracedPage, TracedRecord

LEFT_OUT = "…"


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?")
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_WORD = re.compile(r"[a-z_]{2,24}")
_INSTANTS = _listed(
    "created_at updated_at closed_at merged_at submitted_at started_at finished_at completed_at "
    "committed_at resolved_at acknowledged_at run_started_at published_at deployed_at created "
    "updated resolved startsAt endsAt"
)
_SHAS = frozenset({"sha", "head_sha", "merge_commit_sha", "commit_sha", "commit_id"})
_NUMBERS = frozenset(
    {"number", "additions", "deletions", "changed_files", "commits", "comments", "run_attempt", "run_number"}
)
_STATES = frozenset({"state", "status", "conclusion", "outcome", "event", "action", "severity", "urgency"})
_FLAGS = frozenset({"draft", "merged", "production_environment", "transient_environment", "prerelease"})
_PARAMETERS = _listed(
    "page per_page pagelen limit offset startAt maxResults since until start end step from to "
    "after before state sort direction order order_by scope statuses[] page[offset] page[limit]"
)
_NAMING = frozenset({"users", "user", "people", "members", "accounts", "account", "profiles", "on_calls"})


class View(StrEnum):
    """Who reads."""

    AUDITOR = "auditor"
    SUBJECT = "subject"
    SHARED = "shared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What is a subject's own: records that the subject made, and facts that carry one of the accounts."""

    record_ids: frozenset[int] = field(default_factory=frozenset)
    fact_keys: frozenset[str] = field(default_factory=frozenset)


def as_seen(trace: Trace, view: View, *, own: Own | None = None) -> Trace:
    """Return a trace as a reader may see it.

    Args:
        trace: all of it.
        view: who reads.
        own: what is the subject's own; needed for `View.SUBJECT` alone.

    Raises:
        TraceInputError: a person's own number is asked for without being that person or an auditor, or a
        subject's
            view without a subject.
    """
    if view is View.AUDITOR:
        return replace(trace, view=view.value)
    if view is View.SHARED and trace.cell.scope_kind == PERSON:
        raise TraceInputError(
            "a person's own number is for that person (--view subject --as) and for auditors"
        )
    if view is View.SUBJECT and own is None:
        raise TraceInputError("a subject's view needs the subject; name yourself with --as ACCOUNT")
    mine = own or Own()
    is_subject = view is View.SUBJECT
    records = tuple(_record(one, mine, is_subject=is_subject) for one in trace.records)
    is_personal = is_subject and _carries_people(trace, mine)
    facts = tuple(_fact(one, mine) for one in trace.facts) if is_personal else trace.facts
    hidden = Hidden(
        fact_count=sum(fact is not seen for fact, seen in zip(trace.facts, facts, strict=True)),
        record_count=sum(one.visibility != "full" for one in records),
    )
    shown = {one.log_index for one in records if one.visibility == "full"}
    pages = tuple(page if page.log_index in shown else _page(page) for page in trace.pages)
    return replace(trace, view=view.value, facts=facts, records=records, pages=pages, hidden=hidden)


def _carries_people(trace: Trace, own: Own) -> bool:
    """Whether the facts are somebody's each: then others' are not shown to a subject."""
    return bool(own.fact_keys) or trace.definition.fact_relation in _FACTS_OF_PEOPLE


_FACTS_OF_PEOPLE = frozenset(
    {"marts.fct_changes", "marts.fct_pull_requests", "marts.fct_pull_request_reviews", "marts.fct_reviews"}
)


def _fact(fact: TracedFact, own: Own) -> TracedFact:
    if fact.key in own.fact_keys:
        return fact
    hashed = hashlib.sha256(fact.key.encode()).hexdigest()
    return replace(
        fact, key=f"sha256 {hashed}", event_at=None, measure=None, columns={}, context_record_ids=()
    )


def _record(record: TracedRecord, own: Own, *, is_subject: bool) -> TracedRecord:
    if record.record_id in own.record_ids:
        return record
    outline = {} if is_subject or record.is_text else outline_of(record.value)
    return replace(
        record,
        value=outline or None,
        is_text=False,
        visibility="outline" if outline else "hash",
        redacted_paths=(),
    )


def outline_of(value: Any) -> dict[str, Any]:
    """Return the parts of a record that name nobody: listed times, commits, numbers and states."""
    if not isinstance(value, Mapping):
        return {}
    return {name: item for name, item in sorted(value.items()) if _is_impersonal(name, item)}


def _is_impersonal(name: str, item: Any) -> bool:
    if name in _FLAGS:
        return isinstance(item, bool)
    if name in _NUMBERS:
        return isinstance(item, int) and not isinstance(item, bool)
    if not isinstance(item, str):
        return False
    return bool(
        (name in _INSTANTS and _INSTANT.fullmatch(item))
        or (name in _SHAS and _SHA.fullmatch(item))
        or (name in _STATES and item.lower() in _KNOWN_STATES and _WORD.fullmatch(item.lower()))
    )


_KNOWN_STATES = _listed(
    "open opened closed merged success successful failure failed error cancelled canceled skipped "
    "pending queued in_progress inactive active completed complete approved changes_requested "
    "commented dismissed resolved acknowledged triggered push pull_request schedule "
    "workflow_dispatch release deployment created critical high medium low warning info running "
    "passed aborted unstable neutral timed_out"
)


def _page(page: TracedPage) -> TracedPage:
    return replace(page, url=impersonal_url(page.url), parent_key=None)


def impersonal_url(url: str) -> str:
    """Return an address without what may name a person: unlisted parameters, and whom a path names."""
    parts = urlsplit(url)
    segments = parts.path.split("/")
    path = "/".join(
        LEFT_OUT if index and segments[index - 1].lower() in _NAMING and segment else segment
        for index, segment in enumerate(segments)
    )
    shown = [
        (name, quote(value, safe=":") if _is_plain(value) else LEFT_OUT)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name in _PARAMETERS
    ]
    query = "&".join(f"{name}={value}" for name, value in shown)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], path, query, ""))


def _is_plain(value: str) -> bool:
    return bool(value.isdigit() or _INSTANT.fullmatch(value) or value.lower() in _PLAIN)


_PLAIN = frozenset({"all", "open", "closed", "asc", "desc", "created", "updated", "true", "false", ""})
