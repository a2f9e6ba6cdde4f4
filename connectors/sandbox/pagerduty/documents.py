"""Renders incidents, their log, services, teams, policies and people as PagerDuty does."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from connectors.sandbox.pagerduty.alarms import ESCALATION_DELAY, Alarm, LogEntry
from connectors.sandbox.pagerduty.identifiers import (
    identifier,
    policy_id,
    schedule_id,
    service_id,
    team_id,
    user_id,
)
from connectors.sandbox.people import Person
from connectors.sandbox.working_time import MINUTE

API = "https://api.pagerduty.example"
WEB = "https://acme.pagerduty.example"
"""Addresses in bodies are those of a fixed host, so that equal states give equal bytes on any port."""

LOWEST_HIGH_URGENCY = 2
_STATUSES = {"trigger": "triggered", "acknowledge": "acknowledged", "resolve": "resolved"}
_CHANNELS = {"trigger": "api", "notify": "auto", "annotate": "note", "escalate": "timeout"}

Document = dict[str, Any]


class Rendering:
    """Documents in one time zone.

    Args:
        people: Everybody who ever had an account, by login.
        zone: The zone that instants are written in.
        has_channels: Whether channels are given whole.
    """

    def __init__(
        self, people: Mapping[str, Person], zone: tzinfo = UTC, *, has_channels: bool = False
    ) -> None:
        self._people = people
        self._zone = zone
        self._has_channels = has_channels

    def stamp(self, instant: int) -> str:
        """An instant as PagerDuty writes it."""
        return datetime.fromtimestamp(instant, self._zone).isoformat().replace("+00:00", "Z")

    def incident(self, alarm: Alarm, instant: int) -> Document:
        """An incident as it stands at an instant."""
        known = alarm.known_at(instant)
        turns = [entry for entry in known if entry.kind in _STATUSES]
        last = turns[-1]
        status = _STATUSES[last.kind]
        is_over = status == "resolved"
        resolved_at = self.stamp(last.at) if is_over and not alarm.is_undated else None
        return {
            **self.incident_reference(alarm),
            "type": "incident",
            "incident_number": alarm.number,
            "title": alarm.title,
            "created_at": self.stamp(alarm.at),
            "updated_at": self.stamp(known[-1].at),
            "status": status,
            "incident_key": alarm.id.lower(),
            "service": self.service_reference(alarm.service),
            "assignments": [] if is_over else self._assignments(known),
            "assigned_via": "escalation_policy",
            "last_status_change_at": self.stamp(last.at),
            "resolved_at": resolved_at,
            "first_trigger_log_entry": self._entry_reference(alarm, alarm.entries[0]),
            "alert_counts": {"all": 1, "triggered": int(not is_over), "resolved": int(is_over)},
            "is_mergeable": True,
            "incident_type": {"name": "incident_default"},
            "escalation_policy": self.policy_reference(alarm.team),
            "teams": [self.team_reference(alarm.team)],
            "pending_actions": [],
            "acknowledgements": self._acknowledgements(turns),
            "alert_grouping": None,
            "last_status_change_by": self._agent(alarm, last),
            "priority": self._priority(alarm),
            "resolve_reason": self._resolve_reason(last),
            "conference_bridge": None,
            "incidents_responders": [],
            "responder_requests": [],
            "urgency": "high" if alarm.severity <= LOWEST_HIGH_URGENCY else "low",
        }

    def log_entry(self, alarm: Alarm, entry: LogEntry) -> Document:
        """One line of an incident's log; what a note says is part of its channel."""
        document = {
            **self._entry_reference(alarm, entry),
            "type": f"{entry.kind}_log_entry",
            "created_at": self.stamp(entry.at),
            "agent": self._agent(alarm, entry),
            "channel": {"type": _CHANNELS.get(entry.kind, "website")},
            "service": self.service_reference(alarm.service),
            "incident": self.incident_reference(alarm),
            "teams": [self.team_reference(alarm.team)],
            "contexts": [],
        }
        if entry.kind == "annotate" and self._has_channels:
            document["channel"] = {"type": "note", "summary": entry.note}
        elif entry.kind == "trigger":
            document["event_details"] = {"description": alarm.title}
        elif entry.kind == "notify":
            document["user"] = self.user_reference(entry.assignees[0])
        elif entry.assignees:
            document["assignees"] = [self.user_reference(login) for login in entry.assignees]
        return document

    def service(
        self, name: str, *, team: str, created_at: int, open_alarms: Sequence[Alarm], last: int | None
    ) -> Document:
        """A service, with who answers for it."""
        is_critical = any(alarm.severity <= LOWEST_HIGH_URGENCY for alarm in open_alarms)
        return {
            **self.service_reference(name),
            "type": "service",
            "name": name,
            "description": None,
            "auto_resolve_timeout": None,
            "acknowledgement_timeout": None,
            "created_at": self.stamp(created_at),
            "status": ("critical" if is_critical else "warning") if open_alarms else "active",
            "last_incident_timestamp": None if last is None else self.stamp(last),
            "escalation_policy": self.policy_reference(team),
            "teams": [self.team_reference(team)],
            "integrations": [],
            "incident_urgency_rule": {"type": "constant", "urgency": "severity_based"},
            "support_hours": None,
            "scheduled_actions": [],
            "addons": [],
            "alert_creation": "create_alerts_and_incidents",
        }

    def team(self, name: str) -> Document:
        """A team."""
        title = name.replace("-", " ").title()
        return {**self.team_reference(name), "type": "team", "name": title, "description": None}

    def policy(self, team: str, *, services: Sequence[str], behind: str | None) -> Document:
        """The escalation policy of a team: first whoever is on call, then the person behind."""
        delay = ESCALATION_DELAY // MINUTE
        targets = [[self.schedule_reference(team)], [self.user_reference(behind)] if behind else []]
        return {
            **self.policy_reference(team),
            "type": "escalation_policy",
            "name": f"{team} escalation",
            "description": None,
            "num_loops": 1,
            "on_call_handoff_notifications": "if_has_services",
            "escalation_rules": [
                {
                    "id": identifier("P", "rule", team, level),
                    "escalation_delay_in_minutes": delay,
                    "targets": level_targets,
                }
                for level, level_targets in enumerate(targets, 1)
                if level_targets
            ],
            "services": [self.service_reference(service) for service in services],
            "teams": [self.team_reference(team)],
        }

    def user(self, login: str, *, teams: Sequence[str]) -> Document:
        """A person."""
        person = self._people[login]
        return {
            **self.user_reference(login),
            "type": "user",
            "name": person.name,
            "email": person.email,
            "time_zone": "Etc/UTC",
            "color": "green",
            "avatar_url": f"{WEB}/avatars/{user_id(login)}",
            "billed": True,
            "role": "user",
            "description": None,
            "invitation_sent": False,
            "job_title": None,
            "teams": [self.team_reference(team) for team in teams],
            "contact_methods": [],
            "notification_rules": [],
        }

    def on_call(self, team: str, login: str, *, level: int, start: int | None, end: int | None) -> Document:
        """Whoever is on call for a policy; without a schedule always."""
        return {
            "escalation_policy": self.policy_reference(team),
            "escalation_level": level,
            "schedule": None if start is None else self.schedule_reference(team),
            "user": self.user_reference(login),
            "start": None if start is None else self.stamp(start),
            "end": None if end is None else self.stamp(end),
        }

    def user_reference(self, login: str) -> Document:
        """A person as nested in other objects."""
        return _reference("users", "user", user_id(login), self._people[login].name)

    def team_reference(self, team: str) -> Document:
        """A team as nested in other objects."""
        return _reference("teams", "team", team_id(team), team.replace("-", " ").title())

    def service_reference(self, service: str) -> Document:
        """A service as nested in other objects."""
        return _reference("services", "service", service_id(service), service)

    def policy_reference(self, team: str) -> Document:
        """An escalation policy as nested in other objects."""
        return _reference("escalation_policies", "escalation_policy", policy_id(team), f"{team} escalation")

    def schedule_reference(self, team: str) -> Document:
        """A schedule as nested in other objects."""
        return _reference("schedules", "schedule", schedule_id(team), f"{team} on call")

    def incident_reference(self, alarm: Alarm) -> Document:
        """An incident as nested in other objects."""
        return _reference("incidents", "incident", alarm.id, f"[#{alarm.number}] {alarm.title}")

    def _entry_reference(self, alarm: Alarm, entry: LogEntry) -> Document:
        entry_id = identifier("R", alarm.id, entry.ordinal, entry.kind, length=26)
        reference = _reference("log_entries", f"{entry.kind}_log_entry", entry_id, f"{entry.kind} entry")
        return reference | {"html_url": f"{WEB}/incidents/{alarm.id}/log_entries/{entry_id}"}

    def _agent(self, alarm: Alarm, entry: LogEntry) -> Document:
        return (
            self.service_reference(alarm.service) if entry.agent is None else self.user_reference(entry.agent)
        )

    def _assignments(self, known: Sequence[LogEntry]) -> list[Document]:
        given = [entry for entry in known if entry.assignees and entry.kind != "notify"]
        return [
            {"at": self.stamp(entry.at), "assignee": self.user_reference(login)}
            for entry in given[-1:]
            for login in entry.assignees
        ]

    def _acknowledgements(self, turns: Sequence[LogEntry]) -> list[Document]:
        last = turns[-1]
        if last.kind != "acknowledge" or last.agent is None:
            return []
        return [{"at": self.stamp(last.at), "acknowledger": self.user_reference(last.agent)}]

    def _priority(self, alarm: Alarm) -> Document:
        name = f"P{alarm.severity}"
        return _reference("priorities", "priority", identifier("P", "priority", name), name) | {
            "type": "priority",
            "name": name,
            "order": alarm.severity,
        }

    def _resolve_reason(self, last: LogEntry) -> Document | None:
        if last.merged_into is None:
            return None
        target = _reference("incidents", "incident", last.merged_into, "merged incident")
        return {"type": "merge_resolve_reason", "incident": target}


def _reference(path: str, kind: str, identity: str, summary: str) -> Document:
    return {
        "id": identity,
        "type": f"{kind}_reference",
        "summary": summary,
        "self": f"{API}/{path}/{identity}",
        "html_url": f"{WEB}/{path}/{identity}",
    }
