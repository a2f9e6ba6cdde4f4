"""A trace as one page for whoever the number is about: self-contained, readable without JavaScript.

The page says in words what was counted and how, shows the events, records and answers behind the number,
and holds
the proofs with the code that checks them in the reader's own browser. The template escapes everything in it.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from lineage.trace import Coverage, Period, RecordUse, Trace, TracedFact, TracedPage, TracedRecord
from orchestration.screens.context import RULES
from orchestration.screens.figures import value_text

_TEMPLATE = "trace_page.html.j2"
_MOST_FACTS = 200
_LONG_HASH = re.compile(r"\b[0-9a-f]{24,}\b")
_SHOWN_OF_HASH = 12
_MOST_TEXT = 20_000
_HOW = {
    "median": "The events are put in order of their {measure}, and the number is the middle one. Of an "
    "even count it "
    "lies halfway between the two in the middle. The events that decide it are marked.",
    "p75": "The events are put in order of their {measure}, and the number is the place that three of "
    "four stay "
    "within. The events next to that place are marked.",
    "p90": "The events are put in order of their {measure}, and the number is the place that nine of ten "
    "stay "
    "within. The events next to that place are marked.",
    "ratio": "Of the {denominator} events, {numerator} are of the kind in question; they are marked. The "
    "number is the "
    "one count divided by the other.",
    "count": "The number is how many events there are.",
    "count_distinct": "The number is how many different {measure} the events have.",
    "sum": "The number is the sum of the {measure} of the events.",
    "share": "The number is one sum over the events, divided by another.",
    "fact": "The number stands on one event, which is made of the records below.",
}
_LEVEL = (
    "The window is cut into slices of {seconds} seconds. Each is compared with the objective, by "
    "{method}, and the "
    "number follows from their sums. Below, the slices stand together by day; days that spent budget are "
    "marked."
)
_FLAGS = {
    "partial": "the data does not cover the whole period",
    "maturing": "what went wrong may still become known",
    "incomplete": "not everything was read for the whole period",
    "below_minimum_n": "there are few events: a comparison would say little",
    "dispositions_unknown": "the cause of too many incidents is not known",
    "context": "something unusual happened in the period",
    "counter_missing": "a number that belongs beside this one is missing",
    "counter_metric_missing": "a number that belongs beside this one is missing",
}
_VIEWS = {
    "auditor": "This is the auditor's view: it shows every record in full, and is recorded. Keep it as "
    "you would keep "
    "the sources themselves.",
    "subject": "This is a subject's view: your own records stand in full, those of others as counts and "
    "hashes.",
    "shared": "This view names nobody: of each record it shows times, states and commits, and the hash "
    "of the rest.",
}


@dataclass(frozen=True, slots=True)
class _Event:
    key: str
    short: str
    happened: str
    measure: str
    is_deciding: bool
    record_count: int
    columns: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Record:
    record_id: int
    is_contributing: bool
    stream: str
    ordinal: int
    log_index: int
    sha256: str
    visibility: str
    body: str
    redacted_paths: Sequence[str]


def trace_page(trace: Trace) -> str:
    """Return a trace as one HTML document."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages = {page.log_index: page for page in trace.pages}
    events = sorted(trace.facts, key=lambda fact: not fact.is_deciding)[:_MOST_FACTS]
    return environment.get_template(_TEMPLATE).render(
        trace=trace,
        cell=trace.cell,
        definition=trace.definition,
        number=_number(trace.cell.value, trace.cell.unit).partition(" "),
        exact=f"{_text(trace.cell.value)} {trace.cell.unit}",
        interval=_interval(trace),
        scope=_scope(trace),
        period=_period(trace),
        how=_how(trace),
        flags=[(flag, _FLAGS.get(flag, flag.replace("_", " "))) for flag in trace.cell.flags],
        view=_VIEWS[trace.view],
        events=[_event(one, "units" if trace.service_level else trace.cell.unit) for one in events],
        hidden_events=len(trace.facts) - len(events),
        records=[_record(one, pages) for one in trace.records],
        chain=_chain(trace),
        coverage=[(one, _reach(one)) for one in trace.coverage],
        context_rules=RULES,
        whole_count=sum(one.is_whole for one in trace.coverage),
        formed=_formed(trace),
        text=_text,
        proofs=_script_json(_proofs(trace.pages)),
        checkpoint_root=_script_json(trace.publication.get("payload_root")),
        command=_command(trace),
    )


def _number(value: Decimal | None, unit: str) -> str:
    return "no value" if value is None else value_text(float(value), unit)


def _interval(trace: Trace) -> str | None:
    low, high = trace.cell.interval_low, trace.cell.interval_high
    if low is None or high is None:
        return None
    return f"{_number(low, trace.cell.unit)} to {_number(high, trace.cell.unit)}"


def _scope(trace: Trace) -> str:
    kind, name = trace.cell.scope_kind, trace.cell.scope_id
    return "your own" if kind == "person" else f"{kind} {name}"


def _period(trace: Trace) -> str:
    last = date.fromordinal(max(1, trace.cell.period_end.toordinal() - 1))
    first = trace.cell.period_start
    return _day(first) if last <= first else f"{_day(first)} to {_day(last)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}" if day.year > 1 else "any day"


