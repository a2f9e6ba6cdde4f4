"""What work items mean: their kinds, their statuses, whose they are, and how bad an incident is."""

from typing import Annotated, Literal

from pydantic import Field

from connectors.settings import SettingsSection
from orchestration.settings.value_types import Regex

Kind = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class WorkItemScope(SettingsSection):
    """The work items of a service: those of the projects, of the components, or of components in projects."""

    projects: tuple[str, ...] = ()
    components: tuple[str, ...] = ()


class TeamWorkItems(WorkItemScope):
    """The work items that are a team's without being a service's, and the boards of its sprints."""

    boards: tuple[str, ...] = ()


class WorkItemKind(SettingsSection):
    """A kind of work item: by the name of its type, or by a label."""

    kind: Kind
    type: Regex | None = None
    label: Regex | None = None


class StatusRule(SettingsSection):
    """The category of the statuses with such a name, whatever the source says."""

    name: Regex
    category: Literal["to_do", "in_progress", "waiting", "done"]


class SeverityRule(SettingsSection):
    """What sources call an incident of one severity."""

    severity: Kind
    pattern: Regex


KINDS = (  # accepted by the tests: to ask the warehouse at import would cost every process its memory
    WorkItemKind.model_construct(kind="incident", type="(?i)^(incident|outage)$"),
    WorkItemKind.model_construct(kind="production_defect", type="(?i)^(production|escaped) (defect|bug)$"),
    WorkItemKind.model_construct(
        kind="defect", type="(?i)^(bug|defect)$", label="(?i)^((type|kind): ?)?(bug|defect)$"
    ),
    WorkItemKind.model_construct(
        kind="feature",
        type="(?i)^(story|user story|feature|new feature|improvement|enhancement)$",
        label="(?i)^((type|kind): ?)?(feature|enhancement)$",
    ),
    WorkItemKind.model_construct(kind="epic", type="(?i)^(epic|initiative|theme)$"),
    WorkItemKind.model_construct(
        kind="task", type="(?i)^(task|sub-?task|chore)$", label="(?i)^((type|kind): ?)?chore$"
    ),
)


class WorkItemRules(SettingsSection):
    """How work items are read."""

    kinds: tuple[WorkItemKind, ...] = KINDS
    statuses: tuple[StatusRule, ...] = ()
    waiting_status: Regex = "(?i)(wait|block|hold|paus|pending|queue|ready for)"
    in_progress_label: Regex = "(?i)^(status: ?)?in[ -]progress$"
    waiting_label: Regex = "(?i)^(status: ?)?(blocked|waiting|on hold)$"


SEVERITIES = (
    SeverityRule.model_construct(severity="sev1", pattern="(?i)^(sev-?1|p1|s1|critical|blocker|highest)$"),
    SeverityRule.model_construct(severity="sev2", pattern="(?i)^(sev-?2|p2|s2|high|major|error)$"),
    SeverityRule.model_construct(severity="sev3", pattern="(?i)^(sev-?3|p3|s3|medium|moderate|warning)$"),
    SeverityRule.model_construct(
        severity="sev4", pattern="(?i)^(sev-?[45]|p[45]|s[45]|low|lowest|minor|info)$"
    ),
)


class ResponseRules(SettingsSection):
    """How incidents of different tools become one account of what happened."""

    severities: tuple[SeverityRule, ...] = SEVERITIES
    mitigated: Regex = "(?i)(mitigat|stabili[sz]ed|monitoring)"
    same_incident_minutes: Annotated[int, Field(ge=0, le=24 * 60)] = 60
