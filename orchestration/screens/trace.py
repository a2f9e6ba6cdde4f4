"""A trace as a person reads it: the value, what it means, the facts, the records, the bytes."""

import json
from collections.abc import Iterator
from decimal import Decimal

from lineage.trace import Coverage, FormedAgain, RecordUse, Trace, TracedFact, TracedPage, TracedRecord
from orchestration.screens.context import context_lines
from orchestration.screens.figures import value_text

_MOST_TEXT = 240


def trace_lines(trace: Trace, *, most_facts: int = 5, most_records: int = 3) -> Iterator[str]:
    """Yield the lines of a trace, the most telling facts and records first."""
    yield from _cell_lines(trace)
    yield from _kind_lines(trace)
    yield ""
    yield from _fact_lines(trace, most_facts)
    yield ""
    yield from _record_lines(trace, most_records)
    yield from _frame_lines(trace)
    yield from _coverage_lines(trace)
    yield ""
    yield from _rest_lines(trace)
    yield _verdict(trace)


def _cell_lines(trace: Trace) -> Iterator[str]:
    cell, definition = trace.cell, trace.definition
    value = float(cell.value) if cell.value is not None else None
    period = f"{cell.period_start} to {cell.period_end}"
    yield f"{definition.title}, {cell.scope_kind} {cell.scope_id}, {period}"
    yield f"  value       {value_text(value, cell.unit)}  ({_exactly(cell.value)} {cell.unit}, n = {cell.n})"
    if cell.interval_low is not None and cell.interval_high is not None:
        low, high = float(cell.interval_low), float(cell.interval_high)
        yield f"  95 %        {value_text(low, cell.unit)} to {value_text(high, cell.unit)}"
    if cell.flags:
        yield f"  flags       {', '.join(cell.flags)}"
    version = f"version {cell.metric_version}, profile {cell.profile}, {definition.tier}"
    yield f"  definition  {cell.metric} {version}"
    yield f"              {definition.sentence}"
    over = f"over {definition.fact_relation}"
    yield f"              {definition.measure_kind} of {definition.measure_sql} {over}"
    if definition.definition_hash:
        yield f"              sha256 {definition.definition_hash}"


def _fact_lines(trace: Trace, most: int) -> Iterator[str]:
    ordered = sorted(trace.facts, key=lambda fact: (not fact.is_deciding, str(fact.event_at), fact.key))
    yield f"facts: {len(trace.facts)} in {trace.definition.fact_relation}"
    for fact in ordered[:most]:
        yield _fact_line(fact)
    if len(ordered) > most:
        yield f"  … and {len(ordered) - most} more"


def _fact_line(fact: TracedFact) -> str:
    mark = "*" if fact.is_deciding else " "
    measure = f" = {fact.measure}" if fact.measure not in (None, fact.key) else ""
    day = "" if fact.event_at is None else f" at {fact.event_at}"
    return f" {mark} {fact.key}{day}{measure}, records {len(fact.record_ids)}"


def _exactly(value: Decimal | None) -> str:
    """Write every digit, also of a zero, which Python shortens to 0E-9."""
    return "none" if value is None else f"{value:f}"


def _record_lines(trace: Trace, most: int) -> Iterator[str]:
    contributing, context = len(trace.contributing_ids), len(trace.context_ids)
    yield f"records: {contributing} make the number, {context} are what it is read against"
    pages = {page.log_index: page for page in trace.pages}
    chosen = sorted(trace.records, key=lambda record: record.use is not RecordUse.CONTRIBUTES)[:most]
    for record in chosen:
        yield from _one_record(record, pages.get(record.log_index))


def _frame_lines(trace: Trace) -> Iterator[str]:
    """Everything that a replay reads beside what makes the number, where it was asked for."""
    if trace.context_frames:
        records = sum(frame.records for frame in trace.context_frames)
        yield f"context: a replay loads {records:,} records that the number is read against"
        yield from context_lines(trace.context_frames)


