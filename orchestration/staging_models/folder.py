"""The files of all kinds beside those on disk: what is generated, what differs, and writing it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from connectors.kinds import SourceKind
from connectors.sources import SOURCE_KINDS
from connectors.streams import Stream
from orchestration.staging_models.model_sql import COMMAND, model_sql
from orchestration.staging_models.model_yml import model_yml, sources_yml
from orchestration.staging_models.staged_stream_plan import StagedStreamPlan

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
MODELS = Path("models/staging")
_MODELS_MACRO = Path("macros/staging/staged_models.sql")


@dataclass(frozen=True, slots=True)
class Rendering:
    """What the declarations give.

    Attributes:
        files: The text of every generated file, by its place in the dbt project.
        problems: Declarations that no model can be made of, and streams without any model.
    """

    files: dict[Path, str]
    problems: tuple[str, ...]


def render(project: Path = PROJECT, kinds: Iterable[SourceKind] | None = None) -> Rendering:
    """Render every generated file.

    Args:
        project: The dbt project: models of streams without declared columns must stand in it.
        kinds: The kinds of source; all that there are by default.
    """
    files: dict[Path, str] = {}
    problems: list[str] = []
    models: list[str] = []
    for kind in tuple(SOURCE_KINDS.values() if kinds is None else kinds):
        folder = MODELS / kind.name
        files[folder / f"_{kind.name}__sources.yml"] = sources_yml(kind)
        for stream in filter(lambda each: each.is_staged, kind.streams):
            model = f"stg_{kind.name}__{stream.name}"
            try:
                files.update(_model_files(folder, kind, stream))
            except ValueError as error:
                problems.append(str(error))
            if stream.columns or (project / folder / f"{model}.sql").exists():
                models.append(model)
            else:
                problems.append(
                    f"{kind.name}.{stream.name} declares no columns and has no {folder}/{model}.sql"
                )
    files[_MODELS_MACRO] = _models_macro(models)
    return Rendering(files, tuple(problems))


def differences(project: Path = PROJECT, kinds: Iterable[SourceKind] | None = None) -> list[str]:
    """Say what is wrong with declarations, and which files are not as they want them."""
    rendering = render(project, kinds)
    changed = [f"{path} is not what its declaration gives" for path in _outdated(project, rendering.files)]
    left = [f"{path} has no declaration any more" for path in _left_over(project, rendering.files)]
    return [*rendering.problems, *sorted([*changed, *left])]


def write_files(project: Path = PROJECT, kinds: Iterable[SourceKind] | None = None) -> list[Path]:
    """Bring the folder up to the declarations; return the files that were written or removed."""
    files = render(project, kinds).files
    outdated, left = list(_outdated(project, files)), list(_left_over(project, files))
    for path in outdated:
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(files[path], encoding="utf-8")
    for path in left:
        (project / path).unlink()
        if not any((project / path).parent.iterdir()):
            (project / path).parent.rmdir()
    return [*outdated, *left]


def _model_files(folder: Path, kind: SourceKind, stream: Stream) -> dict[Path, str]:
    if not stream.columns:
        return {}
    plan = StagedStreamPlan(kind.name, stream)
    return {folder / f"{plan.model}.sql": model_sql(plan), folder / f"{plan.model}.yml": model_yml(plan)}


def _outdated(project: Path, files: Mapping[Path, str]) -> Iterator[Path]:
    for path, text in sorted(files.items()):
        place = project / path
        if not place.exists() or place.read_text(encoding="utf-8") != text:
            yield path


def _left_over(project: Path, files: Mapping[Path, str]) -> Iterator[Path]:
    """Files that say that they are generated, of streams or kinds that are gone."""
    for place in sorted((project / MODELS).rglob("*.*")):
        path = place.relative_to(project)
        if path not in files and place.is_file() and COMMAND in place.read_text(encoding="utf-8")[:200]:
            yield path


def _models_macro(models: Iterable[str]) -> str:
    listed = "\n".join(f"        '{name}'," for name in models)
    return (
        f"{{# Every staging model. Written by `{COMMAND}`. #}}\n\n"
        f"{{% macro staged_models() %}}\n    {{{{ return([\n{listed}\n    ]) }}}}\n{{% endmacro %}}\n"
    )
