"""The streams that staging reads: stream = source table = staging model, and how their records combine."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from connectors.kinds import SourceKind
from connectors.sources import SOURCE_KINDS
from connectors.streams import Stream
from orchestration.staging_models.folder import MODELS, PROJECT

Mode = Literal["upsert", "append", "replace_set"]

_RULES: Final = "source('config', 'rules')"
_ACCOUNTS: Final = "source('vault', 'account_tokens')"
_MACRO: Final = re.compile(r"{%-?\s*macro\s+(\w+)(.*?){%-?\s*endmacro", re.DOTALL)
_CALL: Final = re.compile(r"\b(\w+)\(")


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

    What a generated model reads is declared; what others read, their own SQL says.

    Args:
        kinds: The kinds of source.
        project: The dbt project with the models that are written by hand.
    """
    macros = _macros(project)
    return tuple(
        _staged(kind.name, stream, project, macros)
        for kind in kinds
        for stream in kind.streams
        if stream.is_staged
    )


def _staged(kind: str, stream: Stream, project: Path, macros: Mapping[str, str]) -> StagedStream:
    texts = [file.read_text(encoding="utf-8") for file in _models(project, kind, stream)]
    sql = "\n".join(_with_macros(text, macros) for text in texts)
    is_declared = bool(stream.columns and stream.accounts)
    return StagedStream(
        kind=kind,
        name=stream.name,
        mode=stream.mode.value,
        reads_rules=_RULES in sql,
        reads_accounts=is_declared or _ACCOUNTS in sql,
        declared=stream,
    )


def _models(project: Path, kind: str, stream: Stream) -> list[Path]:
    """Return the stream's model, and those of what stands nested in its records."""
    folder, model = project / MODELS / kind, f"stg_{kind}__{stream.name}"
    return sorted({*folder.glob(f"{model}.sql"), *folder.glob(f"{model}__*.sql")})


def _macros(project: Path) -> dict[str, str]:
    """Return the text of each macro by its name."""
    return {
        name: text
        for file in sorted((project / "macros").rglob("*.sql"))
        for name, text in _MACRO.findall(file.read_text(encoding="utf-8"))
    }


def _with_macros(sql: str, macros: Mapping[str, str]) -> str:
    """Return a model's SQL, followed by every macro that it calls, and those that they call."""
    texts, called = [sql], set[str]()
    for text in texts:
        for name in _CALL.findall(text):
            if name in macros and name not in called:
                called.add(name)
                texts.append(macros[name])
    return "\n".join(texts)


STAGED_STREAMS: tuple[StagedStream, ...] = staged_streams(SOURCE_KINDS.values())
