import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connectors.errors import PermanentSourceError
from connectors.http.connections import Network
from tests.connectors.http.exchanges import ask
from tests.connectors.workspace import FakeTime
from tests.replay.loopback import LoopbackServer, Response


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for loopback that no public authority signed, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "GitHub of Acme")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return path


def served_with(certificate: Path) -> LoopbackServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return LoopbackServer(lambda _: Response(b"[1]"), tls=context)


def test_a_certificate_of_ones_own_authority_is_trusted_when_it_is_named(certificate: Path) -> None:
    with served_with(certificate) as server:
        network = Network(ca_file=certificate)
        _, records = ask(server.base_url + "/x", base_url=server.base_url, time=FakeTime(), network=network)
    assert records == [1]


def test_a_certificate_of_nobody_is_refused_at_once_and_nothing_is_asked(certificate: Path) -> None:
    time = FakeTime()
    with (
        served_with(certificate) as server,
        pytest.raises(PermanentSourceError, match="ca_file"),
    ):
        ask(server.base_url + "/x", base_url=server.base_url, time=time)
    assert (server.requests, time.slept) == ([], [])


def test_a_file_without_certificates_is_named(tmp_path: Path) -> None:
    with pytest.raises(PermanentSourceError, match=r"missing\.pem"):
        ask(
            "https://127.0.0.1:1/x",
            base_url="https://127.0.0.1:1",
            time=FakeTime(),
            network=Network(ca_file=tmp_path / "missing.pem"),
        )
