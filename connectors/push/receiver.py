"""The address that others send to: an ASGI application that keeps a delivery before it says thank you.

    POST /<address>   202 kept, 200 known already, 4xx refused with the reason, 503 not kept: deliver again
    GET  /health      200 and how many deliveries wait

What is checked, in order: address, size, whether the stream may be collected, the signature over the body as
it came, and what the delivery says of itself. Nothing that was refused is kept.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from connectors.push.inbox import Delivery, Inbox, Receipt
from connectors.push.providers import PROVIDERS, MalformedDeliveryError, is_genuine, kept_headers
from connectors.push.settings import Endpoint, PushSettings
from connectors.push.streams import STREAM_OF
from connectors.streams import Stream

READING_SECONDS: Final = 30.0
"""How long a body may take; whoever drips it is let go."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _RefusedError(Exception):
    """Why a delivery is not taken."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Takes the deliveries of one source.

    Attributes:
        settings: The endpoints.
        secrets: Values of the variables that the settings name.
        inbox: Where deliveries wait.
        clock: The time now, in UTC.
        may_collect: Whether the collection register allows a stream now.
        on_kept: Told after each delivery that was kept.
    """

    settings: PushSettings
    secrets: Mapping[str, str]
    inbox: Inbox
    clock: Callable[[], datetime]
    may_collect: Callable[[Stream], bool]
    on_kept: Callable[[Delivery], None] = lambda _: None

    async def receive(self, request: Request) -> JSONResponse:
        """Answer one delivery."""
        endpoint = self._endpoint(request.path_params["address"])
        if endpoint is None:
            return _answer(404, "nobody waits at this address")
        try:
            delivery = await self._delivery(endpoint, request)
        except _RefusedError as refused:
            _logger.warning("%s refused a delivery: %s", self.settings.name, refused.reason)
            return _answer(refused.status, refused.reason)
        return await self._keep(delivery)

    async def health(self, request: Request) -> JSONResponse:
        """How many deliveries wait, by stream."""
        del request
        try:
            return JSONResponse({"waiting": await run_in_threadpool(self.inbox.count)})
        except sqlite3.Error:
            return _answer(503, "the inbox cannot be read")

    async def _keep(self, delivery: Delivery) -> JSONResponse:
        try:
            receipt = await run_in_threadpool(self.inbox.put, delivery)
        except sqlite3.Error:
            _logger.exception("%s could not keep a delivery", self.settings.name)
            return _answer(503, "the delivery could not be kept: deliver it again")
        if receipt is Receipt.CONTRADICTS:
            return _answer(409, "another delivery with this id was kept before")
        if receipt is Receipt.KNOWN:
            return JSONResponse({"result": "known"}, 200)
        self.on_kept(delivery)
        return JSONResponse({"result": "kept"}, 202)

    async def _delivery(self, endpoint: Endpoint, request: Request) -> Delivery:
        stream = STREAM_OF[endpoint.provider]
        headers = {name.lower(): text for name, text in request.headers.items()}
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise _RefusedError(415, "send the body as it is, without a content encoding")
        if not self.may_collect(stream):
            raise _RefusedError(403, f"the collection register does not allow {stream.name}")
        body = await self._body(request)
        secrets = [self.secrets[endpoint.secret_env]]
        if endpoint.previous_secret_env is not None:
            secrets.append(self.secrets[endpoint.previous_secret_env])
        if not is_genuine(endpoint.provider, headers, body, secrets):
            raise _RefusedError(401, "the signature or token is not that of this endpoint")
        try:
            named = PROVIDERS[endpoint.provider].name(headers, body)
        except MalformedDeliveryError as error:
            raise _RefusedError(422, str(error)) from error
        return Delivery(
            stream=stream.name,
            event=named.event,
            delivery_id=named.delivery_id,
            address=endpoint.address,
            received_at=self.clock(),
            headers=kept_headers(headers),
            body=body,
        )

    async def _body(self, request: Request) -> bytes:
        """The body, bounded in size and time while it comes."""
        most = self.settings.max_body_bytes
        too_large = _RefusedError(413, f"the body has more than {most:,} bytes")
        announced = request.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > most:
            raise too_large
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(READING_SECONDS):
                async for part in request.stream():
                    size += len(part)
                    if size > most:
                        raise too_large
                    parts.append(part)
        except TimeoutError as error:
            raise _RefusedError(408, f"the body took longer than {READING_SECONDS:.0f} s") from error
        except ClientDisconnect as error:
            raise _RefusedError(400, "the sender went away in the middle of the body") from error
        return b"".join(parts)

    def _endpoint(self, address: str) -> Endpoint | None:
        return next((each for each in self.settings.endpoints if each.address == address), None)


def receiver_application(receiver: Receiver) -> Starlette:
    """The ASGI application of a receiver."""
    return Starlette(
        routes=[
            Route("/health", receiver.health, methods=["GET"]),
            Route("/{address}", receiver.receive, methods=["POST"]),
        ]
    )


def _answer(status: int, reason: str) -> JSONResponse:
    return JSONResponse({"error": reason}, status)
