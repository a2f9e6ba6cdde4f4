"""What happens in the simulated organisation, as its tools deliver it to the endpoints."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import httpx

from connectors.sandbox import Organisation
from connectors.sandbox.events import DeploymentStarted, IncidentOpened
from orchestration.receiving import receiving_application
from orchestration.workspace import Workspace

EACH = 3
"""Deliveries of each provider."""


@dataclass(frozen=True, slots=True)
class Posted:
    """One delivery."""

    provider: str
    body: bytes
    headers: Mapping[str, str]


def deliver(workspace: Workspace, organisation: Organisation, environment: Mapping[str, str]) -> list[int]:
    """Put some of the story's happenings through the receiver; the status of each answer."""
    secret = environment["ASSAY_PUSH_SECRET"]

    async def send() -> list[int]:
        transport = httpx.ASGITransport(receiving_application(workspace, environment=environment))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as sender:
            answers = [
                await sender.post(f"/push/{each.provider}", content=each.body, headers=dict(each.headers))
                for each in deliveries(organisation, secret)
            ]
        return [answer.status_code for answer in answers]

    return asyncio.run(send())


def deliveries(organisation: Organisation, secret: str) -> Iterator[Posted]:
    """The first deployments and incidents of the story, told by everybody who may tell of them."""
    events = organisation.timeline
    for started in islice((each for each in events if isinstance(each, DeploymentStarted)), EACH):
        yield from _of_deployment(started, secret)
    for opened in islice((each for each in events if isinstance(each, IncidentOpened)), EACH):
        yield from _of_incident(opened, secret)


def _of_deployment(started: DeploymentStarted, secret: str) -> Iterator[Posted]:
    at, number = _text(started.at), str(started.number)
    deployment = {"id": started.number, "sha": started.commit_sha, "environment": started.environment}
    state = {"state": "in_progress", "created_at": at}
    body = _json({"action": "created", "deployment": deployment, "deployment_status": state})
    signature = {"x-hub-signature-256": f"sha256={_signed(body, secret)}"}
    yield Posted(
        "github", body, signature | {"x-github-event": "deployment_status", "x-github-delivery": number}
    )
    hook = {"object_kind": "deployment", "status": "running", "deployment_id": started.number}
    named = {"x-gitlab-token": secret, "x-gitlab-event": "Deployment Hook", "idempotency-key": number}
    yield Posted("gitlab", _json(hook | {"environment": started.environment}), named)
    subject = {"id": started.service, "content": {"environment": {"id": started.environment}}}
    kind = "dev.cdevents.service.deployed.0.2.0"
    context = {"type": kind, "timestamp": at}
    names = {"ce-id": number, "ce-source": "/ci", "ce-type": kind}
    yield Posted("cdevents", _json({"context": context, "subject": subject}), _bearer(secret) | names)
    report = {
        "id": f"rollout-{number}",
        "service": started.service,
        "environment": started.environment,
        "commit_sha": started.commit_sha,
        "status": "running",
        "started_at": at,
    }
    yield Posted("deployments", _json(report), _bearer(secret))


def _of_incident(opened: IncidentOpened, secret: str) -> Iterator[Posted]:
    at, number = _text(opened.at), str(opened.number)
    service = opened.services[0]
    data = {"id": f"P{number}", "status": "triggered", "service": {"id": service}}
    event = {"id": f"E{number}", "event_type": "incident.triggered", "occurred_at": at, "data": data}
    body = _json({"event": event})
    yield Posted("pagerduty", body, {"x-pagerduty-signature": f"v1={_signed(body, secret)}"})
    report = {"id": f"incident-{number}", "service": service, "status": "open", "opened_at": at}
    yield Posted("incidents", _json(report), _bearer(secret))


def _bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def _signed(body: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document).encode()


def _text(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).isoformat()
