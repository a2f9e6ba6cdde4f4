"""Objectives of the simulated organisation: OpenSLO files, and the sources that they are measured by.

A few objectives show every kind: ratios and thresholds, over Prometheus and Datadog, the three budgeting
methods, rolling and calendar windows, and a composite. Samples are an hour apart, of a few services only.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from connectors.sandbox.catalogue import Service
from connectors.sandbox.company import Company
from connectors.sandbox.datadog.identifiers import slo_id
from connectors.sandbox.source_settings import PROMETHEUS_VARIABLE, Places

OBJECTIVES_FOLDER = "slos"
_API_VERSION = "openslo/v1"
_HOUR = 3_600
_MONTH_OF_SAMPLES = 30 * 24
_REMEMBERED_DAYS = 10_000
_DATADOG_DAYS = 92
_MEASURED = 3
_REQUESTS, _ERRORS, _UP = "http_requests_total", "http_request_errors_total", "up"
Document = dict[str, Any]


def measuring_sources(company: Company, places: Places) -> list[Document]:
    """The sources that objectives are measured by, as `assay.yml` has them; they tell of nothing else."""
    since, until = company.parameters.first_day, company.parameters.until
    prometheus = {
        "name": "prometheus",
        "kind": "prometheus",
        "base_url": f"{places.base_url}/prometheus",
        "since": since.replace(),
        "until": until + timedelta(days=1),  # the sample at midnight ends the last hour
        "streams": ["range_samples"],
        "token_env": PROMETHEUS_VARIABLE,
        "retention_days": _REMEMBERED_DAYS,
        "queries": [
            {"name": name, "query": query, "step_seconds": _HOUR, "slice_points": _MONTH_OF_SAMPLES}
            for name, query in _sampled(measured_services(company))
        ],
    }
    datadog = {
        "name": "datadog",
        "kind": "datadog",
        "base_url": f"{places.base_url}/datadog",
        "since": datadog_since(company),
        "until": until.replace(),
        "streams": ["slo_history"],
    }
    return [prometheus, datadog]


def _sampled(services: Sequence[Service]) -> Iterator[tuple[str, str]]:
    """Name and expression of each series that is kept as samples."""
    for service in services:
        for name, metric in (("requests", _REQUESTS), ("errors", _ERRORS)):
            yield f"{service.name}-{name}", _series(metric, service)
    yield f"{services[0].name}-up", _series(_UP, services[0])


def measured_services(company: Company) -> Sequence[Service]:
    """The services that have objectives: the first ones that run from the beginning."""
    return [service for service in company.services if not service.starts_after][:_MEASURED]


def datadog_since(company: Company) -> date:
    """From when on histories are read at Datadog: each week of each objective is a request."""
    parameters = company.parameters
    return max(parameters.first_day.replace(), parameters.until - timedelta(days=_DATADOG_DAYS))


def write_objectives(company: Company, folder: Path) -> list[Path]:
    """Write one file for each service that has objectives.

    Args:
        company: The organisation.
        folder: Where to; files that are there already are replaced at once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: dict[Path, list[Document]] = {}
    for document in objective_documents(company):
        written.setdefault(folder / f"{document['spec']['service']}.yaml", []).append(document)
    for path, documents in written.items():
        unfinished = path.with_name(f"{path.name}.partial")
        unfinished.write_text(yaml.safe_dump_all(documents, sort_keys=False), encoding="utf-8")
        unfinished.replace(path)
    return list(written)


def objective_documents(company: Company) -> Iterator[Document]:
    """The objectives as documents of OpenSLO; the first service has one of every kind, the others two."""
    first, *others = measured_services(company)
    answers: Document = {"method": "Occurrences", "indicator": _failures(first), "target": _target("99.8")}
    yield _slo(first, ("answers", "answers"), window="30d", **answers)
    alive = _target("99.5", op="gte", value=1)
    is_up: Document = {"method": "Occurrences", "indicator": _up(first), "target": alive}
    yield _slo(first, ("is-up", "is up"), window="1Q", **is_up)
    yield _composite(first)
    for service in (first, *others):
        target = _target("99", timeSliceTarget=0.995, timeSliceWindow="1h")
        hours: Document = {"method": "Timeslices", "indicator": _failures(service), "target": target}
        yield _slo(service, ("good-hours", "has good hours"), window="4w", **hours)
    for service in others:
        target = _target("99.7", timeSliceTarget=0.99, timeSliceWindow="1h")
        edge: Document = {"method": "RatioTimeslices", "indicator": _at_datadog(service), "target": target}
        yield _slo(service, ("edge", "answers at the edge"), window="1M", **edge)


def _slo(
    service: Service,
    name: tuple[str, str],
    *,
    method: str,
    indicator: Document,
    target: Document,
    window: str,
) -> Document:
    """An objective, by its name and title; windows of months and quarters are calendar-aligned."""
    return {
        **_named(service, *name),
        "spec": {
            "service": service.name,
            "indicator": {"metadata": {"name": f"{service.name}-{name[0]}"}, "spec": indicator},
            "timeWindow": [_window(window)],
            "budgetingMethod": method,
            "objectives": [target],
        },
    }


def _composite(service: Service) -> Document:
    """What users notice: answers, and with less weight that anything answers at all."""
    parts = (
        ("answers", _failures(service), _target("99.8", compositeWeight=3)),
        ("is up", _up(service), _target("99.5", op="gte", value=1, compositeWeight=1)),
    )
    return {
        **_named(service, "journey", "journey"),
        "spec": {
            "service": service.name,
            "timeWindow": [_window("30d")],
            "budgetingMethod": "Occurrences",
            "objectives": [
                {
                    "displayName": f"{service.title} journey: {title}",
                    **target,
                    "indicator": {"spec": indicator},
                }
                for title, indicator, target in parts
            ],
        },
    }


def _named(service: Service, name: str, title: str) -> Document:
    metadata = {"name": f"{service.name}-{name}", "displayName": f"{service.title} {title}"}
    return {"apiVersion": _API_VERSION, "kind": "SLO", "metadata": metadata}


def _window(duration: str) -> Document:
    if duration[-1] not in "MQ":
        return {"duration": duration, "isRolling": True}
    calendar = {"startTime": "2020-01-01 00:00:00", "timeZone": "UTC"}
    return {"duration": duration, "calendar": calendar}


def _target(percent: str, **more: Any) -> Document:
    return {"targetPercent": float(percent), **more}


def _failures(service: Service) -> Document:
    counts = {"bad": _ERRORS, "total": _REQUESTS}
    sides = {side: _metric("Prometheus", query=_series(metric, service)) for side, metric in counts.items()}
    return {"ratioMetric": {"counter": True, **sides}}


def _up(service: Service) -> Document:
    return {"thresholdMetric": _metric("Prometheus", query=_series(_UP, service))}


def _at_datadog(service: Service) -> Document:
    sides = {side: _metric("Datadog", sloId=slo_id(service.name, "metric")) for side in ("good", "total")}
    return {"ratioMetric": {"counter": False, **sides}}


def _series(metric: str, service: Service) -> str:
    return f'{metric}{{service="{service.name}"}}'


def _metric(kind: str, **spec: str) -> Document:
    return {"metricSource": {"type": kind, "spec": spec}}
