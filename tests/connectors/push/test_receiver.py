"""What others send: kept before it is acknowledged, once, whoever is refused."""

import asyncio
import gzip
import hashlib
import hmac
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from connectors.errors import PermanentSourceError
from connectors.evidence import Batch, CommitResult, EvidenceStore
from connectors.kinds import Opening
from connectors.push.inbox import Delivery, Inbox
from connectors.push.kind import KIND, inbox_of
from connectors.push.receiver import Receiver, receiver_application
from connectors.push.settings import PushSettings
from connectors.push.source import PushSource
from connectors.push.streams import STREAM_OF
from connectors.streams import TimeWindow
from tests.connectors.workspace import FakeTime, landed, open_store, windows

SECRET, OLD_SECRET = "planted-hook-secret", "planted-old-secret"
SECRETS = {"HOOK": SECRET, "OLD_HOOK": OLD_SECRET}
PROVIDERS = tuple(STREAM_OF)


def settings(**changes: Any) -> PushSettings:
    endpoints = [{"provider": name, "secret_env": "HOOK"} for name in PROVIDERS]
    endpoints[0]["previous_secret_env"] = "OLD_HOOK"
    given = {"name": "hooks", "kind": "push", "endpoints": endpoints, "max_body_bytes": 20_000, **changes}
    return PushSettings.model_validate(given)


