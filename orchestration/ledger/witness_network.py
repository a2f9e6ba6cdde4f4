"""Witnesses and timestamp authorities over HTTP: asking them, serving one (tlog-witness, RFC 3161)."""

from collections.abc import Callable

import httpx
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lineage.ledger import LedgerError, Witness, WitnessError, WitnessRequest
from lineage.ledger.anchor import QUERY_TYPE
from lineage.ledger.errors import ForkError, MalformedRequestError, OldSizeError
from lineage.ledger.witness import MOST_REQUEST_BYTES
from orchestration.errors import WitnessRefusedError
from orchestration.ledger.witnessing import Reply

_PATH = "/add-checkpoint"
_SIZE_TYPE = "text/x.tlog.size"
_TIMEOUT_SECONDS = 10.0
_MOST_REPLY_BYTES = 256 * 1024


def ask_witness(url: str, request: WitnessRequest) -> Reply:
    """Send a request to a witness.

    Raises:
        WitnessRefusedError: nobody answers there, or not in the form of a witness.
    """
    address = url.rstrip("/") + _PATH
    status, body = _post(address, request.document().encode(), "text/plain; charset=utf-8")
    try:
        return Reply(status, body.decode())
    except UnicodeDecodeError as error:
        raise WitnessRefusedError(f"{address} answered something that is no text") from error


def ask_authority(url: str) -> Callable[[bytes], bytes]:
    """Return what sends a timestamp request to an authority and gives its answer.

    The result raises `WitnessRefusedError` where the authority does not answer.
    """

    def ask(query: bytes) -> bytes:
        status, body = _post(url, query, QUERY_TYPE)
        if status != 200:  # noqa: PLR2004 - HTTP
            raise WitnessRefusedError(f"the timestamp authority {url} answered with status {status}")
        return body

    return ask


def witness_application(witness: Witness) -> Starlette:
    """Return the application that answers `POST /add-checkpoint`."""

    async def add_checkpoint(request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_REQUEST_BYTES:
                return PlainTextResponse("the request is too large\n", status_code=413)
        return await run_in_threadpool(answer, witness, body)

    return Starlette(routes=[Route(_PATH, add_checkpoint, methods=["POST"])])


def answer(witness: Witness, body: bytes) -> Response:
    """Answer one request as tlog-witness says: a cosignature, or why there is none."""
    try:
        line = witness.add_checkpoint(_read(body))
    except ForkError as error:
        return PlainTextResponse(f"{error}\n", status_code=error.status)
    except OldSizeError as error:
        return Response(f"{error.size}\n", status_code=error.status, media_type=_SIZE_TYPE)
    except WitnessError as error:
        return PlainTextResponse(f"{error}\n", status_code=error.status)
    except LedgerError:
        return PlainTextResponse("the witness cannot use its folder\n", status_code=500)
    return PlainTextResponse(line.line())


def _read(body: bytes) -> WitnessRequest:
    try:
        return WitnessRequest.parse(body.decode())
    except UnicodeDecodeError as error:
        raise MalformedRequestError("the request is not UTF-8") from error


def _post(address: str, content: bytes, kind: str) -> tuple[int, bytes]:
    """Send and read; redirects are not followed, for a log answers for whom it asks."""
    try:
        with (
            httpx.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=False) as client,
            client.stream("POST", address, content=content, headers={"Content-Type": kind}) as reply,
        ):
            body = b""
            for chunk in reply.iter_bytes():
                body += chunk
                if len(body) > _MOST_REPLY_BYTES:
                    raise WitnessRefusedError(f"{address} answers more than {_MOST_REPLY_BYTES} bytes")
            return reply.status_code, body
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise WitnessRefusedError(f"{address} does not answer: {error or type(error).__name__}") from error
