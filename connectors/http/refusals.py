"""What a refusal means for the person who runs the extraction."""

from typing import Any

import msgspec

from connectors.errors import CredentialsRejectedError, PermanentSourceError
from connectors.http.answers import Answer
from connectors.http.redaction import redact_url

_UNAUTHORIZED = 401
_LONGEST_QUOTE = 200
_REMEDIES = {
    403: "The token may not read this. Grant it the permission, or leave the stream or repository out.",
    404: "It does not exist or the token cannot see it. Check the name and the token's repositories.",
    409: "There is nothing to list yet: the repository is empty.",
    410: "It is gone, or the feature is switched off for this repository.",
    422: "The request is refused as it stands. Check since, until and the names in the settings.",
    451: "It was taken down for legal reasons.",
}


class _Refused(msgspec.Struct, rename="camel"):
    """Where vendors say what is wrong: a text, an object with a message, or a list of texts."""

    message: Any = None
    error: Any = None
    errors: Any = None
    error_messages: Any = None


def refusal(answer: Answer, *, source: str, stream: str) -> PermanentSourceError:
    """The error for an answer that no repetition will change."""
    page = redact_url(answer.url)
    message = said(answer)
    if answer.status == _UNAUTHORIZED:
        return CredentialsRejectedError(
            f"The server does not accept the credentials (HTTP 401{message}). Renew the token and check that "
            "it belongs to this server.",
            source=source,
            stream=stream,
            page=page,
            status=answer.status,
        )
    remedy = _REMEDIES.get(answer.status, "Check the settings of the source.")
    return PermanentSourceError(
        f"The server refused the page (HTTP {answer.status}{message}). {remedy}",
        source=source,
        stream=stream,
        page=page,
        status=answer.status,
    )


def said(answer: Answer) -> str:
    """What a refusal says, behind a colon, shortened and without secrets; empty where it says nothing."""
    try:
        refused = msgspec.json.decode(answer.body, type=_Refused)
    except msgspec.DecodeError:
        return ""
    places = (refused.message, refused.error, refused.errors, refused.error_messages)
    found = next((text for text in map(_text, places) if text), "")
    short = " ".join(redact_url(found).split())[:_LONGEST_QUOTE]
    return f": {short}" if short else ""


def _text(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("message")
    if isinstance(value, list):
        return "; ".join(each for each in value if isinstance(each, str))
    return value if isinstance(value, str) else ""
