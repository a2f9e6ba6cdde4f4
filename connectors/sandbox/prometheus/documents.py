"""Targets and rules as the simulated Prometheus lists them."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from connectors.sandbox.prometheus.monitoring import Monitoring
from connectors.sandbox.prometheus.series import (
    ALERT_NAME,
    PENDING_SECONDS,
    SCRAPE_SECONDS,
    SEVERITY_NAMES,
    alert_labels,
    alerting_periods,
    is_reachable,
    is_watching,
    target_labels,
)

_BURN_THRESHOLDS = {"critical": 0.2, "error": 0.05, "warning": 0.01}


def rfc3339(instant: int) -> str:
    """An instant as Go writes it."""
    return datetime.fromtimestamp(instant, UTC).isoformat().replace("+00:00", "Z")


def last_scrape(monitoring: Monitoring) -> int:
    """The last instant at which anything was scraped or evaluated."""
    latest = monitoring.now - monitoring.now % SCRAPE_SECONDS
    tried = np.arange(latest, latest - 3600, -SCRAPE_SECONDS, dtype=np.int64)
    watched = tried[is_watching(monitoring, tried)]
    return int(watched[0]) if len(watched) else latest


def targets(monitoring: Monitoring) -> dict[str, Any]:
    """What is scraped now."""
    at = last_scrape(monitoring)
    active = []
    for watched in monitoring.running:
        is_up = bool(is_reachable(watched, np.array([at], dtype=np.int64))[0])
        labels = target_labels(watched)
        url = f"http://{labels['instance']}/metrics"
        active.append(
            {
                "discoveredLabels": {
                    "__address__": labels["instance"],
                    "__metrics_path__": "/metrics",
                    "__scheme__": "http",
                    "__scrape_interval__": "1m",
                    "__scrape_timeout__": "10s",
                    "job": watched.name,
                },
                "labels": labels,
                "scrapePool": watched.name,
                "scrapeUrl": url,
                "globalUrl": url,
                "lastError": "" if is_up else f'Get "{url}": context deadline exceeded',
                "lastScrape": rfc3339(at),
                "lastScrapeDuration": 0.012 if is_up else 10.0,
                "health": "up" if is_up else "down",
                "scrapeInterval": "1m",
                "scrapeTimeout": "10s",
            }
        )
    return {"activeTargets": active, "droppedTargets": [], "droppedTargetCounts": {}}


def rule_groups(monitoring: Monitoring) -> list[dict[str, Any]]:
    """One group with an alerting rule for each severity."""
    at = last_scrape(monitoring)
    rules = [_rule(monitoring, severity, at) for severity in SEVERITY_NAMES]
    return [
        {
            "name": "service-levels",
            "file": "/etc/prometheus/rules/service_levels.yml",
            "rules": rules,
            "interval": SCRAPE_SECONDS,
            "limit": 0,
            "evaluationTime": 0.004,
            "lastEvaluation": rfc3339(at),
        }
    ]


def _rule(monitoring: Monitoring, severity: int, at: int) -> dict[str, Any]:
    name = SEVERITY_NAMES[severity]
    alerts = []
    for (service, level), periods in alerting_periods(monitoring).items():
        current = [start for start, end in periods if start <= at < end]
        if level == severity and current:
            is_firing = at >= current[0] + PENDING_SECONDS
            alerts.append(
                {
                    "labels": alert_labels(monitoring, service, severity),
                    "annotations": {"summary": f"Many requests to {service} fail."},
                    "state": "firing" if is_firing else "pending",
                    "activeAt": rfc3339(current[0]),
                    "value": "1e+00",
                }
            )
    states = {alert["state"] for alert in alerts}
    return {
        "state": "firing" if "firing" in states else "pending" if states else "inactive",
        "name": ALERT_NAME,
        "query": f"service:error_ratio:rate5m > {_BURN_THRESHOLDS[name]}",
        "duration": PENDING_SECONDS,
        "keepFiringFor": 0,
        "labels": {"severity": name},
        "annotations": {"summary": "Many requests to {{ $labels.service }} fail."},
        "alerts": alerts,
        "health": "ok",
        "evaluationTime": 0.001,
        "lastEvaluation": rfc3339(at),
        "type": "alerting",
    }
