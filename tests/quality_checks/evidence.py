"""A small, sound evidence folder as tables: two repositories, a source of each kind."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa

from quality_checks import ExpectedPlace
from quality_checks.streams import STREAMS, StreamContract

WINDOW_COLUMNS = (
    "window_index bigint, window_id varchar, source varchar, kind varchar, stream varchar, scope varchar, "
    "parent_key varchar, requested_from timestamptz, requested_until timestamptz, started_at timestamptz, "
    "closed_at timestamptz, claimed_total bigint, record_count bigint, page_indexes bigint[], "
    "is_changed boolean, is_new boolean, run_id varchar"
)
PAGE_COLUMNS = (
    "log_index bigint, source varchar, kind varchar, stream varchar, scope varchar, parent_key varchar, "
    "window_id varchar, sequence integer, record_count integer, fetched_at timestamptz, url varchar, "
    "body_sha256 varchar, body_bytes bigint"
)
RAW_COLUMNS = (
    "log_index bigint, source varchar, scope varchar, parent_key varchar, window_id varchar, body blob"
)
AT = "2026-06-01T00:00:00Z"
ORGANISATION_WIDE = ("teams", "members", "repositories")
SHOP, SEARCH = "acme/shop", "acme/search"


@dataclass
class Evidence:
    """Pages and windows in log order, and the records that staging holds of them."""

    next_index: int = 0
    pages: list[dict[str, Any]] = field(default_factory=list)
    windows: list[dict[str, Any]] = field(default_factory=list)
    bodies: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    staged: dict[tuple[str, str], list[tuple[str, str, int]]] = field(default_factory=dict)

    def window(
        self,
        contract: StreamContract,
        scope: str,
        pages: list[list[str]],
        *,
        parent_key: str | None = None,
        is_staged: bool = True,
    ) -> None:
        """One closed window: a list of keys for each of its pages."""
        indexes, window_id = [], f"w{contract.stream}{scope}{parent_key}"
        for sequence, keys in enumerate(pages):
            index, body = self._take(), _body(contract, keys)
            indexes.append(index)
            place = {"log_index": index, "source": contract.kind, "scope": scope, "window_id": window_id}
            place |= {"parent_key": parent_key}
            self.bodies.setdefault((contract.kind, contract.stream), []).append(place | {"body": body})
            self.pages.append(
                place
                | {
                    "kind": contract.kind,
                    "stream": contract.stream,
                    "sequence": sequence,
                    "record_count": len(keys),
                    "fetched_at": AT,
                    "url": f"https://api.example/{scope}/{contract.stream}?page={sequence + 1}",
                    "body_sha256": hashlib.sha256(body).hexdigest(),
                    "body_bytes": len(body),
                }
            )
            if is_staged:
                rows = self.staged.setdefault((contract.kind, contract.stream), [])
                rows.extend((scope, key, index << 23 | ordinal) for ordinal, key in enumerate(keys))
        self.windows.append(
            {
                "window_index": self._take(),
                "window_id": window_id,
                "source": contract.kind,
                "kind": contract.kind,
                "stream": contract.stream,
                "scope": scope,
                "parent_key": parent_key,
                "started_at": AT,
                "closed_at": AT,
                "claimed_total": sum(map(len, pages)) if contract.shape == "wrapped" else None,
                "record_count": sum(map(len, pages)),
                "page_indexes": indexes,
                "is_changed": True,
                "is_new": True,
                "run_id": "run-1",
            }
        )

    def _take(self) -> int:
        self.next_index += 1
        return self.next_index - 1


def _body(contract: StreamContract, keys: list[str]) -> bytes:
    if contract.shape == "separated":
        return b"".join(f"\x1e{key}\x1fmore\x1f{key} \x1d\n".encode() for key in keys)
    field = _field(contract)
    records = [{"other": [1, {"id": 3}], field: int(key) if field == "id" else key} for key in keys]
    body: Any = records
    for wrapper in reversed(contract.envelope):
        body = {"total_count": len(keys), wrapper: body}
    return json.dumps(body).encode()


def _field(contract: StreamContract) -> str:
    """The field of a record that the hand-stated contracts have for a key."""
    return str(contract.record_parts[0].path[0])


def sha(number: int) -> str:
    """A commit id."""
    return f"{number:040x}"


def read_everything() -> Evidence:
    """Every stream of both kinds read once; one replaced set read a second time with another content."""
    evidence = Evidence()
    by_name = {(contract.kind, contract.stream): contract for contract in STREAMS}
    for (kind, stream), contract in by_name.items():
        if contract.parent is not None:
            continue
        scopes = ["acme"] if stream in ORGANISATION_WIDE else [SHOP, SEARCH]
        for offset, scope in enumerate(scopes):
            keys = _keys(contract, offset)
            evidence.window(contract, scope, [keys[:2], keys[2:]])
            assert kind in ("github", "git")
    for contract in by_name.values():
        if contract.parent is None:
            continue
        for offset, scope in enumerate(["acme"] if contract.parent == "teams" else [SHOP, SEARCH]):
            for parent in _parents(contract.parent, offset):
                older = contract.stream == "reviews" and parent == "1"
                if older:
                    evidence.window(contract, scope, [["77"]], parent_key=parent, is_staged=False)
                keys = [f"{parent.removeprefix('team-')}{place}" for place in (1, 2)]
                evidence.window(contract, scope, [_shas(contract, keys)], parent_key=parent)
    return evidence


def places() -> list[ExpectedPlace]:
    """Each stream at each place where the sound evidence reads it."""
    wide = (*ORGANISATION_WIDE, "team_members")
    return [
        ExpectedPlace(contract.kind, contract.kind, contract.stream, scope)
        for contract in STREAMS
        for scope in (["acme"] if contract.stream in wide else [SHOP, SEARCH])
    ]


def _keys(contract: StreamContract, offset: int) -> list[str]:
    first = 100 * offset
    if _field(contract) == "sha":
        return [sha(1), sha(2), sha(first + 3)]  # two commits stand in both repositories
    if _field(contract) == "name":
        return [f"v1.{first}", f"v1.{first + 1}", f"v1.{first + 2}"]
    return [str(first + number) for number in (1, 2, 3)]


def _shas(contract: StreamContract, keys: list[str]) -> list[str]:
    return [sha(int(key)) for key in keys] if _field(contract) == "sha" else keys


def _parents(stream: str, offset: int) -> list[str]:
    if stream == "teams":
        return ["team-1", "team-2", "team-3"]
    first = 100 * offset
    return [str(first + number) for number in (1, 2, 3)]


def write(con: duckdb.DuckDBPyConnection, evidence: Evidence) -> None:
    """The schemas `raw`, `config` and `staging` of a warehouse that holds exactly this evidence."""
    con.execute("set timezone = 'UTC'")
    con.execute("create schema raw; create schema staging; create schema config")
    _table(con, "raw.fetch_windows", WINDOW_COLUMNS, evidence.windows)
    _table(con, "raw.evidence_pages", PAGE_COLUMNS, evidence.pages)
    for contract in STREAMS:
        _table(con, contract.raw, RAW_COLUMNS, evidence.bodies.get((contract.kind, contract.stream), []))
        _stage(con, contract, evidence.staged.get((contract.kind, contract.stream), []))
    con.execute("create table config.repositories (source varchar, repository varchar, has_git boolean)")
    for kind in ("github", "git"):
        con.execute(
            f"insert into config.repositories values ('{kind}', '{SHOP}', true), ('{kind}', '{SEARCH}', true)"
        )


def _table(con: duckdb.DuckDBPyConnection, name: str, columns: str, rows: list[dict[str, Any]]) -> None:
    con.execute(f"create table {name} ({columns})")
    if rows:
        con.register("lot", pa.Table.from_pylist(rows))
        con.execute(f"insert into {name} by name select * from lot")
        con.unregister("lot")


def _stage(
    con: duckdb.DuckDBPyConnection, contract: StreamContract, rows: list[tuple[str, str, int]]
) -> None:
    place = "organisation" if contract.stream in ("teams", "team_members", "members") else "repository"
    more = {
        "pull_requests": "number integer, state varchar, created_at timestamptz, updated_at timestamptz, "
        "closed_at timestamptz, merged_at timestamptz, author_token varchar, head_sha varchar,",
        "issues": "number integer, is_pull_request boolean,",
        "teams": "slug varchar,",
        "reviews": "pull_request_number integer,",
    }.get(contract.stream, "")
    kind = "varchar" if _field(contract) in ("sha", "name") else "bigint"
    con.execute(
        f"create table {contract.staging} (source varchar, {place} varchar, {more} "
        f"{contract.record_parts[0].staged} {kind}, record_id bigint, cast_loss_count integer)"
    )
    if not rows:
        return
    scopes, keys, record_ids = map(list, zip(*rows, strict=True))
    con.execute(
        f"insert into {contract.staging} by name select '{contract.kind}' as source, unnest(?) as {place}, "
        f"unnest(?)::{kind} as {contract.record_parts[0].staged}, unnest(?) as record_id, "
        "0 as cast_loss_count",
        [scopes, keys, record_ids],
    )
    if contract.stream == "teams":
        con.execute(f"update {contract.staging} set slug = concat('team-', team_id)")
    if contract.stream == "issues":
        con.execute(f"update {contract.staging} set number = issue_id, is_pull_request = false")
    if contract.stream == "pull_requests":
        con.execute(
            f"update {contract.staging} set number = pull_request_id, state = 'open', author_token = 'p1', "
            f"head_sha = '{sha(3)}', created_at = '{AT}', updated_at = '{AT}'"
        )
