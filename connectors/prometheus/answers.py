"""What stands around the data of an answer: success, an error, or warnings that it is not everything."""

from dataclasses import dataclass

import msgspec

from connectors.errors import PermanentSourceError, TransientSourceError
from connectors.http.answers import Answer
from connectors.http.redaction import redact_url

_LONGEST_QUOTE = 300


class _Envelope(msgspec.Struct):
    status: str = ""
    error: str = ""
    warnings: list[str] | None = None


_envelope = msgspec.json.Decoder(_Envelope)


@dataclass(frozen=True, slots=True)
class WholeAnswer:
    """One page, taken only if it is the whole answer.

    A query that reached only some of the stores behind it (a remote read that failed, Thanos with partial
    responses) is answered with status 200, `success` and warnings. Its samples look like any others, and
    those that are missing look like gaps, so such an answer is refused as a whole.

    Attributes:
        source: Name of the source, for errors.
        stream: Name of the stream, for errors.
    """

    source: str = ""
    stream: str = ""

    def first(self, url: str) -> str:
        """The URL itself."""
        return url

    def following(self, url: str, answer: Answer, *, record_count: int) -> str | None:
        """Never another page.

        Raises:
            TransientSourceError: The answer carries warnings.
            PermanentSourceError: The answer says that it is an error.
        """
        del record_count
        envelope = _envelope.decode(answer.body)
        if envelope.status != "success":
            raise PermanentSourceError(
                f"The server answered with an error: {_quoted(envelope.error)}. Check the query in the "
                "settings against the server.",
                source=self.source,
                stream=self.stream,
                page=redact_url(url),
                status=answer.status,
            )
        if envelope.warnings:
            raise TransientSourceError(
                f"The answer may be a part only, so nothing of it was kept: the server warns "
                f"{_quoted('; '.join(envelope.warnings))}. Run again when the stores behind it answer; if "
                "the warning is about the query itself, mend the query.",
                source=self.source,
                stream=self.stream,
                page=redact_url(url),
            )
        return None


def _quoted(text: str) -> str:
    return " ".join(redact_url(text).split())[:_LONGEST_QUOTE] or "(no message)"