class Client:
    """Sends requests to an application, one at a time."""

    def __init__(self, app: Starlette) -> None:
        self.app = app

    def post(self, path: str, *, content: Any, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return asyncio.run(self._send("POST", path, content=content, headers=headers or {}))

    def get(self, path: str) -> httpx.Response:
        return asyncio.run(self._send("GET", path, content=b"", headers={}))

    async def _send(self, method: str, path: str, **given: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as sender:
            return await sender.request(method, path, **given)


def client(folder: Path, **changes: Any) -> Client:
    told = changes.pop("settings", settings())
    receiver = Receiver(
        settings=told,
        secrets=SECRETS,
        inbox=changes.pop("inbox", inbox_of(told, folder)),
        clock=FakeTime().clock,
        may_collect=changes.pop("may_collect", lambda _: True),
    )
    return Client(receiver_application(receiver))


def signed(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def github(
    body: bytes, *, delivery: str = "d-1", secret: str = SECRET, event: str = "push"
) -> dict[str, str]:
    return {
        "x-github-event": event,
        "x-github-delivery": delivery,
        "x-hub-signature-256": f"sha256={signed(body, secret)}",
        "content-type": "application/json",
    }


INCIDENT = {
    "id": "i-1",
    "service": "checkout",
    "status": "open",
    "opened_at": "2026-11-01T10:00:00+01:00",
    "caused_by_commit_sha": "8d1f0f5",
    "caused_by_pull_request": "acme/checkout#7",
}
DEPLOYMENT = {
    "id": "rollout-7",
    "service": "checkout",
    "environment": "production",
    "commit_sha": "a" * 40,
    "status": "success",
    "started_at": "2026-11-01T10:00:00Z",
    "finished_at": "2026-11-01T10:05:00Z",
}


def genuine(provider: str) -> tuple[bytes, dict[str, str]]:
    """A good delivery of each provider."""
    body = json.dumps({"action": "created", "number": 1}).encode()
    bearer = {"authorization": f"Bearer {SECRET}"}
    match provider:
        case "github":
            return body, github(body)
        case "gitlab":
            return body, {"x-gitlab-token": SECRET, "x-gitlab-event": "Push Hook", "idempotency-key": "g-1"}
        case "pagerduty":
            body = json.dumps({"event": {"id": "p-1", "event_type": "incident.triggered"}}).encode()
            return body, {"x-pagerduty-signature": f"v1=00,v1={signed(body)}"}
        case "cdevents":
            event = {"ce-id": "c-1", "ce-source": "/ci", "ce-type": "dev.cdevents.service.deployed.0.2.0"}
            return body, bearer | event
        case "deployments":
            return json.dumps(DEPLOYMENT).encode(), bearer
    return json.dumps(INCIDENT).encode(), bearer


def source(folder: Path, store: EvidenceStore) -> PushSource:
    opened = KIND.open(settings(), Opening(store=store, runtime=FakeTime().runtime(), folder=folder))
    assert isinstance(opened, PushSource)
    return opened


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_genuine_delivery_is_kept_once_and_landed_byte_by_byte(tmp_path: Path, provider: str) -> None:
    body, headers = genuine(provider)
    served = client(tmp_path)
    assert served.post(f"/{provider}", content=body, headers=headers).status_code == 202
    assert served.post(f"/{provider}", content=body, headers=headers).json() == {"result": "known"}
    stream = STREAM_OF[provider].name
    with open_store(tmp_path) as store:
        report = source(tmp_path, store).extract(stream, run_id="run")
        assert (report.pages, report.records, report.windows_closed) == (1, 1, 1)
        (page,) = landed(store, stream)
        assert page["body"] == body
        assert page["method"] == "POST"
        assert SECRET not in json.dumps(page, default=str)
        assert "signature" not in page["headers"]
        assert source(tmp_path, store).extract(stream, run_id="again").pages == 0
    assert client(tmp_path).post(f"/{provider}", content=body, headers=headers).json() == {"result": "known"}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_delivery_that_somebody_else_made_is_refused_and_not_kept(tmp_path: Path, provider: str) -> None:
    body, headers = genuine(provider)
    served = client(tmp_path)
    names = ("x-hub-signature-256", "x-gitlab-token", "x-pagerduty-signature", "authorization")
    for forged in ({}, dict.fromkeys(names, "sha256=0"), {"authorization": "Bearer wrong"}):
        kept = {name: text for name, text in headers.items() if name not in names}
        answer = served.post(f"/{provider}", content=body, headers=kept | forged)
        assert answer.status_code == 401, forged
    changed = served.post(f"/{provider}", content=body + b" ", headers=headers)
    assert changed.status_code == (401 if provider in ("github", "pagerduty") else 202)
    if changed.status_code == 401:
        assert inbox_of(settings(), tmp_path).count() == {}


def test_the_secret_before_a_rotation_counts_where_it_is_named(tmp_path: Path) -> None:
    body = b"{}"
    assert client(tmp_path).post("/github", content=body, headers=github(body, secret=OLD_SECRET)).is_success
    token = {"x-gitlab-token": OLD_SECRET, "x-gitlab-event": "Push Hook", "idempotency-key": "g-1"}
    assert client(tmp_path).post("/gitlab", content=body, headers=token).status_code == 401


def test_a_body_that_is_too_large_is_refused_whether_it_is_announced_or_not(tmp_path: Path) -> None:
    body = b'{"a": "' + b"x" * 30_000 + b'"}'
    served = client(tmp_path)
    assert served.post("/github", content=body, headers=github(body)).status_code == 413

    async def dripping() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 1000):
            yield body[at : at + 1000]

    assert served.post("/github", content=dripping(), headers=github(body)).status_code == 413
    assert inbox_of(settings(), tmp_path).count() == {}


def test_a_compressed_body_is_refused(tmp_path: Path) -> None:
    body = gzip.compress(b"{}")
    headers = github(body) | {"content-encoding": "gzip"}
    assert client(tmp_path).post("/github", content=body, headers=headers).status_code == 415


def test_a_stream_without_an_entry_in_the_register_is_not_collected(tmp_path: Path) -> None:
    body, headers = genuine("github")
    served = client(tmp_path, may_collect=lambda stream: stream.name != "github_deliveries")
    answer = served.post("/github", content=body, headers=headers)
    assert answer.status_code == 403
    assert "collection register" in answer.json()["error"]
    assert inbox_of(settings(), tmp_path).count() == {}
    body, headers = genuine("deployments")
    assert served.post("/deployments", content=body, headers=headers).status_code == 202


@pytest.mark.parametrize(
    ("provider", "body", "said"),
    [
        ("github", b"{", "not JSON"),
        ("github", b"[]", "not a JSON object"),
        ("deployments", json.dumps(DEPLOYMENT | {"status": "done"}).encode(), "status"),
        ("deployments", json.dumps(DEPLOYMENT | {"started_at": "2026-11-01T10:00:00"}).encode(), "time zone"),
        ("deployments", json.dumps(DEPLOYMENT | {"commit_sha": "abc"}).encode(), "commit_sha"),
        ("deployments", json.dumps(DEPLOYMENT | {"comment": "hello"}).encode(), "comment"),
        ("incidents", b'{"id": "1"}', "service"),
        ("incidents", json.dumps(INCIDENT | {"caused_by_commit_sha": "main"}).encode(), "caused_by_commit"),
        ("incidents", json.dumps(INCIDENT | {"caused_by_pull_request": "#7"}).encode(), "caused_by_pull"),
    ],
)
def test_a_malformed_delivery_is_refused_with_what_is_wrong(
    tmp_path: Path, provider: str, body: bytes, said: str
) -> None:
    headers = github(body) if provider == "github" else {"authorization": f"Bearer {SECRET}"}
    answer = client(tmp_path).post(f"/{provider}", content=body, headers=headers)
    assert answer.status_code == 422
    assert said in answer.json()["error"]


def test_a_delivery_without_event_or_id_is_refused(tmp_path: Path) -> None:
    body = b"{}"
    for missing in ("x-github-event", "x-github-delivery"):
        headers = github(body)
        del headers[missing]
        answer = client(tmp_path).post("/github", content=body, headers=headers)
        assert (answer.status_code, missing in answer.json()["error"]) == (422, True)


def test_another_body_under_a_known_id_is_a_conflict_and_the_first_stays(tmp_path: Path) -> None:
    served = client(tmp_path)
    assert served.post("/github", content=b"{}", headers=github(b"{}")).status_code == 202
    assert served.post("/github", content=b'{"a":1}', headers=github(b'{"a":1}')).status_code == 409
    (waiting,) = inbox_of(settings(), tmp_path).waiting("github_deliveries")
    assert waiting.body == b"{}"


def test_a_report_that_changes_is_another_delivery_of_the_same_deployment(tmp_path: Path) -> None:
    served = client(tmp_path)
    bearer = {"authorization": f"Bearer {SECRET}"}
    for status in ("running", "success", "success"):
        served.post("/deployments", content=json.dumps(DEPLOYMENT | {"status": status}), headers=bearer)
    with open_store(tmp_path) as store:
        assert source(tmp_path, store).extract("deployments", run_id="run").pages == 2


def test_structured_cloud_events_are_named_by_source_and_id(tmp_path: Path) -> None:
    event = {"specversion": "1.0", "id": "9", "source": "/ci", "type": "dev.cdevents.incident.detected.0.2.0"}
    headers = {"authorization": f"Bearer {SECRET}", "content-type": "application/cloudevents+json"}
    served = client(tmp_path)
    assert served.post("/cdevents", content=json.dumps(event), headers=headers).status_code == 202
    assert served.post("/cdevents", content=json.dumps(event), headers=headers).json() == {"result": "known"}
    del event["id"]
    assert served.post("/cdevents", content=json.dumps(event), headers=headers).status_code == 422


def test_addresses_methods_and_health(tmp_path: Path) -> None:
    served = client(tmp_path)
    assert served.post("/nobody", content=b"{}").status_code == 404
    assert served.get("/github").status_code == 405
    body, headers = genuine("github")
    served.post("/github", content=body, headers=headers)
    assert served.get("/health").json() == {"waiting": {"github_deliveries": 1}}


def test_a_disk_that_takes_nothing_is_told_so_that_the_sender_tries_again(tmp_path: Path) -> None:
    class FullDisk(Inbox):
        def put(self, delivery: Delivery) -> Any:
            del delivery
            raise sqlite3.OperationalError("database or disk is full")

    body, headers = genuine("github")
    full = FullDisk(tmp_path / "full.sqlite", source="hooks")
    assert client(tmp_path, inbox=full).post("/github", content=body, headers=headers).status_code == 503


def test_deliveries_are_landed_in_order_and_a_crash_between_two_steps_doubles_none(tmp_path: Path) -> None:
    inbox = inbox_of(settings(), tmp_path)
    served = client(tmp_path)
    for number in range(7):
        body = b'{"n":%d}' % number
        event = "push" if number % 2 else "release"
        served.post("/github", content=body, headers=github(body, delivery=f"d-{number}", event=event))
    with open_store(tmp_path) as store:
        inbox_that_forgets_nothing = source(tmp_path, store)
        inbox_that_forgets_nothing._inbox.forget_bodies = lambda *_, **__: None  # type: ignore[method-assign]
        inbox_that_forgets_nothing.extract("github_deliveries", run_id="killed after its commit")
        assert inbox.count() == {"github_deliveries": 7}
        assert source(tmp_path, store).extract("github_deliveries", run_id="next").pages == 0
        assert inbox.count() == {}
        bodies = [page["body"] for page in landed(store, "github_deliveries")]
        assert bodies == [b'{"n":%d}' % number for number in range(7)]
        assert {row["scope"] for row in windows(store, "github_deliveries")} == {"push", "release"}


def test_a_commit_that_fails_keeps_everything_waiting(tmp_path: Path) -> None:
    body, headers = genuine("github")
    client(tmp_path).post("/github", content=body, headers=headers)

    class Failing(EvidenceStore):
        def commit(self, batch: Batch) -> CommitResult:
            del batch
            raise OSError("no space left on device")

    with open_store(tmp_path) as store:
        store.__class__ = Failing
        with pytest.raises(OSError, match="no space"):
            source(tmp_path, store).extract("github_deliveries", run_id="run")
        store.__class__ = EvidenceStore
        assert source(tmp_path, store).extract("github_deliveries", run_id="next").pages == 1


def test_a_delivery_that_was_changed_while_it_waited_is_not_landed(tmp_path: Path) -> None:
    body, headers = genuine("github")
    client(tmp_path).post("/github", content=body, headers=headers)
    (file,) = (tmp_path / "data" / "inbox").glob("hooks.sqlite")
    with sqlite3.connect(file) as connection:
        connection.execute("update deliveries set body = ?", (b'{"forged": true}',))
    with open_store(tmp_path) as store, pytest.raises(PermanentSourceError, match="hash differs"):
        source(tmp_path, store).extract("github_deliveries", run_id="run")


def test_nothing_can_be_received_again_by_windows(tmp_path: Path) -> None:
    window = TimeWindow(FakeTime().now.replace(day=1), FakeTime().now)
    with open_store(tmp_path) as store, pytest.raises(PermanentSourceError, match="Ask the sender"):
        source(tmp_path, store).extract("deployments", run_id="run", window=window)


SERVE = """
import sys, uvicorn
from pathlib import Path
from tests.connectors.push.test_receiver import client
uvicorn.run(client(Path(sys.argv[1])).app, port=int(sys.argv[2]), log_level="error")
"""


def serving(folder: Path, port: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(folder), str(port)])
    for _ in range(200):
        try:
            httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return process
    raise AssertionError("the receiver did not start")


def test_what_was_acknowledged_survives_a_kill_and_a_restart(tmp_path: Path, unused_port: int) -> None:
    process = serving(tmp_path, unused_port)
    acknowledged = []
    try:
        for number in range(30):
            body = b'{"n":%d}' % number
            headers = github(body, delivery=f"d-{number}")
            if httpx.post(
                f"http://127.0.0.1:{unused_port}/github", content=body, headers=headers, trust_env=False
            ).is_success:
                acknowledged.append(body)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    again = serving(tmp_path, unused_port)
    try:
        body = b'{"n":0}'
        answer = httpx.post(
            f"http://127.0.0.1:{unused_port}/github",
            content=body,
            headers=github(body, delivery="d-0"),
            trust_env=False,
        )
        assert answer.json() == {"result": "known"}
    finally:
        os.kill(again.pid, signal.SIGKILL)
        again.wait()
    with open_store(tmp_path) as store:
        source(tmp_path, store).extract("github_deliveries", run_id="run")
        assert [page["body"] for page in landed(store, "github_deliveries")] == acknowledged


def recorded(folder: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path in sorted((Path(folder) / "github-webhooks").glob("*.ndjson.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield path.name.split(".")[0], json.loads(line)


def test_recorded_deliveries_of_every_event_are_kept_and_landed(tmp_path: Path) -> None:
    folder = os.environ.get("ASSAY_PAYLOADS")
    if folder is None:
        pytest.skip("ASSAY_PAYLOADS does not name a folder of recorded payloads")
    served = client(tmp_path, settings=settings(max_body_bytes=1_000_000))
    count = 0
    for event, document in recorded(folder):
        body = json.dumps(document, ensure_ascii=False).encode()
        headers = github(body, delivery=f"r-{count}", event=event)
        assert served.post("/github", content=body, headers=headers).status_code == 202
        count += 1
    with open_store(tmp_path) as store:
        report = source(tmp_path, store).extract("github_deliveries", run_id="run")
        assert (report.pages, report.failures) == (count, ())
        assert len({row["scope"] for row in windows(store, "github_deliveries")}) == 19


def test_two_endpoints_of_one_address_are_refused() -> None:
    twice = [{"provider": "github", "secret_env": "A"}, {"provider": "github", "secret_env": "B"}]
    with pytest.raises(ValueError, match="two endpoints have the address"):
        settings(endpoints=twice)
    assert settings().variables["secret_env of github"] == "HOOK"


def send(folder: Path, *names: str) -> None:
    for name in names:
        body = json.dumps({"name": name}).encode()
        assert client(folder).post("/github", content=body, headers=github(body, delivery=name)).is_success


def names_landed(folder: Path) -> list[str]:
    with open_store(folder) as store:
        source(folder, store).extract("github_deliveries", run_id="run")
        return [json.loads(page["body"])["name"] for page in landed(store, "github_deliveries")]


def test_after_an_inbox_was_lost_what_comes_next_lands_nevertheless(tmp_path: Path) -> None:
    send(tmp_path, "a", "b", "c")
    assert names_landed(tmp_path) == ["a", "b", "c"]
    for file in (tmp_path / "data" / "inbox").iterdir():
        file.unlink()
    send(tmp_path, "d", "e")
    assert names_landed(tmp_path) == ["a", "b", "c", "d", "e"]
    assert inbox_of(settings(), tmp_path).count() == {}


def test_after_an_older_inbox_was_restored_nothing_that_comes_is_passed_over(tmp_path: Path) -> None:
    inbox, copy = tmp_path / "data" / "inbox", tmp_path / "copy"
    send(tmp_path, "a")
    shutil.copytree(inbox, copy)
    send(tmp_path, "b", "c")
    assert names_landed(tmp_path) == ["a", "b", "c"]
    shutil.rmtree(inbox)
    shutil.copytree(copy, inbox)
    send(tmp_path, "d", "e", "f")
    assert set(names_landed(tmp_path)) == {"a", "b", "c", "d", "e", "f"}
    assert inbox_of(settings(), tmp_path).count() == {}


def test_a_body_that_is_nested_without_end_is_refused(tmp_path: Path) -> None:
    body = b"[" * 15_000
    assert client(tmp_path).post("/github", content=body, headers=github(body)).status_code == 422
