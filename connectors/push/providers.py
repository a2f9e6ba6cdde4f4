"""Who sends: how each signs, names its deliveries, and says what happened. Pure functions over a request."""

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from connectors.push.settings import Provider

_KEPT_HEADERS = frozenset(
    {
        "content-type",
        "user-agent",
        "x-github-delivery",
        "x-github-event",
        "x-github-hook-id",
        "x-github-hook-installation-target-id",
        "x-github-hook-installation-target-type",
        "x-gitlab-event",
        "x-gitlab-event-uuid",
        "x-gitlab-webhook-uuid",
        "x-gitlab-instance",
        "idempotency-key",
        "x-webhook-id",
        "x-webhook-subscription",
        "ce-id",
        "ce-source",
        "ce-specversion",
        "ce-subject",
        "ce-time",
        "ce-type",
    }
)
"""Headers that evidence keeps. Signatures and tokens are not among them."""

_NAME_LENGTH = 200
Headers = Mapping[str, str]


class MalformedDeliveryError(Exception):
    """The delivery is not what its provider sends; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a delivery says of itself."""

    event: str
    delivery_id: str


@dataclass(frozen=True, slots=True)
class ProviderRules:
    """How deliveries of one provider are taken.

    Attributes:
        stream: The stream that they belong to.
        is_genuine: Whether a request was made by somebody who knows the secret.
        name: Finds event and id.
    """

    stream: str
    is_genuine: Callable[[Headers, bytes, str], bool]
    name: Callable[[Headers, bytes], Named]


def is_genuine(provider: Provider, headers: Headers, body: bytes, secrets: Sequence[str]) -> bool:
    """Whether one of the secrets made the delivery's signature (or is its token)."""
    return any(PROVIDERS[provider].is_genuine(headers, body, secret) for secret in secrets)


def kept_headers(headers: Headers) -> dict[str, str]:
    """The headers that evidence keeps."""
    return {name: text for name, text in headers.items() if name in _KEPT_HEADERS}


def _github_signature(headers: Headers, body: bytes, secret: str) -> bool:
    """docs.github.com, "Validating webhook deliveries"."""
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return _is_same(expected, headers.get("x-hub-signature-256"))


def _gitlab_token(headers: Headers, body: bytes, secret: str) -> bool:
    """docs.gitlab.com, "Webhooks": the secret token comes back as it is."""
    del body
    return _is_same(secret, headers.get("x-gitlab-token"))


def _pagerduty_signature(headers: Headers, body: bytes, secret: str) -> bool:
    """developer.pagerduty.com, "Verifying signatures": several may stand beside each other in a rotation."""
    expected = "v1=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    given = headers.get("x-pagerduty-signature", "").split(",")
    return any(_is_same(expected, each.strip()) for each in given)


def _bearer_token(headers: Headers, body: bytes, secret: str) -> bool:
    """A shared secret as `Authorization: Bearer` (RFC 6750)."""
    del body
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and _is_same(secret, token.strip())


def _is_same(expected: str, given: str | None) -> bool:
    return given is not None and hmac.compare_digest(expected.encode(), given.encode())


def _name_github(headers: Headers, body: bytes) -> Named:
    _object(body)
    return Named(_header(headers, "x-github-event"), _header(headers, "x-github-delivery"))


def _name_gitlab(headers: Headers, body: bytes) -> Named:
    """The idempotency key stays the same when a delivery is repeated; older servers send the event's id."""
    _object(body)
    name = "idempotency-key" if "idempotency-key" in headers else "x-gitlab-event-uuid"
    return Named(_header(headers, "x-gitlab-event"), _header(headers, name))


def _name_pagerduty(headers: Headers, body: bytes) -> Named:
    """A v3 delivery wraps one event."""
    del headers
    event = _object(body).get("event")
    if not isinstance(event, dict):
        raise MalformedDeliveryError("the body has no event: this is no delivery of a v3 webhook")
    return Named(_text(event, "event_type"), _text(event, "id"))


