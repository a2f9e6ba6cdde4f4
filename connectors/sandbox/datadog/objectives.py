"""Service level objectives: one by requests for every service, and one by a monitor for every third."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from connectors.sandbox.datadog.identifiers import monitor_id, slo_id
from connectors.sandbox.datadog.state import DatadogState
from connectors.sandbox.datadog.traffic import SLICE, Outage, Traffic
from connectors.sandbox.people import Person
from connectors.sandbox.working_time import DAY, HOUR

TARGETS = (99.0, 99.5, 99.9)
_INTERVALS = ((1, SLICE), (7, HOUR), (31, 4 * HOUR), (90, DAY))
"""Days of a window, and the seconds between two points of its series: longer windows are coarser."""

_EACH_WITH_MONITOR = 3
_UP, _DOWN = 0, 1

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Objective:
    """A service level objective.

    Attributes:
        service: Whose.
        kind: How it is measured.
        target: Share that must be good, in percent.
        created_at: Since when it is there, in epoch seconds.
    """

    service: str
    kind: Literal["metric", "monitor"]
    target: float
    created_at: int

    @property
    def id(self) -> str:
        """Its identifier."""
        return slo_id(self.service, self.kind)


def objectives(state: DatadogState) -> Iterator[Objective]:
    """All that there are, in order of services."""
    for number, (service, came_at) in enumerate(state.services()):
        target = TARGETS[number % len(TARGETS)]
        yield Objective(service, "metric", target, came_at)
        if number % _EACH_WITH_MONITOR == 0:
            yield Objective(service, "monitor", TARGETS[0], came_at)


def slo_document(objective: Objective, creator: Person) -> Document:
    """An objective as the list has it."""
    service = objective.service
    document: Document = {
        "id": objective.id,
        "name": f"{service} {'answers' if objective.kind == 'metric' else 'is up'}",
        "description": None,
        "type": objective.kind,
        "tags": [f"service:{service}", "env:production"],
        "monitor_tags": [],
        "thresholds": [
            {
                "timeframe": "30d",
                "target": objective.target,
                "target_display": f"{objective.target}",
            }
        ],
        "timeframe": "30d",
        "target_threshold": objective.target,
        "creator": {"name": creator.name, "handle": creator.email, "email": creator.email},
        "created_at": objective.created_at,
        "modified_at": objective.created_at,
    }
    if objective.kind == "monitor":
        return document | {"monitor_ids": [monitor_id(service)], "groups": []}
    return document | {"query": _query(service)}


def history_document(objective: Objective, state: DatadogState, start: int, end: int) -> Document:
    """What happened to an objective between two instants; nothing is known of what is to come."""
    known_until = min(end, state.now)
    data: Document = {
        "from_ts": start,
        "to_ts": end,
        "type": objective.kind,
        "type_id": 0 if objective.kind == "monitor" else 1,
        "thresholds": {"30d": slo_threshold(objective)},
    }
    if objective.kind == "metric":
        traffic = state.traffic(objective.service)
        return {"data": data | _by_requests(objective, traffic, (start, end), known_until), "errors": None}
    outages = state.outages(objective.service)
    return {"data": data | _by_monitor(objective, outages, start, known_until), "errors": None}


def slo_threshold(objective: Objective) -> Document:
    """The target as the history names it."""
    return {"timeframe": "30d", "target": objective.target, "target_display": f"{objective.target}"}


def _by_requests(
    objective: Objective, traffic: Traffic, window: tuple[int, int], known_until: int
) -> Document:
    start, end = window
    interval = next(seconds for days, seconds in _INTERVALS if end - start <= days * DAY)
    first = max(start, objective.created_at)
    first += -first % interval
    times = [at for at in range(first, end, interval) if at + interval <= known_until]
    totals = [traffic.total(at, at + interval) for at in times]
    goods = [total - traffic.bad(at, at + interval) for at, total in zip(times, totals, strict=True)]
    sli = 100 * sum(goods) / sum(totals) if totals else None
    query = _query(objective.service)
    return {
        "overall": {
            "sli_value": sli,
            "span_precision": 2,
            "precision": {"30d": 2},
            "name": objective.service,
        },
        "series": {
            "res_type": "time_series",
            "resp_version": 2,
            "interval": interval,
            "query": f"{query['numerator']}, {query['denominator']}",
            "times": [at * 1000 for at in times],
            "numerator": _series(goods, query["numerator"]),
            "denominator": _series(totals, query["denominator"]),
        },
    }


def _by_monitor(objective: Objective, outages: list[Outage], start: int, known_until: int) -> Document:
    first = max(start, objective.created_at)
    history: list[list[int]] = [[first, _UP]] if first < known_until else []
    down_seconds = 0
    for begin, finish in _merged(outages):
        begins, ends = max(begin, first), min(finish or known_until, known_until)
        if begins >= ends:
            continue
        down_seconds += ends - begins
        history = [point for point in history if point[0] != begins]
        history.append([begins, _DOWN])
        if ends < known_until:
            history.append([ends, _UP])
    span = known_until - first
    sli = 100 * (span - down_seconds) / span if span > 0 else None
    return {"overall": {"sli_value": sli, "span_precision": 2, "history": history, "name": objective.service}}


def _merged(outages: list[Outage]) -> list[tuple[int, int | None]]:
    """Outages that overlap or touch are one."""
    merged: list[tuple[int, int | None]] = []
    for outage in sorted(outages, key=lambda each: each.start):
        if merged and (merged[-1][1] is None or outage.start <= merged[-1][1]):
            begin, end = merged[-1]
            merged[-1] = (begin, None if end is None or outage.end is None else max(end, outage.end))
        else:
            merged.append((outage.start, outage.end))
    return merged


def _series(values: list[int], expression: str) -> Document:
    return {
        "count": len(values),
        "sum": sum(values),
        "values": values,
        "metadata": {
            "aggr": "sum",
            "expression": expression,
            "metric": "requests",
            "scope": "env:production",
        },
    }


def _query(service: str) -> dict[str, str]:
    counted = f"service:{service},env:production"
    return {
        "numerator": f"sum:requests.good{{{counted}}}.as_count()",
        "denominator": f"sum:requests.all{{{counted}}}.as_count()",
    }
