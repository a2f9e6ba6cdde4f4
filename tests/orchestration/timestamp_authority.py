"""A real timestamp authority on loopback: `openssl ts` behind a small HTTP server, with keys of its own."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HAS_OPENSSL = shutil.which("openssl") is not None
_CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
default_policy = 1.2.3.4.1
digests = sha256, sha512
signer_digest = sha256
ess_cert_id_chain = no
ess_cert_id_alg = sha256
accuracy = secs:1
ordering = no
tsa_name = no
[stamping]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[req]
distinguished_name = name
[name]
"""


@dataclass(frozen=True)
class Authority:
    """Where it answers, and the certificate that it is trusted by."""

    url: str
    root: Path


@contextmanager
def timestamp_authority(folder: Path) -> Iterator[Authority]:
    """Serve an authority until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    _make_keys(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = folder / "query.tsq"
            query.write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            reply = _openssl(folder, "ts", "-reply", "-queryfile", str(query), "-section", "here")
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Authority(f"http://127.0.0.1:{server.server_port}/tsr", folder / "root.pem")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _make_keys(folder: Path) -> None:
    (folder / "openssl.cnf").write_text(_CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")
    for name, subject, issuer, section in (
        ("root", "/CN=test root", (), "authority"),
        (
            "tsa",
            "/CN=test stamps",
            ("-CA", str(folder / "root.pem"), "-CAkey", str(folder / "root.key")),
            "stamping",
        ),
    ):
        key, certificate = str(folder / f"{name}.key"), str(folder / f"{name}.pem")
        _openssl(
            folder,
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", subject),
            *("-extensions", section, "-keyout", key, "-out", certificate, *issuer),
        )


def _openssl(folder: Path, *arguments: str) -> bytes:
    config = ("-config", str(folder / "openssl.cnf"))
    return subprocess.run(["openssl", *arguments, *config], capture_output=True, check=True).stdout
