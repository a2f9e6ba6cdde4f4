"""What the simulated organisation builds: its services, how each is developed and how it reaches users."""

from dataclasses import dataclass, field
from typing import Literal

Mechanism = Literal["deployments", "workflow_runs", "releases", "tags"]
MergeMethod = Literal["squash", "merge", "rebase"]
Cadence = Literal["continuous", "daily", "weekly"]

DEPLOY_WORKFLOW = "Deploy to production"
STAGING_WORKFLOW = "Deploy to staging"
CI_WORKFLOW = "CI"
VERSION_TAG = r"^v\d+\.\d+\.\d+$"


@dataclass(frozen=True, slots=True)
class Repository:
    """A version-controlled repository and its rules.

    Attributes:
        name: Full name, `owner/name`.
        merge_methods: Methods of merging with their weights.
        has_ci: Whether every push of commits is built.
        direct_push_share: Share of the changes that go to the main branch without a pull request.
    """

    name: str
    merge_methods: tuple[tuple[MergeMethod, float], ...]
    has_ci: bool
    direct_push_share: float = 0.0
    is_monorepo: bool = False
    has_review_bot: bool = False


@dataclass(frozen=True, slots=True)
class Service:
    """A service in production.

    Attributes:
        name: Identifier of the service.
        repository: Full name of the repository that holds it.
        paths: Patterns of the paths that belong to it.
        team: Owner when the story begins.
        mechanism: Which trace a rollout leaves: deployment objects, pipeline runs, releases or tags.
        environment: Name of its production environment.
        task: Distinguishes the services of one repository, None elsewhere.
        cadence: When it is rolled out.
        pull_requests_a_month: Mean number of pull requests.
        failure_share: Share of rollouts with changes that break the service.
        parts: Names of the parts of one rollout; empty if it is done at once.
        has_staging: Whether builds are tried in a staging environment first.
        starts_after: Share of the story after which the service first runs.
    """

    name: str
    repository: str
    paths: tuple[str, ...]
    team: str
    mechanism: Mechanism = "deployments"
    environment: str = "production"
    task: str | None = None
    cadence: Cadence = "continuous"
    pull_requests_a_month: float = 9
    failure_share: float = 0.12
    parts: tuple[str, ...] = ()
    has_staging: bool = False
    has_release_notes: bool = False
    starts_after: float = 0.0

    @property
    def title(self) -> str:
        """Name for people."""
        return self.name.replace("-", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Sketch:
    """One row of the catalogue, from which copies are made."""

    name: str
    team: str
    repository: str
    methods: tuple[tuple[MergeMethod, float], ...] = (("squash", 1.0),)
    has_ci: bool = True
    direct_push_share: float = 0.0
    has_review_bot: bool = False
    service: dict[str, object] = field(default_factory=dict)


SQUASH: tuple[tuple[MergeMethod, float], ...] = (("squash", 1.0),)
MERGE: tuple[tuple[MergeMethod, float], ...] = (("merge", 1.0),)
REBASE: tuple[tuple[MergeMethod, float], ...] = (("rebase", 1.0),)
MIXED: tuple[tuple[MergeMethod, float], ...] = (("squash", 0.6), ("merge", 0.4))
REGIONS = ("eu", "us", "ap")
CANARY = ("canary", "fleet")

CATALOGUE = (
    Sketch(
        "checkout",
        "payments",
        "checkout",
        has_review_bot=True,
        service={
            "pull_requests_a_month": 14,
            "has_staging": True,
            "parts": CANARY,
            "has_release_notes": True,
        },
    ),
    Sketch(
        "search",
        "discovery",
        "marketplace",
        methods=MIXED,
        has_review_bot=True,
        service={"pull_requests_a_month": 12, "has_staging": True},
    ),
    Sketch(
        "invoicing",
        "payments",
        "invoicing",
        methods=MERGE,
        has_ci=False,
        service={"cadence": "daily", "parts": REGIONS, "pull_requests_a_month": 8},
    ),
    Sketch(
        "recommendations",
        "discovery",
        "marketplace",
        service={"cadence": "daily", "pull_requests_a_month": 7},
    ),
    Sketch(
        "storefront-web",
        "storefront",
        "storefront-web",
        methods=REBASE,
        has_ci=False,
        has_review_bot=True,
        service={"pull_requests_a_month": 16, "has_staging": True, "failure_share": 0.09},
    ),
    Sketch(
        "identity",
        "identity",
        "identity",
        service={"mechanism": "workflow_runs", "pull_requests_a_month": 9, "has_staging": True},
    ),
    Sketch(
        "mobile-api",
        "storefront",
        "mobile-api",
        service={
            "mechanism": "releases",
            "cadence": "weekly",
            "pull_requests_a_month": 8,
            "failure_share": 0.2,
        },
    ),
    Sketch(
        "payouts",
        "payments",
        "payouts",
        methods=MERGE,
        has_ci=False,
        service={"mechanism": "tags", "cadence": "weekly", "pull_requests_a_month": 6, "failure_share": 0.2},
    ),
    Sketch(
        "shipping",
        "fulfilment",
        "shipping",
        has_ci=False,
        direct_push_share=0.25,
        service={"cadence": "daily", "pull_requests_a_month": 9},
    ),
    Sketch(
        "catalogue", "storefront", "marketplace", service={"pull_requests_a_month": 8, "failure_share": 0.15}
    ),
    Sketch(
        "stock",
        "fulfilment",
        "stock",
        methods=REBASE,
        has_ci=False,
        direct_push_share=0.1,
        service={"environment": "prod", "pull_requests_a_month": 10, "has_staging": True},
    ),
    Sketch(
        "notifications",
        "reliability",
        "notifications",
        methods=MIXED,
        has_ci=False,
        has_review_bot=True,
        service={"pull_requests_a_month": 12, "has_staging": True, "failure_share": 0.08},
    ),
    Sketch(
        "feature-flags",
        "reliability",
        "feature-flags",
        direct_push_share=0.3,
        service={"pull_requests_a_month": 9, "parts": CANARY},
    ),
    Sketch(
        "event-pipeline",
        "data",
        "event-pipeline",
        methods=MERGE,
        has_ci=False,
        service={"cadence": "weekly", "pull_requests_a_month": 9, "failure_share": 0.18},
    ),
    Sketch(
        "reporting",
        "data",
        "reporting",
        has_ci=False,
        service={
            "cadence": "daily",
            "pull_requests_a_month": 9,
            "starts_after": 0.35,
            "has_release_notes": True,
        },
    ),
    Sketch(
        "pricing", "storefront", "marketplace", service={"pull_requests_a_month": 8, "starts_after": 0.15}
    ),
    Sketch(
        "image-proxy",
        "storefront",
        "image-proxy",
        methods=REBASE,
        has_ci=False,
        service={"cadence": "weekly", "pull_requests_a_month": 1.5},
    ),
)
MONOREPO = "marketplace"
SHARED_PATHS = {"search": ("libs/ranking/**",), "recommendations": ("libs/ranking/**",)}
