"""The streams that staging reads: stream = source table = staging model, and how their records combine."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from connectors.kinds import SourceKind
from connectors.sources import SOURCE_KINDS
from connectors.streams import Stream
from orchestration.staging_models.folder import MODELS, PROJECT

Mode = Literal["upsert", "append", "replace_set"]

_RULES: Final = re.compile(r"source\('config', 'rules'\)")
_ACCOUNTS: Final = re.compile(r"\bjoin_tokens?(?:_lists)?\(|source\('vault', 'account_tokens'\)")


@dataclass(frozen=True, slots=True)
class StagedStream:
    """One stream of one kind of source, as the staging model `stg_<kind>__<name>` reads it.

    `reads_rules` and `reads_accounts` say what beside its pages enters the model: when the rules change, or
    an account known before turns out to be a bot, the model is read anew from all its evidence. `declared` is
    the connector's declaration, where the streams come from the kinds.
    """

    kind: str
    name: str
    mode: Mode
    reads_rules: bool = False
    reads_accounts: bool = False
    declared: Stream | None = field(default=None, compare=False, repr=False)

    @property
    def table(self) -> str:
        """The name of the raw view, also the stream's name in `raw.build_state`."""
        return f"{self.kind}__{self.name}"

    @property
    def model(self) -> str:
        """The name of the staging model."""
        return f"stg_{self.table}"


def staged_streams(kinds: Iterable[SourceKind], project: Path = PROJECT) -> tuple[StagedStream, ...]:
    """Return every stream of these kinds.

    What a generated model reads is declared; what another one reads, its own SQL says.

    Args:
        kinds: The kinds of source.
        project: The dbt project with the models that are written by hand.
    """
    return tuple(
        _staged(kind.name, stream, project) for kind in kinds for stream in kind.streams if stream.is_staged
    )


def _staged(kind: str, stream: Stream, project: Path) -> StagedStream:
    reads_rules, reads_accounts = False, bool(stream.accounts)
    if not stream.columns:
        file = project / MODELS / kind / f"stg_{kind}__{stream.name}.sql"
        sql = file.read_text(encoding="utf-8") if file.exists() else ""
        reads_rules = _RULES.search(sql) is not None
        reads_accounts = _ACCOUNTS.search(sql) is not None
    return StagedStream(
        kind=kind,
        name=stream.name,
        mode=stream.mode.value,
        reads_rules=reads_rules,
        reads_accounts=reads_accounts,
        declared=stream,
    )


STAGED_STREAMS: tuple[StagedStream, ...] = staged_streams(SOURCE_KINDS.values())
