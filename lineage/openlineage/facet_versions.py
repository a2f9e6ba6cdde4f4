"""The versions of the emitted facets: each is checked against the official schema of that version.

A facet says by `_schemaURL` which version it follows. The client library writes the newest one it knows,
whatever that is when it is upgraded; here the version is a decision, and the tests hold events against it.
"""

from typing import TypeVar

from openlineage.client.facet_v2 import (
    BaseFacet,
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

_SPEC = "https://openlineage.io/spec"
_FACETS: dict[type[BaseFacet], str] = {
    column_lineage_dataset.ColumnLineageDatasetFacet: "facets/1-2-0/ColumnLineageDatasetFacet.json",
    data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet: (
        "facets/1-1-0/DataQualityAssertionsDatasetFacet.json"
    ),
    datasource_dataset.DatasourceDatasetFacet: "1-0-1/DatasourceDatasetFacet.json",
    documentation_dataset.DocumentationDatasetFacet: "1-0-1/DocumentationDatasetFacet.json",
    documentation_job.DocumentationJobFacet: "facets/1-0-0/DocumentationJobFacet.json",
    error_message_run.ErrorMessageRunFacet: "facets/1-0-0/ErrorMessageRunFacet.json",
    job_type_job.JobTypeJobFacet: "facets/2-0-4/JobTypeJobFacet.json",
    output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet: (
        "1-0-1/OutputStatisticsOutputDatasetFacet.json"
    ),
    ownership_job.OwnershipJobFacet: "facets/1-0-0/OwnershipJobFacet.json",
    parent_run.ParentRunFacet: "facets/1-2-0/ParentRunFacet.json",
    processing_engine_run.ProcessingEngineRunFacet: "facets/1-1-0/ProcessingEngineRunFacet.json",
    schema_dataset.SchemaDatasetFacet: "facets/1-0-0/SchemaDatasetFacet.json",
    sql_job.SQLJobFacet: "facets/1-0-1/SQLJobFacet.json",
}
EVENT_SCHEMA = f"{_SPEC}/2-0-0/OpenLineage.json#/$defs/RunEvent"

AnyFacet = TypeVar("AnyFacet", bound=BaseFacet)


def pinned(facet: AnyFacet) -> AnyFacet:
    """Return the facet with the version that it is checked against."""
    kind = type(facet)
    facet._schemaURL = f"{_SPEC}/{_FACETS[kind]}#/$defs/{kind.__name__}"  # noqa: SLF001 - the standard's own name
    return facet
