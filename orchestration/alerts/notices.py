"""Notices: what a channel is told, and in which words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from orchestration.alerts.state import AlertState, OpenCause
from orchestration.settings.alerts import AlertChannel

NoticeKind = Literal["failure", "warning", "success", "info"]
SHOWN = 20
_RANK = {"warning": 0, "blocking": 1}


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one channel, and which causes it tells of.

    Attributes:
        title: Its first line.
        body: The rest.
        kind: How it is coloured where a channel has colours.
        began: Keys of causes that are told as open.
        recovered: Keys of causes that are told as over.
    """

    title: str
    body: str
    kind: NoticeKind
    began: tuple[str, ...] = ()
    recovered: tuple[str, ...] = ()


def notice_for(
    channel: AlertChannel,
    state: AlertState,
    *,
    organisation: str,
    at: datetime,
    repeat_hours: int | None = None,
) -> Notice | None:
    """Return what a channel has not heard yet; None where it has heard everything.

    Args:
        channel: Who is told.
        state: What is open, and who was told.
        organisation: Whose workspace it is.
        at: The present.
        repeat_hours: After how long an open cause is told again; None: never.
    """
    began, recovered = [], []
    for each in state.open.values():
        told = each.told.get(channel.name)
        if each.recovered_at is not None:
            if told is not None:
                recovered.append(each)
        elif _is_wanted(channel, each) and (told is None or _is_due(each, channel, at, repeat_hours)):
            began.append(each)
    if not began and not recovered:
        return None
    return Notice(
        title=f"Assay {organisation}: {_counts(began, recovered)}",
        body="\n".join([*_listed(began, recovered), "", "All that is open: assay alert list"]),
        kind=_kind(began),
        began=tuple(each.cause.key for each in began),
        recovered=tuple(each.cause.key for each in recovered),
    )


def trial_notice(channel: AlertChannel, *, organisation: str) -> Notice:
    """Return a notice that shows that the channel works."""
    return Notice(
        f"Assay {organisation}: a test",
        f"This notice was asked for with `assay alert test`. The channel {channel.name} is told of: "
        f"{', '.join(channel.causes)}; from {channel.severity} on.",
        "info",
    )


def _is_wanted(channel: AlertChannel, each: OpenCause) -> bool:
    return each.cause.kind in channel.causes and _RANK[each.cause.severity] >= _RANK[channel.severity]


def _is_due(each: OpenCause, channel: AlertChannel, at: datetime, repeat_hours: int | None) -> bool:
    """Whether it has become worse than was told, or was seen again so long after it was told."""
    told = each.told[channel.name]
    if _RANK[each.cause.severity] > _RANK[told.severity]:
        return True
    if repeat_hours is None or each.seen_at <= told.at:
        return False
    return at - told.at >= timedelta(hours=repeat_hours)


def _counts(began: Sequence[OpenCause], recovered: Sequence[OpenCause]) -> str:
    blocking = sum(each.cause.severity == "blocking" for each in began)
    counted = ((blocking, "blocking"), (len(began) - blocking, "warning"), (len(recovered), "recovered"))
    return ", ".join(f"{count} {word}" for count, word in counted if count)


def _kind(began: Sequence[OpenCause]) -> NoticeKind:
    if not began:
        return "success"
    return "failure" if any(each.cause.severity == "blocking" for each in began) else "warning"


def _listed(began: Sequence[OpenCause], recovered: Sequence[OpenCause]) -> Iterator[str]:
    worst_first = sorted(began, key=lambda each: -_RANK[each.cause.severity])
    for each in worst_first[:SHOWN]:
        cause = each.cause
        yield f"{cause.severity.upper()}: {cause.what}"
        yield f"  since {_instant(each.since)}"
        yield f"  {cause.remedy}"
        yield f"  command: {cause.command}"
    if len(began) > SHOWN:
        yield f"and {len(began) - SHOWN} more"
    for each in recovered[:SHOWN]:
        end = _instant(each.recovered_at) if each.recovered_at else "now"
        yield f"RECOVERED: {each.cause.kind} {each.cause.subject}, from {_instant(each.since)} to {end}"
    if len(recovered) > SHOWN:
        yield f"and {len(recovered) - SHOWN} more have recovered"


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
