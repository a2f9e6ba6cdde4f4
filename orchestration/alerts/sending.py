"""The process that hands one notice to apprise: `python -m orchestration.alerts.sending`.

It reads one JSON document from its standard input (`url`, `title`, `body`, `kind`) and writes another to
its standard output (`problem`: null or why the notice was not accepted). A process of its own, for then the
sender can end it after a stated time whatever a server does. The address is a secret: it comes on standard
input, not in the arguments that every user of the machine can list, and nothing that apprise logs is kept.
"""

import json
import logging
import re
import sys

_STATUS = re.compile(r"\berror=(\d{3})\b")
UNKNOWN_FORM = (
    "the address has no form that apprise knows, such as json://… for a webhook or mailtos://… for mail"
)


class _LastStatus(logging.Handler):
    """Keeps the status code that a server answered with, and nothing else of what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.status: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Look for a status code."""
        found = _STATUS.search(record.getMessage())
        self.status = found[1] if found else self.status


def send(url: str, *, title: str, body: str, kind: str) -> str | None:
    """Hand a notice to apprise.

    Returns:
        Why it was not accepted, without a part of the address; None where it was.
    """
    import apprise  # noqa: PLC0415 - half a second, in this process only

    log, heard = logging.getLogger("apprise"), _LastStatus()
    log.handlers, log.propagate = [heard], False
    log.setLevel(logging.INFO)
    apprise.NotifyBase.overflow_mode = apprise.OverflowMode.SPLIT  # where a chat takes short messages only
    channel = apprise.Apprise()
    if not channel.add(url) or not len(channel):
        return UNKNOWN_FORM
    if channel.notify(
        title=title,
        body=body,
        notify_type=apprise.NotifyType(kind),
        body_format=apprise.NotifyFormat.TEXT,
    ):
        return None
    return (
        f"it was answered with {heard.status}"
        if heard.status
        else "nobody took it: no connection, a refusal, or no answer in time"
    )


def main() -> None:
    """Send what standard input asks for."""
    asked = json.loads(sys.stdin.read())
    answer, sys.stdout = sys.stdout, sys.stderr  # what a plugin prints is no answer
    try:
        problem = send(asked["url"], title=asked["title"], body=asked["body"], kind=asked["kind"])
    except Exception as error:  # noqa: BLE001 - any plugin's failure is a notice that was not accepted
        problem = f"apprise failed with {type(error).__name__}"
    answer.write(json.dumps({"problem": problem}))


if __name__ == "__main__":
    main()
