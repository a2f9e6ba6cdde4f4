"""What `assay alert list` shows of the state."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from orchestration.alerts.state import AlertState, undelivered_lines
from orchestration.settings.alerts import AlertChannel


def cause_lines(state: AlertState, channels: Sequence[AlertChannel]) -> Iterator[str]:
    """Yield the open causes, the worst first, and the channels that do not accept notices."""
    standing = sorted(state.standing(), key=lambda each: each.cause.severity != "blocking")
    for each in standing:
        cause = each.cause
        told = ", ".join(each.told) or ("nobody yet" if channels else "nobody; there are no channels")
        yield f"{cause.severity.upper()}: {cause.what}"
        yield f"  since {each.since:%Y-%m-%d %H:%M} UTC, told: {told}"
        yield f"  {cause.remedy}"
        yield f"  command: {cause.command}"
    if not standing:
        yield "no cause is open"
    yield from (f"not told: {line}" for line in undelivered_lines(state))


def state_document(state: AlertState, channels: Sequence[AlertChannel]) -> dict[str, Any]:
    """Return the JSON form."""
    return {
        "open": [
            asdict(each.cause)
            | {
                "since": each.since.isoformat(),
                "seen_at": each.seen_at.isoformat(),
                "told": {name: told.at.isoformat() for name, told in each.told.items()},
            }
            for each in state.standing()
        ],
        "channels": [
            {
                "name": channel.name,
                "severity": channel.severity,
                "causes": list(channel.causes),
                "problem": state.undelivered.get(channel.name, (None,))[0],
            }
            for channel in channels
        ],
    }
