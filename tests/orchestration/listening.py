"""Servers on loopback that notices are sent to: a webhook and a mail server."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

SECRET = "s3cr3t-of-the-channel"


@dataclass
class Webhook:
    """What a webhook heard, and how it answers.

    Attributes:
        heard: The documents that were posted.
        status: What it answers with.
        drip_seconds: Where set, it sends its answer byte by byte with such pauses.
        looks_at_processes: Whether it reads the arguments of all processes while it is asked.
        processes: These arguments.
    """

    port: int = 0
    heard: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    drip_seconds: float = 0.0
    looks_at_processes: bool = False
    processes: str = ""

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/{SECRET}"

    def titles(self) -> list[str]:
        return [each["title"] for each in self.heard]


def arguments_of_all() -> str:
    shown = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            shown.append(file.read_bytes().decode(errors="replace"))
    return "\n".join(shown)


@contextmanager
def webhook() -> Iterator[Webhook]:
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if hook.looks_at_processes:
                hook.processes = arguments_of_all()
            if hook.drip_seconds:
                for byte in b"HTTP/1.0 200 OK\r\n" + b"X-Pad: 1\r\n" * 100:
                    self.wfile.write(bytes([byte]))
                    time.sleep(hook.drip_seconds)
            self.send_response(hook.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:  # the sender was ended
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()


class Mailbox:
    """A handler of aiosmtpd that keeps what is delivered."""

    def __init__(self) -> None:
        self.letters: list[Envelope] = []

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it so
        self, _server: object, _session: object, envelope: Envelope
    ) -> str:
        self.letters.append(envelope)
        return "250 accepted"


@contextmanager
def mail_server() -> Iterator[tuple[str, Mailbox]]:
    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield f"mailto://127.0.0.1:{port}?from=assay@acme.example&to=team@acme.example", box
    finally:
        controller.stop()
