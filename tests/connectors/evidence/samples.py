"""Pages, windows and stores as the tests need them."""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connectors.evidence import EvidenceStore, Page, PageRef, RedactionOrder, WindowClose, signed_message
from lineage.ledger import Ledger

FETCHED = datetime(2026, 7, 1, 12, 30, 15, 123456, tzinfo=UTC)


def salts(seed: int = 0) -> Callable[[int], bytes]:
    """A reproducible source of bytes that never repeats itself."""
    counter = itertools.count(seed)
    return lambda count: b"".join(next(counter).to_bytes(32, "big") for _ in range(-(-count // 32)))[:count]


def page(
    number: int = 0, *, body: bytes | None = None, stream: str = "pull_requests", **changes: Any
) -> Page:
    """A page of two records, unlike every other page."""
    records = [{"id": number * 10 + at, "user": {"login": f"person-{number}-{at}"}} for at in range(2)]
    values: dict[str, Any] = {
        "source": "github",
        "stream": stream,
        "scope": "acme/shop",
        "parent_key": None,
        "window_id": f"window-{number}",
        "sequence": 0,
        "method": "GET",
        "url": f"https://api.example/repos/acme/shop/{stream}?page={number}",
        "status": 200,
        "headers": {"etag": f'"{number}"', "content-type": "application/json"},
        "fetched_at": FETCHED + timedelta(seconds=number),
        "run_id": "run-1",
        "body": json.dumps(records).encode() if body is None else body,
        "record_count": 2,
    }
    return Page(**(values | changes))


def window(number: int = 0, *, pages: tuple[PageRef | int, ...] = (), **changes: Any) -> WindowClose:
    """A closed window over the pages."""
    values: dict[str, Any] = {
        "window_id": f"window-{number}",
        "source": "github",
        "stream": "pull_requests",
        "scope": "acme/shop",
        "parent_key": None,
        "requested_from": FETCHED - timedelta(days=1),
        "requested_until": None,
        "started_at": FETCHED,
        "closed_at": FETCHED + timedelta(minutes=1),
        "run_id": "run-1",
        "claimed_total": None,
        "record_count": 2 * len(pages),
        "pages": pages,
    }
    return WindowClose(**(values | changes))


@dataclass(slots=True)
class Place:
    """A folder with a ledger and an evidence store, to be opened as often as a test likes."""

    folder: Path
    on_step: Callable[[str], None] = lambda _name: None
    ledger: Ledger = field(init=False)
    store: EvidenceStore = field(init=False)

    def __post_init__(self) -> None:
        self.open()

    @property
    def ledger_path(self) -> Path:
        return self.folder / "ledger" / "ledger.sqlite"

    @property
    def evidence(self) -> Path:
        return self.folder / "evidence"

    def open(self) -> None:
        """Open as a new process would."""
        self.ledger = Ledger(self.ledger_path, origin="assay/acme")
        size = self.ledger_path.stat().st_size if self.ledger_path.exists() else 0
        self.store = EvidenceStore(
            self.evidence, self.ledger, random_bytes=salts(size << 40), on_step=self.on_step
        )

    def reopen(self) -> None:
        """Close in good order and open again."""
        self.close()
        self.open()

    def close(self) -> None:
        """Close and seal."""
        self.store.close()
        self.ledger.close()

    def problems(self) -> list[str]:
        """Everything that verification says, without the note that the ledger is in use."""
        found = [(each.object_name, each.problem) for each in self.ledger.verify()]
        found += [(each.object_name, each.problem) for each in self.store.verify()]
        return [f"{name}: {problem}" for name, problem in found if name != "ledger.dirty"]

    def files_on_disk(self) -> list[str]:
        """Relative paths of all files of evidence."""
        return sorted(
            path.relative_to(self.evidence).as_posix() for path in self.evidence.rglob("*") if path.is_file()
        )


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature as the governance room makes them."""

    public_key: bytes
    signature: bytes


KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2, 3)]
PUBLIC_KEYS = [key.public_key().public_bytes_raw() for key in KEYS]


def sign(
    log_index: int, json_paths: tuple[str, ...], *, by: tuple[int, ...] = (0, 1), **changes: Any
) -> list[Signed]:
    """Signatures of a redaction order."""
    values: dict[str, Any] = {"policy": "erasure", "reason": "case 17", "ordered_at": FETCHED} | changes
    message = signed_message(RedactionOrder(log_index, json_paths, **values).document())
    return [Signed(PUBLIC_KEYS[number], KEYS[number].sign(message)) for number in by]


def redact(store: EvidenceStore, log_index: int, *json_paths: str) -> Any:
    """A redaction in good order."""
    return store.redact(
        log_index,
        json_paths,
        policy="erasure",
        reason="case 17",
        signers=sign(log_index, json_paths),
        trusted_keys=PUBLIC_KEYS,
        at=FETCHED,
    )
