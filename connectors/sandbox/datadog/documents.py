"""Renders monitors, incidents and people as Datadog does."""

from datetime import UTC, datetime
from typing import Any

from connectors.sandbox.company import Company
from connectors.sandbox.datadog.identifiers import incident_id, monitor_id, user_id
from connectors.sandbox.datadog.state import IncidentState
from connectors.sandbox.datadog.traffic import Outage
from connectors.sandbox.parameters import ORGANISATION
from connectors.sandbox.people import Person
from connectors.sandbox.working_time import MINUTE

REGIONS = ("ap", "eu", "us")
DECLARED_AFTER = 4 * MINUTE
"""An incident is declared somewhat after it was noticed."""

Document = dict[str, Any]


def monitor_document(
    service: str, created_at: int, outages: list[Outage], creator: Person, *, has_groups: bool
) -> Document:
    """A monitor of a service, broken down by regions; an outage strikes one region, a severe one all."""
    document: Document = {
        "id": monitor_id(service),
        "name": f"{service} error rate",
        "type": "query alert",
        "query": f"sum(last_5m):sum:requests.bad{{service:{service}}} by {{region}}.as_count() > 100",
        "message": f"Look after {service}.",
        "tags": [f"service:{service}", "env:production"],
        "priority": 2,
        "multi": True,
        "created": text(created_at),
        "modified": text(created_at),
        "deleted": None,
        "restricted_roles": None,
        "creator": {"name": creator.name, "handle": creator.email, "email": creator.email},
        "options": {"thresholds": {"critical": 100}, "notify_no_data": False},
    }
    groups = {f"region:{region}": _group(region, _striking(outages, region)) for region in REGIONS}
    is_alerting = any(group["status"] == "Alert" for group in groups.values())
    document["overall_state"] = "Alert" if is_alerting else "OK"
    return document | ({"state": {"groups": groups}} if has_groups else {})


def _striking(outages: list[Outage], region: str) -> list[Outage]:
    return [
        outage for outage in outages if outage.severity == 1 or REGIONS[outage.start % len(REGIONS)] == region
    ]


def _group(region: str, outages: list[Outage]) -> Document:
    is_open = any(outage.end is None for outage in outages)
    resolved = [outage.end for outage in outages if outage.end is not None]
    triggered = [outage.start for outage in outages]
    return {
        "name": f"region:{region}",
        "status": "Alert" if is_open else "OK",
        "last_triggered_ts": max(triggered) if triggered else None,
        "last_notified_ts": max(triggered) if triggered else None,
        "last_resolved_ts": max(resolved) if resolved else None,
        "last_nodata_ts": None,
    }


def incident_document(company: Company, incident: IncidentState) -> Document:
    """An incident of the second version of the API."""
    opened, resolved_at = incident.opened, incident.resolved_at
    created_at = opened.at + DECLARED_AFTER
    severity, state = f"SEV-{opened.severity}", "active" if resolved_at is None else "resolved"
    teams = sorted({company.owner_at(service, opened.at) for service in opened.services})
    reporter = {"data": {"type": "users", "id": user_id(opened.reporter)}}
    modified_at = created_at if resolved_at is None else max(resolved_at, created_at)
    return {
        "id": incident_id(opened.number),
        "type": "incidents",
        "attributes": {
            "public_id": opened.number,
            "title": opened.title,
            "created": precise(created_at),
            "modified": precise(modified_at),
            "detected": precise(opened.at),
            "resolved": None if resolved_at is None else precise(resolved_at),
            "customer_impacted": True,
            "customer_impact_scope": opened.body,
            "customer_impact_start": precise(opened.at),
            "customer_impact_end": None if resolved_at is None else precise(resolved_at),
            "customer_impact_duration": 0 if resolved_at is None else resolved_at - opened.at,
            "severity": severity,
            "state": state,
            "time_to_detect": 0,
            "time_to_internal_response": 0,
            "time_to_repair": 0 if resolved_at is None else resolved_at - opened.at,
            "time_to_resolve": 0 if resolved_at is None else max(0, resolved_at - created_at),
            "fields": {
                "severity": {"type": "dropdown", "value": severity},
                "state": {"type": "dropdown", "value": state},
                "detection_method": {"type": "dropdown", "value": "monitor"},
                "root_cause": {"type": "textbox", "value": None},
                "summary": {"type": "textbox", "value": None},
                "services": {"type": "autocomplete", "value": list(opened.services)},
                "teams": {"type": "autocomplete", "value": teams},
            },
            "notification_handles": [],
        },
        "relationships": {
            "created_by_user": reporter,
            "last_modified_by_user": reporter,
            "commander_user": reporter,
            "integrations": {"data": []},
        },
    }


def user_document(person: Person, joined_at: int, left_at: int | None) -> Document:
    """A person of the second version of the API; who left is disabled, not removed."""
    return {
        "id": user_id(person.login),
        "type": "users",
        "attributes": {
            "name": person.name,
            "handle": person.email,
            "email": person.email,
            "created_at": precise(joined_at),
            "modified_at": precise(joined_at if left_at is None else left_at),
            "disabled": left_at is not None,
            "status": "Active" if left_at is None else "Disabled",
            "service_account": False,
            "verified": True,
            "title": None,
            "icon": "",
        },
        "relationships": {
            "org": {"data": {"type": "orgs", "id": user_id(ORGANISATION)}},
            "roles": {"data": []},
        },
    }


def text(instant: int) -> str:
    """An instant as the first version of the API writes it."""
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="microseconds")


def precise(instant: int) -> str:
    """An instant as the second version of the API writes it."""
    return datetime.fromtimestamp(instant, UTC).isoformat()
