"""Everything that is read from Jenkins, declared."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from connectors.http.pagers import SinglePage, with_parameters
from connectors.http.streams import HttpStream, Reading
from connectors.jenkins import records
from connectors.jenkins.trees import BUILDS_TREE, BuildRange, job_path, jobs_tree
from connectors.streams import Column, Enumeration, Mode, PersonalData

_REMOTE_ACCESS = "https://www.jenkins.io/doc/book/using/remote-access-api/"
_STAGE_VIEW = "https://github.com/jenkinsci/pipeline-stage-view-plugin/tree/master/rest-api"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStream(HttpStream):
    """A stream whose scopes are full names of folders and jobs; `{scope}` is the path that they have."""

    def path_for(self, scope: str, parent_key: str | None = None, **parameters: Any) -> str:
        """Path and query of the first page.

        Args:
            scope: Full name of a folder or job, or "/" for the whole server.
            parent_key: Number of the build, where the path names one.
            parameters: Further query parameters.
        """
        path = self.path.format(scope=job_path(scope), parent_key=quote(parent_key or "", safe=""))
        query = dict(self.parameters) | parameters
        return self.pager.first(with_parameters(path, query) if query else path)


STREAMS: tuple[JobStream, ...] = (
    JobStream(
        name="jobs",
        title="Jobs",
        description="A folder, or the whole server, as it is now, with all folders and jobs inside.",
        mode=Mode.REPLACE_SET,
        keys=("@scope",),
        path="{scope}/api/json",
        parameters=(("tree", jobs_tree()),),
        reading=Reading.OWN,
        pager=SinglePage(),
        record=records.Item,
        is_single=True,
        personal_data=(PersonalData.FREE_TEXT,),
        documentation=_REMOTE_ACCESS,
    ),
    JobStream(
        name="builds",
        title="Builds",
        description="A build of a job; one that retention has deleted stays as it was last seen.",
        mode=Mode.UPSERT,
        keys=("@scope", "number", "timestamp"),
        parent="jobs",
        path="{scope}/api/json",
        parameters=(("tree", BUILDS_TREE),),
        envelope="allBuilds",
        reading=Reading.OWN,
        pager=BuildRange(),
        record=records.Build,
        personal_data=(PersonalData.FREE_TEXT,),
        enumerations=(Enumeration("$.result", ("SUCCESS", "UNSTABLE", "FAILURE", "NOT_BUILT", "ABORTED")),),
        documentation=_REMOTE_ACCESS,
    ),
    JobStream(
        name="stages",
        title="Stages",
        description="A stage of a pipeline's build that has ended; jobs of other kinds have none.",
        mode=Mode.REPLACE_SET,
        keys=("@scope", "@parent_key", "id"),
        parent="builds",
        path="{scope}/{parent_key}/wfapi/describe",
        envelope="stages",
        reading=Reading.PER_PARENT,
        pager=SinglePage(),
        optional_statuses=frozenset({404}),
        columns=(
            Column(
                "job_full_name",
                "@scope",
                "varchar",
                "Full name of the job, folders and branch included; free text of the source.",
            ),
            Column("build_number", "@parent_key", "bigint", "Number of the build within its job."),
            Column("stage_id", "$.id", "varchar", "Id of the stage within the build.", is_required=True),
            Column(
                "stage_name",
                "$.name",
                "varchar",
                "Name of the stage, free text of the source; the deployment rule may read it.",
            ),
            Column(
                "status",
                "$.status",
                "varchar",
                "How it ended: SUCCESS, UNSTABLE, FAILED, ABORTED, NOT_EXECUTED and others.",
                is_required=True,
                values=(
                    "SUCCESS",
                    "FAILED",
                    "UNSTABLE",
                    "ABORTED",
                    "IN_PROGRESS",
                    "NOT_EXECUTED",
                    "PAUSED_PENDING_INPUT",
                ),
            ),
            Column("started_at", "$.startTimeMillis", "epoch_milliseconds", "When it started."),
            Column(
                "duration_milliseconds",
                "$.durationMillis",
                "bigint",
                "How long it took, in milliseconds, with pauses for input.",
            ),
            Column(
                "pause_milliseconds",
                "$.pauseDurationMillis",
                "bigint",
                "How long it waited for input, in milliseconds.",
            ),
        ),
        personal_data=(PersonalData.FREE_TEXT,),
        documentation=_STAGE_VIEW,
    ),
)
