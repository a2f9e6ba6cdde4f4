"""What can go wrong while a source is read, and whether trying again later can help.

    ConnectorError
    ├── TransientSourceError   the source or the way to it failed for now: run again later
    │   └── UnreachableSourceError     no connection came about: nothing else of the source will work
    └── PermanentSourceError   somebody must change something first
        ├── CredentialsRejectedError   the source does not accept the token: nothing else will work
        └── ForeignHostError           the source pointed at another host: credentials stay here

Each error names the source, the stream and the page (a URL without secrets, or a place in a repository),
says what was attempted and what went wrong, and ends with what the reader does next.
"""


class ConnectorError(Exception):
    """A source could not be read.

    Args:
        message: What was attempted, what went wrong and what to do next.
        source: Name of the source in the settings.
        stream: Name of the stream that was being read.
        page: The URL without secrets, or the place in a repository, where it happened.
    """

    def __init__(
        self, message: str, *, source: str | None = None, stream: str | None = None, page: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.stream = stream
        self.page = page

    def __str__(self) -> str:
        place = ".".join(part for part in (self.source, self.stream) if part)
        where = f"{place} at {self.page}" if place and self.page else place or self.page or ""
        return f"{where}: {self.message}" if where else self.message


class TransientSourceError(ConnectorError):
    """The source failed for now; the same request may succeed later.

    Args:
        message: What was attempted, what went wrong and what to do next.
        source: Name of the source in the settings.
        stream: Name of the stream that was being read.
        page: Where it happened.
        retry_after_seconds: How long the source asked to be left alone, if it said so.
    """

    def __init__(
        self,
        message: str,
        *,
        source: str | None = None,
        stream: str | None = None,
        page: str | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message, source=source, stream=stream, page=page)
        self.retry_after_seconds = retry_after_seconds


class UnreachableSourceError(TransientSourceError):
    """No connection to the source came about: it is down, or address, proxy or network are wrong."""


class PermanentSourceError(ConnectorError):
    """The source will answer the same again until somebody changes something.

    Args:
        message: What was attempted, what went wrong and what to do next.
        source: Name of the source in the settings.
        stream: Name of the stream that was being read.
        page: Where it happened.
        status: The HTTP status, where the source refused with one.
    """

    def __init__(
        self,
        message: str,
        *,
        source: str | None = None,
        stream: str | None = None,
        page: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message, source=source, stream=stream, page=page)
        self.status = status


class CredentialsRejectedError(PermanentSourceError):
    """The source does not accept the credentials, so no further request makes sense."""


class ForeignHostError(PermanentSourceError):
    """A redirect or a next link points outside the configured scheme, host and port."""
