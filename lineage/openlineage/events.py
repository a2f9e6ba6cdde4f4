"""Run events of the OpenLineage standard, made of plain descriptions.

A job is a model; its parent is the run of the whole workspace. Datasets are named as Assay's column lineage
names relations (`marts.fct_changes`, `github.commits`), in the namespace of the organisation. Nothing in an
event names a person, an address with credentials or a path of the machine.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from uuid import NAMESPACE_URL, uuid5

from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    DatasetFacet,
    JobFacet,
    RunFacet,
    column_lineage_dataset,
    data_quality_assertions_dataset,
    datasource_dataset,
    documentation_dataset,
    documentation_job,
    error_message_run,
    job_type_job,
    output_statistics_output_dataset,
    ownership_job,
    parent_run,
    processing_engine_run,
    schema_dataset,
    sql_job,
)

from lineage.columns import WHOLE_RELATION, ColumnEdge, Kind
from lineage.openlineage.facet_versions import EVENT_SCHEMA, pinned

RUN_JOB = "run"
_LONGEST_MESSAGE = 2000


@dataclass(frozen=True, slots=True)
class FieldInput:
    """One input of one output column, see `ColumnEdge`."""

    edge: ColumnEdge

    @property
    def field(self) -> str:
        """The input's field: a column, or a path inside it."""
        path = self.edge.json_path
        return f"{self.edge.input_column}:{path}" if path else self.edge.input_column


@dataclass(frozen=True, slots=True)
class Assertion:
    """What became of one test of a dataset."""

    name: str
    is_passed: bool
    column: str | None = None
    is_blocking: bool = True


