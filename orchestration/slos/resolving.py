"""From documents to definitions: references followed, metrics bound to sources, contradictions found."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NoReturn

from pydantic_core import PydanticCustomError

from orchestration.errors import SettingsError
from orchestration.settings import Settings
from orchestration.settings.located import KeyPath
from orchestration.slos.binding import Binding, explained
from orchestration.slos.definitions import EmptyPolicy, ObjectiveDefinition, Signal
from orchestration.slos.indicators import (
    METHODS,
    check_slice_target,
    check_threshold,
    kind_of,
    metrics_of,
    slice_seconds,
    window_of,
)
from orchestration.slos.reading import FileProblem, LocatedDefinition, read_files, slo_files
from orchestration.slos.schema import IndicatorSpec, Objective, SliDocument, SloDocument, SloSpec

FOLDER: Final = "slos"
NO_TRAFFIC, GAPS = "assay/no-traffic", "assay/gaps"
"""Annotations of an SLO: what slices count in which nothing happened, and of which nothing is known."""
_POLICIES: Final[Mapping[str, EmptyPolicy]] = {"exclude": "exclude", "good": "good", "bad": "bad"}


@dataclass(frozen=True, slots=True)
class SloBook:
    """All objectives of a workspace, in order of their names, and what its files have wrong."""

    objectives: tuple[ObjectiveDefinition, ...] = ()
    problems: tuple[FileProblem, ...] = ()
    file_count: int = 0


def read_slos(root: Path, settings: Settings) -> SloBook:
    """Read a workspace's objectives.

    Args:
        root: The workspace.
        settings: Its settings.

    Raises:
        SettingsError: With one line per problem, ordered by file and line.
    """
    book = examine_slos(root, settings)
    if book.problems:
        listed = "\n".join(problem.text() for problem in book.problems)
        count = f"{len(book.problems)} problems" if len(book.problems) > 1 else "a problem"
        raise SettingsError(f"the files of objectives have {count}; nothing was started.\n{listed}")
    return book


def examine_slos(root: Path, settings: Settings) -> SloBook:
    """Return every objective that is valid, and every problem that was found."""
    files = slo_files(root / FOLDER)
    documents, problems = read_files(files, root)
    resolver = _Resolver(settings, documents)
    objectives = sorted(resolver.objectives(), key=lambda one: (one.slo_id, one.number))
    found = sorted([*problems, *resolver.problems], key=lambda one: (one.file, one.problem.line))
    return SloBook(tuple(objectives), tuple(dict.fromkeys(found)), len(files))


class _UnresolvedError(Exception):
    """An objective cannot be resolved; its problem is noted."""


@dataclass(frozen=True, slots=True)
class _Place:
    """An indicator, and the document and key that it stands at."""

    definition: LocatedDefinition
    path: KeyPath
    spec: IndicatorSpec


class _Resolver:
    """Resolves the documents of one workspace, noting what is wrong."""

    def __init__(self, settings: Settings, documents: list[LocatedDefinition]) -> None:
        self.problems: list[FileProblem] = []
        self._documents = documents
        self._named = self._by_name(documents)
        declared = {name for kind, name in self._named if kind == "Service"}
        self._services = {service.name for service in settings.services} | declared
        self._names_services = bool(settings.services)
        self._binding = Binding(settings, dict(_data_sources(documents)))

    def objectives(self) -> Iterator[ObjectiveDefinition]:
        """Every objective that can be resolved; the others are noted as problems."""
        for one in self._documents:
            if isinstance(one.document, SliDocument):
                with self._attempt():
                    self._signals(_Place(one, ("spec",), one.document.spec))
            if isinstance(one.document, SloDocument):
                yield from self._of_slo(one, one.document)

    def _of_slo(self, one: LocatedDefinition, slo: SloDocument) -> Iterator[ObjectiveDefinition]:
        spec = slo.spec
        if self._names_services and spec.service not in self._services:
            known = f"One of {', '.join(sorted(self._services))}"
            self._note(one, ("spec", "service"), f"'{spec.service}' is no service of assay.yml", known)
        own = [_has_own_indicator(each) for each in spec.objectives]
        if any(own) and not all(own):
            path: KeyPath = ("spec", "objectives", own.index(False))
            message = "other objectives have an indicator of their own, this one has none"
            self._note(one, path, message, "In a composite each objective names its indicator")
            return
        for position in range(len(spec.objectives)):
            with self._attempt():
                yield self._objective(one, slo, position)

    def _objective(self, one: LocatedDefinition, slo: SloDocument, position: int) -> ObjectiveDefinition:
        spec, name = slo.spec, slo.metadata.name
        objective = spec.objectives[position]
        path: KeyPath = ("spec", "objectives", position)
        is_one_of_many = len(spec.objectives) > 1
        is_part = is_one_of_many and _has_own_indicator(objective)
        place = self._indicator(one, spec, position)
        signals = self._signals(place)
        method, ratio = METHODS[spec.budgeting_method], place.spec.ratio_metric
        with self._noting(one, path):
            check_threshold(place.spec, objective)
            check_slice_target(method, objective)
            seconds = slice_seconds(method, objective, signals)
        if objective.composite_weight is not None and not is_part:
            remedy = "Give each of several objectives an indicator, or remove the weight"
            self._note(one, (*path, "compositeWeight"), "a weight stands outside a composite", remedy)
        own_title = objective.display_name if is_one_of_many else None
        return ObjectiveDefinition(
            slo_id=name,
            objective_id=f"{name}/{position + 1}" if is_one_of_many else name,
            number=position + 1,
            title=own_title or slo.metadata.display_name or name,
            service_id=spec.service,
            indicator_kind=kind_of(place.spec),
            is_counter=ratio is not None and ratio.raw is None and bool(ratio.counter),
            is_failure_ratio=ratio is not None and ratio.raw_type == "failure",
            method=method,
            target=objective.share,
            slice_seconds=seconds,
            slice_target=objective.time_slice_target,
            operator=objective.op,
            threshold=objective.value,
            window=window_of(spec),
            no_traffic=self._policy(one, NO_TRAFFIC),
            gaps=self._policy(one, GAPS),
            weight=(objective.composite_weight or Decimal(1)) if is_part else None,
            signals=signals,
            file=one.file,
        )

    def _indicator(self, one: LocatedDefinition, spec: SloSpec, position: int) -> _Place:
        """The indicator that an objective is measured by, where it stands."""
        objective, path = spec.objectives[position], ("spec", "objectives", position)
        holder: SloSpec | Objective = spec
        at: KeyPath = ("spec",)
        if _has_own_indicator(objective):
            if spec.indicator is not None or spec.indicator_ref is not None:
                self._fail(one, path, "the SLO has an indicator beside this one", "Keep one of the two")
            holder, at = objective, path
        if (holder.indicator is None) == (holder.indicator_ref is None):
            self._fail(one, at, "an SLO has one of indicator and indicatorRef", "Name the one that counts")
        if holder.indicator is not None:
            return _Place(one, (*at, "indicator", "spec"), holder.indicator.spec)
        found = self._named.get(("SLI", str(holder.indicator_ref)))
        if found is None or not isinstance(found.document, SliDocument):
            known = ", ".join(sorted(name for kind, name in self._named if kind == "SLI"))
            message = f"there is no SLI '{holder.indicator_ref}'"
            self._fail(one, (*at, "indicatorRef"), message, f"Known: {known or 'none'}")
        return _Place(found, ("spec",), found.document.spec)

    def _signals(self, place: _Place) -> tuple[Signal, ...]:
        """Bind the metrics of an indicator, which fails where it is defined."""
        signals = []
        for role, key, metric in metrics_of(place.spec):
            with self._noting(place.definition, (*place.path, *key)):
                signals.append(self._binding.signal(role, metric.metric_source))
        return tuple(signals)

    def _policy(self, one: LocatedDefinition, key: str) -> EmptyPolicy:
        text = one.document.metadata.annotations.get(key, "exclude")
        if text not in _POLICIES:
            path: KeyPath = ("metadata", "annotations", key)
            self._note(one, path, f"'{text}' is no policy", f"One of {', '.join(_POLICIES)}")
        return _POLICIES.get(text, "exclude")

    def _by_name(self, documents: list[LocatedDefinition]) -> dict[tuple[str, str], LocatedDefinition]:
        named: dict[tuple[str, str], LocatedDefinition] = {}
        for one in documents:
            key = one.document.kind, one.document.metadata.name
            if key in named:
                message = f"{key[0]} '{key[1]}' is defined in {named[key].file} as well"
                self._note(one, ("metadata", "name"), message, "Names are unique; choose another")
            named.setdefault(key, one)
        return named

    @contextmanager
    def _attempt(self) -> Iterator[None]:
        """Go on after an objective that cannot be resolved."""
        try:
            yield
        except _UnresolvedError:
            return

    @contextmanager
    def _noting(self, one: LocatedDefinition, path: KeyPath) -> Iterator[None]:
        """Note a problem where it stands, and give up on the objective."""
        try:
            yield
        except PydanticCustomError as error:
            self._note(one, path, *explained(error))
            raise _UnresolvedError from error

    def _note(self, one: LocatedDefinition, path: KeyPath, message: str, remedy: str) -> None:
        self.problems.append(one.problem(path, message, remedy))

    def _fail(self, one: LocatedDefinition, path: KeyPath, message: str, remedy: str) -> NoReturn:
        self._note(one, path, message, remedy)
        raise _UnresolvedError


def _has_own_indicator(objective: Objective) -> bool:
    return objective.indicator is not None or objective.indicator_ref is not None


def _data_sources(documents: list[LocatedDefinition]) -> Iterator[tuple[str, str]]:
    for one in documents:
        spec: Any = getattr(one.document, "spec", None)
        if one.document.kind == "DataSource" and isinstance(spec, dict) and isinstance(spec.get("type"), str):
            yield one.document.metadata.name, spec["type"]
