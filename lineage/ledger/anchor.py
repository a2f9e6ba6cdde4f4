"""Anchors: a timestamp authority says that a signed checkpoint existed at some instant (RFC 3161).

A cosignature says that a log only grew; an anchor says when, by a clock that neither the log nor its
witnesses keep. What is stamped is the signed note, byte for byte.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lineage.ledger.errors import AnchorError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

QUERY_TYPE = "application/timestamp-query"
REPLY_TYPE = "application/timestamp-reply"


def read_certificates(pem: bytes) -> tuple["Certificate", ...]:
    """The root certificates of a PEM file.

    Raises:
        AnchorError: it holds none.
    """
    from cryptography import x509  # noqa: PLC0415 - only who anchors pays for it

    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError as error:
        raise AnchorError(f"the authority's certificate cannot be read: {error}") from error


def stamp(note: str, ask: Callable[[bytes], bytes], roots: Sequence["Certificate"]) -> tuple[bytes, datetime]:
    """Have a signed checkpoint stamped, and check the answer.

    Args:
        note: the signed note.
        ask: sends a DER request to the authority and returns its DER answer.
        roots: certificates that the authority's chain must end in.

    Returns:
        The answer to keep, and the instant that it states.

    Raises:
        AnchorError: the answer is no timestamp of this note by this authority, or answers another request.
    """
    from rfc3161_client import TimestampRequestBuilder  # noqa: PLC0415 - as above
    from rfc3161_client.base import HashAlgorithm  # noqa: PLC0415

    request = TimestampRequestBuilder().data(note.encode()).hash_algorithm(HashAlgorithm.SHA256).build()
    token = ask(request.as_bytes())
    return token, check_anchor(note, token, roots, nonce=request.nonce)


def check_anchor(
    note: str, token: bytes, roots: Sequence["Certificate"], *, nonce: int | None = None
) -> datetime:
    """The instant at which a trusted authority saw this note.

    Raises:
        AnchorError: the token is malformed, of another note, or not from an authority below these roots.
    """
    from rfc3161_client import VerificationError  # noqa: PLC0415 - as above
    from rfc3161_client.verify import VerifierBuilder  # noqa: PLC0415

    answer = _read(token)
    if not roots:
        raise AnchorError("no certificate of a timestamp authority is trusted")
    try:
        verifier = VerifierBuilder(roots=list(roots), nonce=nonce).build()
        verifier.verify_message(answer, note.encode())
    except (VerificationError, ValueError) as error:
        raise AnchorError(f"the timestamp does not hold for this checkpoint: {error}") from error
    return answer.tst_info.gen_time.astimezone(UTC)


def _read(token: bytes) -> "TimeStampResponse":
    from rfc3161_client import decode_timestamp_response  # noqa: PLC0415 - as above

    try:
        return decode_timestamp_response(token)
    except ValueError as error:
        raise AnchorError(f"the answer is no timestamp: {error}") from error
