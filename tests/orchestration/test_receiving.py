"""Endpoints of a workspace: what arrives is landed by the next run, if the register allows it."""

import asyncio
import hashlib
import hmac
import socket
from collections.abc import Callable, Mapping
from datetime import date

import dagster as dg
import httpx
import pytest

from orchestration.assets.arrivals import arrival_sensor
from orchestration.collection import Confirmation, write_register
from orchestration.command import main
from orchestration.errors import SettingsError, UsageError
from orchestration.receiving import addresses, receiving_application, waiting
from orchestration.workspace import Workspace

SETTINGS = """
organisation: acme
sources:
  - name: hooks
    kind: push
    endpoints:
      - {provider: github, secret_env: HOOK_SECRET}
      - {provider: deployments, path: reported, secret_env: HOOK_SECRET}
"""
ENVIRONMENT = {"HOOK_SECRET": "planted"}
BODY = b'{"ref": "refs/heads/main"}'


def signed(body: bytes, delivery: str) -> Mapping[str, str]:
    digest = hmac.new(b"planted", body, hashlib.sha256).hexdigest()
    return {
        "x-github-event": "push",
        "x-github-delivery": delivery,
        "x-hub-signature-256": f"sha256={digest}",
    }


def deliver(workspace: Workspace, delivery: str = "1") -> int:
    async def send() -> int:
        app = receiving_application(workspace, environment=ENVIRONMENT)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as sender:
            answer = await sender.post("/hooks/github", content=BODY, headers=signed(BODY, delivery))
            return answer.status_code

    return asyncio.run(send())


def confirm(workspace: Workspace) -> None:
    confirmation = Confirmation(
        confirmed_by="Ada Example", confirmed_on=date(2026, 1, 1), purpose="Test", legal_basis="Consent"
    )
    (workspace.governance / "collection.yml").unlink(missing_ok=True)
    write_register(workspace.governance, workspace.settings(), confirmation=confirmation)


def test_a_delivery_waits_only_if_the_register_allows_it(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace(SETTINGS)
    (workspace.governance / "collection.yml").write_text("entries: []\n")
    assert deliver(workspace) == 403
    assert waiting(workspace, workspace.settings()) == {}
    confirm(workspace)
    assert deliver(workspace) == 202
    assert waiting(workspace, workspace.settings()) == {"hooks.github_deliveries": 1}


def test_the_addresses_are_told_and_secrets_must_be_there(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace(SETTINGS)
    assert addresses(workspace.settings()) == ["/hooks/github", "/hooks/reported"]
    with pytest.raises(SettingsError, match="HOOK_SECRET is not set"):
        receiving_application(workspace, environment={})


def test_a_workspace_without_endpoints_says_so(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace()
    with pytest.raises(UsageError, match="no source of kind push"):
        receiving_application(workspace, environment={"ACME_KEY": "x"})


def test_arrivals_start_one_run_and_none_beside_another(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace(SETTINGS)
    confirm(workspace)
    sensor = arrival_sensor(workspace)
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance=instance)
        assert isinstance(next(iter(sensor(context))), dg.SkipReason)
        deliver(workspace)
        assert isinstance(next(iter(sensor(dg.build_sensor_context(instance=instance)))), dg.RunRequest)
        instance.add_run(dg.DagsterRun(job_name="everything", status=dg.DagsterRunStatus.STARTED))
        (skipped,) = sensor(dg.build_sensor_context(instance=instance))
        assert "under way" in str(skipped)


def test_an_address_that_is_not_ours_is_told(
    make_workspace: Callable[..., Workspace],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    workspace = make_workspace(SETTINGS)
    monkeypatch.setenv("HOOK_SECRET", "planted")
    arguments = ["receive", "--workspace", str(workspace.root), "--host", "127.0.0.1", "--port", "1"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        arguments[-1] = str(taken.getsockname()[1])
        assert main(arguments) == 2
    assert "cannot be listened on" in capsys.readouterr().err
