"""The truth of service levels: what each objective comes to in each month, from what its services were asked.

Where OpenSLO leaves room, this is how it is settled.

An hour
    is a slice. A sample, taken on the hour, speaks for the hour that ends with it. What a counter grew since
    the sample before belongs to the hour of the later one, also where samples between are missing; a counter
    that falls began anew. The first sample says nothing, and an hour without any counts nowhere.
What counts
    are events by occurrences, by slices the hours in which there were any. An hour spends one of the budget
    when less was good than it has to be, or its bad share, rounded half up to nine places.
A composite
    weighs the attainments of its parts, once all of them have one.
A team
    has the hours in which it, or a team below it, owned the service.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from connectors.sandbox import events as told
from connectors.sandbox.company import Company
from connectors.sandbox.datadog.objectives import objectives
from connectors.sandbox.datadog.state import DatadogState
from connectors.sandbox.measures import rounded
from connectors.sandbox.objective_files import datadog_since, objective_documents
from connectors.sandbox.parameters import day_of, midnight
from connectors.sandbox.periods import period_of
from connectors.sandbox.prometheus.evaluation import evaluate
from connectors.sandbox.prometheus.monitoring import Monitoring
from connectors.sandbox.prometheus.series import all_series
from connectors.sandbox.working_time import DAY, HOUR

_HISTORY = 7 * DAY
"""Histories are read by whole weeks since the epoch."""

Hours = Mapping[int, tuple[int, int]]
"""Good and all of each hour in which something is known, by its first second."""

Place = tuple[str, str, date]
"""Kind of scope, scope, first day of the month."""


@dataclass(frozen=True, slots=True)
class LevelTruth:
    """What one objective, or a composite, comes to in one month.

    Attributes:
        attainment: Share that was good of what counted, at nine places; None where nothing counted.
        counted: Events, or hours; None for a composite.
        budget: How much of it may be bad; None for a composite.
        spent: How much of it was bad; None for a composite.
    """

    objective: str
    scope_kind: str
    scope_id: str
    month: date
    attainment: Decimal | None
    is_met: bool | None
    counted: Fraction | None = None
    budget: Fraction | None = None
    spent: Fraction | None = None


@dataclass(slots=True)
class Sum:
    """What counted so far, and what of it was bad."""

    counted: Fraction = field(default_factory=Fraction)
    spent: Fraction = field(default_factory=Fraction)

    @property
    def share(self) -> Fraction | None:
        """Share that was good."""
        return 1 - self.spent / self.counted if self.counted else None


def levels(company: Company, timeline: Sequence[told.Event]) -> Iterator[LevelTruth]:
    """Every objective of the organisation by service, team and month, at the end of the story."""
    measured = Measured(company, timeline)
    for document in objective_documents(company):
        spec, name = document["spec"], document["metadata"]["name"]
        parts = spec["objectives"]
        sums = [
            _sums(company, spec, part, measured.hours(part.get("indicator") or spec["indicator"]))
            for part in parts
        ]
        for number, (part, of_part) in enumerate(zip(parts, sums, strict=True), start=1):
            objective = name if len(parts) == 1 else f"{name}/{number}"
            yield from (_level(objective, place, part, found) for place, found in of_part.items())
        if len(parts) > 1:
            yield from _composite(name, parts, sums)


class Measured:
    """What the monitoring tools have measured of a company."""

    def __init__(self, company: Company, timeline: Sequence[told.Event]) -> None:
        self._company = company
        self._monitoring = Monitoring(company, timeline)
        self._datadog = DatadogState(company, timeline)
        for tool in (self._monitoring, self._datadog):
            tool.move_to(company.parameters.ends_at)

    def hours(self, indicator: Mapping[str, Any]) -> Hours:
        """What an indicator finds in each hour of which something is known."""
        spec = indicator["spec"]
        if "thresholdMetric" in spec:
            samples = self._samples(spec["thresholdMetric"]["metricSource"]["spec"]["query"])
            return {at - HOUR: (int(value >= 1), 1) for at, value in samples}
        ratio = spec["ratioMetric"]
        if ratio["total"]["metricSource"]["type"] == "Datadog":
            return self._at_datadog(ratio["total"]["metricSource"]["spec"]["sloId"])
        total, bad = (self._growth(ratio[side]["metricSource"]["spec"]["query"]) for side in ("total", "bad"))
        return {at: (total[at] - min(bad[at], total[at]), total[at]) for at in total.keys() & bad.keys()}

    def _samples(self, query: str) -> list[tuple[int, int]]:
        parameters = self._company.parameters
        instants = np.arange(parameters.starts_at, parameters.ends_at + 1, HOUR, dtype=np.int64)
        return [
            (int(at), int(text))
            for series in evaluate(all_series(self._monitoring), query, instants)
            for at, text in series["values"]
        ]

    def _growth(self, query: str) -> dict[int, int]:
        return {
            at - HOUR: value - before if value >= before else value
            for (_, before), (at, value) in pairwise(self._samples(query))
        }

    def _at_datadog(self, identifier: str) -> Hours:
        parameters = self._company.parameters
        (objective,) = (row for row in objectives(self._datadog) if row.id == identifier)
        traffic = self._datadog.traffic(objective.service)
        since = midnight(datadog_since(self._company))
        first = max(since - since % _HISTORY, objective.created_at)
        hours = range(first + -first % HOUR, parameters.ends_at, HOUR)
        asked = {at: (traffic.total(at, at + HOUR), traffic.bad(at, at + HOUR)) for at in hours}
        return {at: (total - bad, total) for at, (total, bad) in asked.items()}


def _sums(
    company: Company, spec: Mapping[str, Any], objective: Mapping[str, Any], hours: Hours
) -> dict[Place, Sum]:
    sums: dict[Place, Sum] = defaultdict(Sum)
    for at, (good, total) in hours.items():
        counted, spent = _counted(spec["budgetingMethod"], objective, good, total)
        month = period_of(day_of(at), "month")
        owner = company.owner_at(spec["service"], at)
        scopes = [("service", spec["service"])]
        scopes += [("team", team) for team in company.ancestors_at(owner, at)]
        for kind, scope in scopes:
            found = sums[kind, scope, month]
            found.counted += counted
            found.spent += spent
    return sums


def _counted(
    method: str, objective: Mapping[str, Any], good: int, total: int
) -> tuple[Fraction | int, Fraction | int]:
    """What an hour counts, and what of it is bad."""
    if method == "Occurrences":
        return total, total - good
    if not total:
        return 0, 0
    if method == "Timeslices":
        return 1, int(good < _exact(objective["timeSliceTarget"]) * total)
    return 1, Fraction(rounded(Fraction(total - good, total)))


def _level(objective: str, place: Place, stated: Mapping[str, Any], found: Sum) -> LevelTruth:
    allowed = (1 - _target(stated)) * found.counted
    return LevelTruth(
        objective,
        *place,
        attainment=None if found.share is None else rounded(found.share),
        is_met=found.spent <= allowed if found.counted else None,
        counted=found.counted,
        budget=allowed,
        spent=found.spent,
    )


def _composite(
    name: str, parts: Sequence[Mapping[str, Any]], sums: Sequence[Mapping[Place, Sum]]
) -> Iterator[LevelTruth]:
    weights = [Fraction(part["compositeWeight"]) for part in parts]
    wanted = sum((weight * _target(part) for weight, part in zip(weights, parts, strict=True)), Fraction())
    for place in sorted(set().union(*sums)):
        shares = [found[place].share if place in found else None for found in sums]
        known = [Fraction(rounded(share)) for share in shares if share is not None]
        if len(known) < len(parts):
            yield LevelTruth(name, *place, attainment=None, is_met=None)
            continue
        reached = sum((weight * share for weight, share in zip(weights, known, strict=True)), Fraction())
        attainment = rounded(reached / sum(weights, Fraction()))
        yield LevelTruth(name, *place, attainment=attainment, is_met=reached >= wanted)


def _target(objective: Mapping[str, Any]) -> Fraction:
    return _exact(objective["targetPercent"]) / 100


def _exact(number: float) -> Fraction:
    """The number as it is written."""
    return Fraction(str(number))