def _name_cdevent(headers: Headers, body: bytes) -> Named:
    """CloudEvents 1.0 over HTTP: attributes in headers (binary mode) or beside the data (structured mode)."""
    values = _object(body)
    if headers.get("content-type", "").startswith("application/cloudevents+json"):
        return Named(_text(values, "type"), f"{_text(values, 'source')} {_text(values, 'id')}")
    if "ce-id" not in headers:
        raise MalformedDeliveryError("neither ce- headers nor application/cloudevents+json: no CloudEvent")
    identity = f"{_header(headers, 'ce-source')} {_header(headers, 'ce-id')}"
    return Named(_header(headers, "ce-type"), identity)


def _with_zone(instant: datetime | None) -> datetime | None:
    if instant is not None and instant.tzinfo is None:
        raise ValueError("it has no time zone: write it like 2026-07-01T12:00:00Z")
    return instant


Instant = Annotated[datetime, AfterValidator(_with_zone)]
Text = Annotated[str, Field(min_length=1, max_length=_NAME_LENGTH)]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    id: Text


class DeploymentDocument(_Document):
    """A deployment as anybody may report it."""

    service: Text
    environment: Text
    commit_sha: Annotated[str, Field(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")] | None = None
    version: Text | None = None
    status: Literal["running", "success", "failure", "cancelled"]
    started_at: Instant
    finished_at: Instant | None = None
    updated_at: Instant | None = None


class IncidentDocument(_Document):
    """An incident as anybody may report it."""

    service: Text
    severity: Text | None = None
    status: Literal["open", "acknowledged", "resolved"]
    opened_at: Instant
    acknowledged_at: Instant | None = None
    resolved_at: Instant | None = None
    updated_at: Instant | None = None
    caused_by_deployment_id: Text | None = None
    caused_by_commit_sha: Annotated[str, Field(pattern=r"^[0-9a-f]{7,64}$")] | None = None
    caused_by_pull_request: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+#\d+$")] | None = None


def _name_document(model: type[_Document], event: str) -> Callable[[Headers, bytes], Named]:
    """A document may come again with the same id when something has changed: its content tells which."""

    def name(headers: Headers, body: bytes) -> Named:
        del headers
        try:
            document = model.model_validate(_object(body))
        except ValidationError as error:
            raise MalformedDeliveryError(
                "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
            ) from error
        return Named(event, f"{document.id} {hashlib.sha256(body).hexdigest()[:16]}")

    return name


PROVIDERS: Mapping[Provider, ProviderRules] = {
    "github": ProviderRules("github_deliveries", _github_signature, _name_github),
    "gitlab": ProviderRules("gitlab_deliveries", _gitlab_token, _name_gitlab),
    "pagerduty": ProviderRules("pagerduty_deliveries", _pagerduty_signature, _name_pagerduty),
    "cdevents": ProviderRules("cdevents", _bearer_token, _name_cdevent),
    "deployments": ProviderRules(
        "deployments", _bearer_token, _name_document(DeploymentDocument, "deployment")
    ),
    "incidents": ProviderRules("incidents", _bearer_token, _name_document(IncidentDocument, "incident")),
}


def _object(body: bytes) -> dict[str, Any]:
    try:
        values = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedDeliveryError(f"the body is not JSON: {error}") from error
    except RecursionError:
        raise MalformedDeliveryError("the body is nested too deeply to be a delivery") from None
    if not isinstance(values, dict):
        raise MalformedDeliveryError("the body is not a JSON object")
    return values


def _header(headers: Headers, name: str) -> str:
    text = headers.get(name, "").strip()
    if not text or len(text) > _NAME_LENGTH:
        raise MalformedDeliveryError(f"the header {name} is missing or too long")
    return text


def _text(values: Mapping[str, Any], name: str) -> str:
    text = values.get(name)
    if not isinstance(text, str) or not text or len(text) > _NAME_LENGTH:
        raise MalformedDeliveryError(f"{name} is missing or is no short text")
    return text
