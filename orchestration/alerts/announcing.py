"""Announcing: from what a run found to what each channel has heard, and what is remembered of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from orchestration.alerts.causes import Cause, Observation, stale_source
from orchestration.alerts.delivery import PATIENCE_SECONDS, deliver
from orchestration.alerts.notices import Notice, notice_for
from orchestration.alerts.state import (
    AlertState,
    Arrivals,
    OpenCause,
    Told,
    load_state,
    save_state,
)
from orchestration.settings.alerts import AlertChannel, Alerts

LOCK_SECONDS = PATIENCE_SECONDS + 5.0  # who holds it delivers at most so long


def announce(
    path: Path,
    alerts: Alerts,
    observation: Observation,
    *,
    organisation: str,
    run_id: str,
    at: datetime,
    environment: Mapping[str, str],
    pages: Mapping[str, int] | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
) -> list[str]:
    """Take note of what a run found, and tell every channel what it has not heard yet.

    What is remembered is written before anything is sent, and again after each notice that was accepted:
    whoever is killed in between sends that notice a second time, and none is lost.

    Args:
        path: The file of what is remembered.
        alerts: The settings.
        observation: What the run found and looked at.
        organisation: Whose workspace it is.
        run_id: The run.
        at: The present.
        environment: Where the addresses are.
        pages: Pages of each source, for stated freshness.
        patience_seconds: How long delivery may take altogether.

    Returns:
        What could not be delivered, one line each.
    """
    try:
        with _alone(path):
            state = load_state(path)
            take_note(state, observation, alerts, pages=pages or {}, at=at)
            state.last_run_id = run_id
            _forget(state, alerts.channels)
            save_state(path, state)  # before anything is sent: since when it holds must not be lost
            return _tell(
                path,
                state,
                alerts,
                lambda channel: notice_for(
                    channel, state, organisation=organisation, at=at, repeat_hours=alerts.repeat_hours
                ),
                at=at,
                environment=environment,
                patience_seconds=patience_seconds,
            )
    except Timeout:
        return ["alerts: another process has been announcing for too long; the next run announces"]
    except OSError as error:
        return [f"alerts: what is remembered of causes cannot be written: {error.strerror}; see {path}"]


def take_note(
    state: AlertState,
    observation: Observation,
    alerts: Alerts,
    *,
    pages: Mapping[str, int],
    at: datetime,
) -> None:
    """Open, keep and close causes; what was not looked at stays as it is."""
    holding = {cause.key: cause for cause in observation.causes}
    holding |= {cause.key: cause for cause in _stale(state, alerts, pages, at)}
    for key, cause in holding.items():
        known = state.open.get(key)
        if known is None:
            state.open[key] = OpenCause(cause, since=at, seen_at=at)
        else:
            since = at if known.recovered_at is not None else known.since
            known.cause, known.seen_at, known.recovered_at, known.since = cause, at, None, since
    for key, known in state.open.items():
        if (
            key not in holding
            and known.recovered_at is None
            and observation.is_over(known.cause.kind, known.cause.subject)
        ):
            known.recovered_at = at


def _stale(state: AlertState, alerts: Alerts, pages: Mapping[str, int], at: datetime) -> Iterator[Cause]:
    stated = {rule.source for rule in alerts.freshness}
    state.arrivals = {name: each for name, each in state.arrivals.items() if name in stated}
    for rule in alerts.freshness:
        count = pages.get(rule.source, 0)
        known = state.arrivals.get(rule.source)
        if known is None or count > known.pages:
            state.arrivals[rule.source] = known = Arrivals(count, at)
        if at - known.at > timedelta(hours=rule.hours):
            yield stale_source(rule.source, rule.hours)


def _forget(state: AlertState, channels: Sequence[AlertChannel]) -> None:
    """Drop channels that are gone, and causes of whose end nobody is left to be told."""
    names = {channel.name for channel in channels}
    state.undelivered = {name: why for name, why in state.undelivered.items() if name in names}
    for each in state.open.values():
        each.told = {name: told for name, told in each.told.items() if name in names}
    state.open = {key: each for key, each in state.open.items() if each.recovered_at is None or each.told}


def _tell(
    path: Path,
    state: AlertState,
    alerts: Alerts,
    compose: Callable[[AlertChannel], Notice | None],
    *,
    at: datetime,
    environment: Mapping[str, str],
    patience_seconds: float,
) -> list[str]:
    composed = ((channel, compose(channel)) for channel in alerts.channels)
    waiting = [(channel, notice) for channel, notice in composed if notice is not None]
    told = {channel.name for channel, _ in waiting}
    state.undelivered = {name: why for name, why in state.undelivered.items() if name in told}
    problems = []
    for channel, notice, problem in deliver(
        waiting, environment=environment, patience_seconds=patience_seconds
    ):
        if problem is None:
            _remember(state, channel, notice, at)
        else:
            since = state.undelivered.get(channel.name, (problem, at))[1]
            state.undelivered[channel.name] = (problem, since)
            problems.append(f"alerts: {channel.name} was not told: {problem}. The next run tries again")
        _forget(state, alerts.channels)
        save_state(path, state)
    return problems


def _remember(state: AlertState, channel: AlertChannel, notice: Notice, at: datetime) -> None:
    state.undelivered.pop(channel.name, None)
    for key in notice.began:
        state.open[key].told[channel.name] = Told(state.open[key].cause.severity, at)
    for key in notice.recovered:
        state.open[key].told.pop(channel.name, None)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the file for the length of the block: a run and Dagster's sensor may end at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")).acquire(timeout=LOCK_SECONDS):
        yield
