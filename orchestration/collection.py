"""What the collection register lets a workspace fetch, what it keeps out, and which one counted when."""

import difflib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from connectors.sources import SOURCE_KINDS
from governance.canonical import canonical_json
from governance.collection import REGISTER_FILE, CollectionRegister
from governance.collection_writing import missing_entries, with_confirmation, with_entries
from governance.errors import RegisterError
from governance.log import GOVERNANCE_LOG
from lineage.ledger import Ledger
from orchestration.errors import UsageError
from orchestration.settings import Settings
from orchestration.sources import enabled_streams

PURPOSE = "Measure delivery, flow and reliability of teams and services, as docs/metrics.md defines them"
_LEAVES_AT_ONCE = 1_000
_MARK = b'"kind":"collection_register"'


@dataclass(frozen=True, slots=True)
class Uncollected:
    """A stream that the settings ask for and the register does not allow."""

    source: str
    stream: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """Somebody's word that the streams of the settings may be fetched."""

    confirmed_by: str
    confirmed_on: date
    purpose: str | None = None
    legal_basis: str | None = None


def known_streams() -> dict[str, dict[str, tuple[str, ...]]]:
    """Return, by kind of source, every stream and the personal data that it brings."""
    return {
        kind.name: {stream.name: tuple(map(str, stream.personal_data)) for stream in kind.streams}
        for kind in SOURCE_KINDS.values()
    }


def check_kinds(kinds: Iterable[str]) -> None:
    """Refuse a kind of source that does not exist.

    Raises:
        UsageError: with the nearest one and those that there are.
    """
    for kind in kinds:
        if kind not in SOURCE_KINDS:
            close = difflib.get_close_matches(kind.lower(), SOURCE_KINDS, n=1)
            hint = f"Did you mean {close[0]}? " if close else ""
            known = f"{hint}Known: {', '.join(SOURCE_KINDS)}"
            raise UsageError(f"There is no kind of source '{kind}'; nothing was written. {known}")


def wanted_streams(settings: Settings) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the same for the streams that the settings ask for."""
    wanted: dict[str, dict[str, tuple[str, ...]]] = {}
    for source in settings.sources:
        streams = {stream.name: tuple(map(str, stream.personal_data)) for stream in enabled_streams(source)}
        wanted.setdefault(source.kind, {}).update(streams)
    return wanted


def load_register(governance: Path) -> CollectionRegister:
    """Read `collection.yml` of a workspace's governance folder.

    Raises:
        RegisterError: it is wrong; file and line are named.
    """
    return CollectionRegister.load(governance / REGISTER_FILE, known_streams())


def uncollected_streams(
    settings: Settings, register: CollectionRegister, *, on: date
) -> tuple[Uncollected, ...]:
    """Return the streams that may not be fetched on a day, with those that are fetched for them."""
    found: list[Uncollected] = []
    for source in settings.sources:
        refused: set[str] = set()
        for stream in enabled_streams(source):
            categories = tuple(map(str, stream.personal_data))
            if stream.parent in refused:
                reason: str | None = f"it is fetched for {stream.parent}, which is not collected"
            else:
                reason = register.refusal(source.kind, stream.name, categories, on=on)
            if reason is not None:
                refused.add(stream.name)
                found.append(Uncollected(source.name, stream.name, reason))
    return tuple(found)


def uncollected_lines(uncollected: Iterable[Uncollected]) -> Iterator[str]:
    """Yield one line per source: what is left out, why, and what to do."""
    by_source: dict[str, dict[str, list[str]]] = {}
    for each in uncollected:
        by_source.setdefault(each.source, {}).setdefault(each.reason, []).append(each.stream)
    for source, reasons in by_source.items():
        count = sum(map(len, reasons.values()))
        why = "; ".join(f"{', '.join(streams)}: {reason}" for reason, streams in reasons.items())
        yield (
            f"{source}: {count} {'stream is' if count == 1 else 'streams are'} not collected, for the "
            f"collection register does not allow it ({why}). `assay register` shows what to do"
        )


def write_register(
    governance: Path,
    settings: Settings | None,
    *,
    on: date | None = None,
    confirmation: Confirmation | None = None,
) -> int:
    """Write the entries that are missing, to be confirmed or confirmed at once; entries that are there stay.

    Args:
        governance: The folder.
        settings: Whose streams; None writes an empty register.
        on: The day: what has lapsed by then gets a new entry; None where nothing can have lapsed.
        confirmation: Whose word it is; None leaves the entries to be confirmed.

    Returns:
        How many entries were written.

    Raises:
        RegisterError: the register that is there is wrong.
    """
    file = governance / REGISTER_FILE
    held = load_register(governance)
    purpose = (confirmation.purpose if confirmation else None) or PURPOSE
    wanted = wanted_streams(settings) if settings is not None else {}
    entries = missing_entries(wanted, held.entries, on=on, purpose=purpose)
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    if entries or not text:
        file.write_text(with_entries(text, entries), encoding="utf-8")
    if confirmation is not None:
        confirm_register(governance, confirmation)
    return len(entries)


def confirm_register(
    governance: Path, confirmation: Confirmation, *, kinds: tuple[str, ...] | None = None
) -> int:
    """Confirm the entries that nobody has confirmed.

    Args:
        governance: The folder.
        confirmation: Whose word it is; purpose and legal basis are written where an entry lacks them.
        kinds: Only entries of these kinds of source; None for all.

    Returns:
        How many entries were confirmed.

    Raises:
        RegisterError: there is no register, it is wrong, or an entry still lacks purpose or legal basis.
    """
    file = load_register(governance).path
    if not file.exists():
        raise RegisterError(f"there is no {file}. `assay register --add` writes it")
    stated = {"purpose": confirmation.purpose, "legal_basis": confirmation.legal_basis}
    try:
        text, count = with_confirmation(
            file.read_text(encoding="utf-8"),
            confirmed_by=confirmation.confirmed_by,
            confirmed_on=confirmation.confirmed_on,
            stated={key: value for key, value in stated.items() if value},
            kinds=kinds,
        )
    except RegisterError as error:
        raise RegisterError(f"{file}: {error}") from None
    file.write_text(text, encoding="utf-8")
    return count


def record_register(ledger: Ledger, register: CollectionRegister) -> None:
    """Append the register to the governance log, unless it is the one that counts already.

    The event holds the size of the payload log: pages from there on, up to the next such event, were fetched
    under this register.
    """
    if _sha256_in_force(ledger) == register.sha256:
        return
    size = ledger.size("payload")
    with ledger.transaction() as transaction:
        transaction.append(GOVERNANCE_LOG, canonical_json(register.leaf(payload_log_size=size)))


def _sha256_in_force(ledger: Ledger) -> str | None:
    stop = ledger.size(GOVERNANCE_LOG)
    while stop > 0:
        start = max(0, stop - _LEAVES_AT_ONCE)
        for _, leaf in reversed(ledger.leaves(GOVERNANCE_LOG, start, stop)):
            if _MARK in leaf:
                return str(json.loads(leaf)["sha256"])
        stop = start
    return None