def _how(trace: Trace) -> str:
    if (level := trace.service_level) is not None:
        return _LEVEL.format(seconds=level.slice_seconds, method=level.budgeting_method)
    told = _HOW.get(
        trace.definition.measure_kind, "The number is formed from the events by the formula below."
    )
    measure = trace.definition.measure_sql.removesuffix("_seconds").strip('"').replace("_", " ")
    words = told.format(measure=measure, numerator=trace.cell.numerator, denominator=trace.cell.denominator)
    if trace.comparison is not None and trace.comparison.normalisation != "none":
        days = trace.comparison.normalisation.removeprefix("per_100_").replace("_", "-").replace("fte", "FTE")
        return f"{words} It is then divided by the team's {days}, and multiplied by 100."
    return words


def _event(fact: TracedFact, unit: str) -> _Event:
    measure = fact.measure
    is_number = isinstance(measure, (int, Decimal)) and not isinstance(measure, bool)
    return _Event(
        key=fact.key,
        short=_LONG_HASH.sub(lambda found: f"{found[0][:_SHOWN_OF_HASH]}…", fact.key),
        happened="not shown" if fact.event_at is None else str(fact.event_at),
        measure=value_text(float(measure), unit) if is_number and measure is not None else "",
        is_deciding=fact.is_deciding,
        record_count=len(fact.record_ids),
        columns=[
            (name.replace("_", " "), str(value)) for name, value in fact.columns.items() if value is not None
        ],
    )


def _record(record: TracedRecord, pages: Mapping[int, TracedPage]) -> _Record:
    page = pages[record.log_index]
    if record.value is None:
        body = ""
    elif record.is_text:
        body = str(record.value).replace("\x1f", "\n").replace("\x1e", "")
    else:
        body = json.dumps(record.value, indent=2, ensure_ascii=False)
    return _Record(
        record_id=record.record_id,
        is_contributing=record.use is RecordUse.CONTRIBUTES,
        stream=f"{page.source}: {page.stream.replace('_', ' ')}",
        ordinal=record.ordinal + 1,
        log_index=record.log_index,
        sha256=record.sha256,
        visibility=record.visibility,
        body=body[:_MOST_TEXT],
        redacted_paths=record.redacted_paths,
    )


def _chain(trace: Trace) -> Sequence[tuple[str, str]]:
    """The links of the chain, from the number to the proof: a figure and what it counts."""
    proven = sum(page.proof is not None and page.proof.is_valid for page in trace.pages)
    size = trace.publication.get("payload_log_size")
    events = "days of slices" if trace.service_level else "events"
    return [
        (_number(trace.cell.value, trace.cell.unit), "the number"),
        (f"{len(trace.facts):,}", events if len(trace.facts) != 1 else events.removesuffix("s")),
        (f"{len(trace.contributing_ids):,}", "records"),
        (f"{len(trace.pages):,}", "answers kept as bytes"),
        (
            f"{proven:,} of {len(trace.pages):,}",
            f"proven in the log of {size}" if size else "proven in the log",
        ),
    ]


def _reach(coverage: Coverage) -> str:
    if coverage.is_whole:
        return "all of the period"
    gaps = [f"{_instant(gap.gap_from)} to {_instant(gap.gap_until)}" for gap in coverage.gaps]
    return f"nobody looked from {', and from '.join(gaps)}"


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _formed(trace: Trace) -> Sequence[tuple[str, str, str, bool]]:
    """Every number that was formed again: its name, as published, as formed, and whether they agree."""
    cell, again = trace.cell, trace.recomputed
    kind = trace.comparison or trace.service_level
    rows = [(one.name, one.published, one.formed, one.is_equal) for one in kind.formed] if kind else []
    if kind is None:
        for name in ("value", "numerator", "denominator", "n"):
            published, formed = getattr(cell, name), getattr(again, name)
            if published is not None or formed is not None:
                rows.append((name, published, formed, published == formed))
    return [
        (name.replace("_", " "), _text(left), _text(right), is_equal) for name, left, right, is_equal in rows
    ]


def _text(value: Any) -> str:
    if value is None:
        return "empty"
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _proofs(pages: Sequence[TracedPage]) -> Sequence[Mapping[str, Any]]:
    return [
        {
            "index": page.log_index,
            "size": page.proof.tree_size,
            "leaf": page.proof.leaf,
            "path": list(page.proof.path),
            "root": page.proof.root,
        }
        for page in pages
        if page.proof is not None
    ]


def _command(trace: Trace) -> str:
    cell, publication = trace.cell, trace.publication.get("publication_id")
    scope = "person:ACCOUNT" if cell.scope_kind == "person" else f"{cell.scope_kind}:{cell.scope_id}"
    words = ["assay trace", trace.address or cell.metric]
    if cell.scope_kind == "fact":
        words.append(f"--key '{cell.scope_id}'")
    else:
        words.append(f"--scope {scope} --period {_short_period(trace)}")
    if trace.comparison is not None:
        words.append(f"--normalisation {trace.comparison.normalisation}")
    if trace.service_level is not None:
        level = trace.service_level
        words.append(f"--objective {level.objective_id} --window {level.window_kind}")
    return " ".join([*words, *([f"--publication {publication}"] if publication else [])])


def _short_period(trace: Trace) -> str:
    cell = trace.cell
    if trace.service_level is not None:
        last = date.fromordinal(cell.period_end.toordinal() - 1)
        return (last if trace.service_level.window_kind == "rolling" else cell.period_start).isoformat()
    return str(Period(cell.period_grain, cell.period_start))


def _script_json(value: Any) -> Markup:
    """Spell data for a script element: nothing in it can end the element."""
    text = (
        json.dumps(value, ensure_ascii=True)
        .replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
    )
    return Markup(text)  # noqa: S704 - JSON of ASCII without the characters that HTML gives a meaning
