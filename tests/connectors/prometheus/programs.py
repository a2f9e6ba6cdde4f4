"""Real programs for tests: Prometheus, promtool, Alertmanager and an exporter, all on loopback."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client import CollectorRegistry, Counter, start_http_server

PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.1


def program(name: str) -> str:
    """Where a program is; the test is skipped where it is not."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: tests/debian_packages.sh installs it as root on Debian")
    return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(is_so: Callable[[], object], what: str) -> None:
    """Wait for something to become true; the test fails if it never does."""
    given_up_at = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < given_up_at, f"waited in vain for {what}"
        time.sleep(PAUSE_SECONDS)


def asked(url: str, **parameters: Any) -> Any:
    """The JSON body of an answer, whatever its status; None while nobody listens."""
    try:
        return httpx.get(url, params=parameters, trust_env=False).json()
    except (httpx.TransportError, json.JSONDecodeError):
        return None


@contextmanager
def prometheus(
    folder: Path, *, scrape: Iterable[dict[str, Any]] = (), data: Path | None = None, **config: Any
) -> Iterator[str]:
    """Run Prometheus and yield its base URL.

    Args:
        folder: For its configuration, log and data.
        scrape: Scrape configurations.
        data: A folder of blocks to serve.
        config: Further sections of its configuration.
    """
    document = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "scrape_configs": list(scrape),
        **config,
    }
    settings = folder / "prometheus.yml"
    settings.write_text(yaml.safe_dump(document))
    port = free_port()
    arguments = [
        program("prometheus"),
        f"--config.file={settings}",
        f"--storage.tsdb.path={data or folder / 'data'}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with running(arguments, folder / "prometheus.log", ready=f"http://127.0.0.1:{port}/-/ready"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def alertmanager(folder: Path) -> Iterator[str]:
    """Run Alertmanager, alone and with one receiver, and yield its base URL."""
    settings = folder / "alertmanager.yml"
    route = {"receiver": "on-call", "group_wait": "1s", "group_interval": "1s"}
    settings.write_text(yaml.safe_dump({"route": route, "receivers": [{"name": "on-call"}]}))
    port = free_port()
    arguments = [
        program("prometheus-alertmanager"),
        f"--config.file={settings}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with running(arguments, folder / "alertmanager.log", ready=f"http://127.0.0.1:{port}/-/ready"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def running(arguments: list[str], log: Path, *, ready: str) -> Iterator[None]:
    """Run a program until the block ends; it is ended by its own process."""
    with log.open("wb") as output:
        process = subprocess.Popen(arguments, stdout=output, stderr=subprocess.STDOUT)
        try:
            wait_until(lambda: process.poll() is not None or _is_ready(ready), f"{arguments[0]} to start")
            assert process.poll() is None, log.read_text()
            yield
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def blocks_of(openmetrics: Iterable[str], folder: Path) -> Path:
    """Make blocks of samples that are given in the OpenMetrics format."""
    text, data = folder / "samples.om", folder / "blocks"
    text.write_text("\n".join(openmetrics) + "\n")
    command = [program("promtool"), "tsdb", "create-blocks-from", "openmetrics", "--quiet", text, data]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return data


class Exporter:
    """An exporter of one counter that can be restarted, which resets the counter, or stopped for a while."""

    def __init__(self) -> None:
        self.port = free_port()
        self.start()

    def start(self) -> None:
        """Serve a counter that begins at zero."""
        registry = CollectorRegistry()
        self.counter = Counter("shop_requests", "Requests.", ["service"], registry=registry).labels("shop")
        self._server, self._thread = start_http_server(self.port, "127.0.0.1", registry)

    def stop(self) -> None:
        """Answer nobody any more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def target(self) -> dict[str, Any]:
        """How it is scraped."""
        targets = [{"targets": [f"127.0.0.1:{self.port}"], "labels": {"service": "shop"}}]
        return {"job_name": "shop", "static_configs": targets}


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False