def _one_record(record: TracedRecord, page: TracedPage | None) -> Iterator[str]:
    yield f"  record {record.record_id} ({record.use}), number {record.ordinal} of its page"
    if page is not None:
        yield f"    page {page.log_index}: {page.method} {_cut(page.url)}"
        yield f"    fetched {page.fetched_at.isoformat()}, sha256 {page.body_sha256}"
        if page.proof is not None:
            state = "proven to be" if page.proof.is_valid else "NOT proven to be"
            yield f"    {state} leaf {page.log_index} of the payload log at size {page.proof.tree_size}"
        for redaction in page.redactions:
            paths = ", ".join(redaction.json_paths)
            yield f"    redacted {redaction.redacted_at:%Y-%m-%d} by policy {redaction.policy}: {paths}"
    if record.visibility != "full":
        yield f"    sha256 {record.sha256}; shown in part, as it may name people"
        if record.value is None:
            return
    text = record.value if record.is_text else json.dumps(record.value, ensure_ascii=False)
    shown = str(text).replace("\x1f", " | ").replace("\n", " ")
    yield f"    {_cut(shown)}"


def _cut(text: str) -> str:
    return f"{text[:_MOST_TEXT]}{'…' if len(text) > _MOST_TEXT else ''}"


def _kind_lines(trace: Trace) -> Iterator[str]:
    """What belongs to numbers of some kinds alone: peers, objectives, rules."""
    if trace.rule is not None:
        yield f"  {trace.rule.address} = {trace.rule.published}: {trace.rule.rule}"
    if (comparison := trace.comparison) is not None:
        exposure = f"{comparison.fte_days} FTE-days, {comparison.service_days} service-days"
        yield f"  read against ({comparison.normalisation}): {exposure}, {comparison.team_size} people"
        if comparison.not_compared_reason is not None:
            yield f"  not compared: {comparison.not_compared_reason}"
        peers = ", ".join(f"{one.team_id} {one.value}" for one in comparison.peers)
        yield from [f"  peers ({comparison.peer_group}): {peers}"] if peers else []
        yield from (_again_line(one) for one in comparison.formed)
    if (level := trace.service_level) is not None:
        yield (
            f"  objective {level.objective_id}: {level.objective_ratio.normalize():f} by "
            f"{level.budgeting_method}"
        )
        yield f"  window {level.window_kind}, {level.window_starts_at} to {level.window_ends_at}"
        yield from (_again_line(one) for one in level.formed)


def _again_line(formed: FormedAgain) -> str:
    sign = "=" if formed.is_equal else "DIFFERS FROM"
    return f"    {formed.name:<24} {formed.published} {sign} {formed.formed}"


def _coverage_lines(trace: Trace) -> Iterator[str]:
    whole = sum(one.is_whole for one in trace.coverage)
    if not trace.is_empty:
        if trace.coverage:
            yield (
                f"completeness: {whole} of {len(trace.coverage)} streams and places were looked at for "
                f"all of it"
            )
        return
    if not trace.coverage:
        yield "nothing happened, and NO fetch is known to have looked: the value proves nothing"
        return
    yield "nothing happened, and these fetches looked:"
    for coverage in trace.coverage:
        stream = f"{coverage.source}.{coverage.stream} of {coverage.scope}"
        yield f"  {stream}: {coverage.window_count} windows, {_reach(coverage)}"


def _reach(coverage: Coverage) -> str:
    if coverage.is_whole:
        return "all of the period"
    gaps = ", ".join(
        f"{gap.gap_from:%Y-%m-%d %H:%M} to {gap.gap_until:%Y-%m-%d %H:%M}" for gap in coverage.gaps
    )
    return f"a part of the period; nobody looked at {gaps}"


def _rest_lines(trace: Trace) -> Iterator[str]:
    if trace.hidden is not None and (trace.hidden.fact_count or trace.hidden.record_count):
        yield (
            f"view {trace.view}: {trace.hidden.fact_count} facts and {trace.hidden.record_count} records "
            f"are shown in "
            "part or as hashes"
        )
    if "publication_id" in trace.publication:
        size = trace.publication.get("payload_log_size")
        yield f"publication {trace.publication['publication_id']}, payload log at {size} leaves"


def _verdict(trace: Trace) -> str:
    if trace.is_proven:
        again = trace.recomputed
        formed = f"Formed again from these facts: {_exactly(again.value)} with n = {again.n}"
        return f"{formed}. Equal, and every page is in the log."
    return f"DIFFERS: {'; '.join(_differences(trace)) or 'a page is not proven to be in the log'}"


def _differences(trace: Trace) -> list[str]:
    formed = trace.comparison.formed if trace.comparison else ()
    parts = [
        f"{one.name}: published {one.published}, formed {one.formed}" for one in formed if not one.is_equal
    ]
    return [*trace.recomputed.differences, *parts]
