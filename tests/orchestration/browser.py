"""A real Chromium, driven through its debugging pipe: what a page becomes once its script has run."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium")
_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run")
_PATIENCE_SECONDS = 60.0


class Page:
    """A page that is open."""

    def __init__(self, write: int, read: int) -> None:
        self._write, self._read = write, read
        self._rest = b""
        self._number = 0
        self._session: str | None = None

    def open(self, file: Path, *, width: int) -> None:
        """Open a file in a window of some width."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.call("Page.navigate", url=file.as_uri())

    def value(self, expression: str) -> Any:
        """Return what a JavaScript expression gives."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return found["result"].get("value")

    def wait_for(self, expression: str) -> Any:
        """Return the first value of an expression that is true, or the last one."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while not (found := self.value(expression)) and time.monotonic() < until:
            time.sleep(0.05)
        return found

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        self._number += 1
        asked = {"id": self._number, "method": method, "params": parameters}
        message = asked | ({"sessionId": self._session} if self._session else {})
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return dict(answer["result"])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._read, 1 << 16)
            assert part, "Chromium has ended"
            self._rest += part
        one, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(one))


@contextmanager
def browser(folder: Path) -> Iterator[Page]:
    """Run Chromium with a profile of its own, and end it."""
    to_browser, from_us = os.pipe()
    to_us, from_browser = os.pipe()
    command = [str(CHROMIUM), *_FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank"]
    script = f'exec "$0" "$@" 3<&{to_browser} 4>&{from_browser}'
    process = subprocess.Popen(
        ["/bin/bash", "-c", script, *command],
        pass_fds=(to_browser, from_browser),
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    os.close(to_browser)
    os.close(from_browser)
    try:
        yield Page(from_us, to_us)
    finally:
        process.terminate()
        process.wait(timeout=30)
        os.close(from_us)
        os.close(to_us)