@dataclass(frozen=True, slots=True)
class DatasetDescription:
    """A dataset.

    Attributes:
        name: The relation.
        columns: Types by name of its columns.
        description: What one of its rows is.
        edges: The inputs of its columns, for an output.
        rows: How many rows were written, where that is known.
    """

    name: str
    columns: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    edges: Sequence[ColumnEdge] = ()
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class JobDescription:
    """A job: a model that is built, or the whole run.

    Attributes:
        name: Its name, unique in the namespace.
        kind: What it is in OpenLineage's terms: `MODEL`, `TEST` or `JOB`.
        sql: The query that it runs.
        description: What it makes.
        owner: The team that answers for it.
    """

    name: str
    kind: str = "MODEL"
    sql: str = ""
    description: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job failed."""

    message: str


@dataclass(frozen=True, slots=True)
class RunStep:
    """One run of one job.

    Attributes:
        started_at: When it began.
        ended_at: When it ended.
        assertions: Outcomes of tests over the inputs.
    """

    job: JobDescription
    started_at: datetime
    ended_at: datetime
    inputs: tuple[DatasetDescription, ...] = ()
    outputs: tuple[DatasetDescription, ...] = ()
    assertions: tuple[Assertion, ...] = ()
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class EventMaker:
    """Makes the events of one run of a workspace.

    Attributes:
        organisation: Whose workspace; it names the namespace.
        run_id: The run's UUID.
        version: Assay's version.
        engine_version: DuckDB's version.
    """

    organisation: str
    run_id: str
    version: str
    engine_version: str

    @property
    def namespace(self) -> str:
        """Of jobs and datasets."""
        return f"assay://{self.organisation}"

    @property
    def producer(self) -> str:
        """Who makes the events."""
        return f"urn:assay:{self.version}"

    def run_started(self, at: datetime) -> RunEvent:
        """Return the event of the whole run's beginning."""
        return self._run_event(RunState.START, at)

    def run_ended(self, at: datetime, failure: Failure | None = None) -> RunEvent:
        """Return the event of the whole run's end."""
        return self._run_event(RunState.FAIL if failure else RunState.COMPLETE, at, failure)

    def step_events(self, step: RunStep) -> tuple[RunEvent, RunEvent]:
        """Return the two events of one job: its beginning, and its end with all that is known of it."""
        run_id = str(uuid5(NAMESPACE_URL, f"{self.run_id}/{step.job.name}"))
        job = self._job(step.job)
        started = self._event(RunState.START, step.started_at, Run(run_id, self._run_facets()), job)
        ended = self._event(
            RunState.FAIL if step.failure else RunState.COMPLETE,
            step.ended_at,
            Run(run_id, self._run_facets(step.failure)),
            job,
        )
        ended.inputs = [self._input(each, step.assertions) for each in step.inputs]
        ended.outputs = [self._output(each) for each in step.outputs]
        return started, ended

    def _run_event(self, state: RunState, at: datetime, failure: Failure | None = None) -> RunEvent:
        job = self._job(
            JobDescription(RUN_JOB, kind="JOB", description="Fetch what is new, build, check and publish.")
        )
        return self._event(state, at, Run(self.run_id, self._run_facets(failure, is_child=False)), job)

    def _event(self, state: RunState, at: datetime, run: Run, job: Job) -> RunEvent:
        event = RunEvent(
            eventTime=at.isoformat(timespec="milliseconds"),
            producer=self.producer,
            run=run,
            job=job,
            eventType=state,
            inputs=[],
            outputs=[],
        )
        event.schemaURL = EVENT_SCHEMA
        return event

    def _run_facets(self, failure: Failure | None = None, *, is_child: bool = True) -> dict[str, RunFacet]:
        engine = processing_engine_run.ProcessingEngineRunFacet(
            version=self.engine_version,
            name="duckdb",
            openlineageAdapterVersion=self.version,
            producer=self.producer,
        )
        facets: dict[str, RunFacet] = {"processing_engine": pinned(engine)}
        if is_child:
            parent = parent_run.ParentRunFacet(
                run=parent_run.Run(runId=self.run_id),
                job=parent_run.Job(namespace=self.namespace, name=RUN_JOB),
                producer=self.producer,
            )
            facets["parent"] = pinned(parent)
        if failure is not None:
            message = error_message_run.ErrorMessageRunFacet(
                message=failure.message[:_LONGEST_MESSAGE],
                programmingLanguage="PYTHON",
                producer=self.producer,
            )
            facets["errorMessage"] = pinned(message)
        return facets

    def _job(self, job: JobDescription) -> Job:
        kind = job_type_job.JobTypeJobFacet(
            processingType="BATCH", integration="ASSAY", jobType=job.kind, producer=self.producer
        )
        facets: dict[str, JobFacet] = {"jobType": pinned(kind)}
        if job.sql:
            facets["sql"] = pinned(sql_job.SQLJobFacet(query=job.sql, producer=self.producer))
        if job.description:
            text = documentation_job.DocumentationJobFacet(
                description=job.description, producer=self.producer
            )
            facets["documentation"] = pinned(text)
        if job.owner:
            owner = ownership_job.Owner(name=f"team:{job.owner}", type="MAINTAINER")
            owners = ownership_job.OwnershipJobFacet(owners=[owner], producer=self.producer)
            facets["ownership"] = pinned(owners)
        return Job(self.namespace, job.name, facets)

    def _input(self, dataset: DatasetDescription, assertions: Iterable[Assertion]) -> InputDataset:
        found = [
            data_quality_assertions_dataset.Assertion(
                assertion=each.name,
                success=each.is_passed,
                column=each.column,
                severity="error" if each.is_blocking else "warn",
            )
            for each in assertions
        ]
        facet = data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(
            assertions=found, producer=self.producer
        )
        return InputDataset(
            self.namespace,
            dataset.name,
            facets=self._dataset_facets(dataset),
            inputFacets={"dataQualityAssertions": pinned(facet)} if found else {},
        )

    def _output(self, dataset: DatasetDescription) -> OutputDataset:
        facets = self._dataset_facets(dataset)
        if dataset.edges:
            facets["columnLineage"] = pinned(self._column_lineage(dataset.edges))
        statistics = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            rowCount=dataset.rows, producer=self.producer
        )
        return OutputDataset(
            self.namespace,
            dataset.name,
            facets=facets,
            outputFacets={"outputStatistics": pinned(statistics)} if dataset.rows is not None else {},
        )

    def _dataset_facets(self, dataset: DatasetDescription) -> dict[str, DatasetFacet]:
        where = dataset.name.split(".", maxsplit=1)[0]
        source = datasource_dataset.DatasourceDatasetFacet(
            name=where, uri=f"{self.namespace}/{where}", producer=self.producer
        )
        facets: dict[str, DatasetFacet] = {"dataSource": pinned(source)}
        if dataset.columns:
            fields = [
                schema_dataset.SchemaDatasetFacetFields(name=name, type=kind or None)
                for name, kind in dataset.columns.items()
            ]
            facets["schema"] = pinned(
                schema_dataset.SchemaDatasetFacet(fields=fields, producer=self.producer)
            )
        if dataset.description:
            text = documentation_dataset.DocumentationDatasetFacet(
                description=dataset.description, producer=self.producer
            )
            facets["documentation"] = pinned(text)
        return facets

    def _column_lineage(
        self, edges: Sequence[ColumnEdge]
    ) -> column_lineage_dataset.ColumnLineageDatasetFacet:
        ordered = sorted(edges, key=lambda each: each.output_column)
        fields = {
            column: column_lineage_dataset.Fields(inputFields=self._input_fields(of_column))
            for column, of_column in groupby(ordered, key=lambda each: each.output_column)
            if column != WHOLE_RELATION
        }
        of_rows = self._input_fields(each for each in edges if each.output_column == WHOLE_RELATION)
        return column_lineage_dataset.ColumnLineageDatasetFacet(
            fields=fields, dataset=of_rows, producer=self.producer
        )

    def _input_fields(self, edges: Iterable[ColumnEdge]) -> list[column_lineage_dataset.InputField]:
        found: dict[tuple[str, str], set[Kind]] = {}
        for edge in edges:
            found.setdefault((edge.input_relation, FieldInput(edge).field), set()).add(edge.kind)
        return [
            column_lineage_dataset.InputField(
                namespace=self.namespace,
                name=relation,
                field=name,
                transformations=[
                    column_lineage_dataset.Transformation(type=kind.type, subtype=kind.name)
                    for kind in sorted(kinds)
                ],
            )
            for (relation, name), kinds in sorted(found.items())
        ]
