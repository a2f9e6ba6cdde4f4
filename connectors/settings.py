"""What every source can be told in the settings: the keys that all kinds share, checked before a run.

A kind of source declares its own keys in a class that extends one of these; the settings file is read
straight into it. Credentials never stand in the file: a key that ends in `_env` names the variable that holds
one.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

REMEDY = "remedy"
"""The key of a custom error's context that says what the user does next."""


def _only_a_date(value: Any) -> Any:
    if isinstance(value, datetime):
        raise PydanticCustomError("date_only", "give a date such as 2025-07-01, without a time of day")
    return value


def _without_credentials(url: str) -> str:
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise PydanticCustomError(
            "credentials",
            "the address carries credentials",
            {REMEDY: "Take them out, and name variables in the keys that end in _env instead"},
        )
    if "?" in url or "#" in url:
        raise PydanticCustomError(
            "query",
            "the address has a query, which may hold a secret",
            {REMEDY: "Give scheme, host, port and path only; a token has a key of its own that ends in _env"},
        )
    return url


def _no_credential(value: Any) -> Any:
    if isinstance(value, str) and _CREDENTIAL.match(value):
        raise PydanticCustomError(
            "credential",
            "this looks like a credential, and should be the name of a variable that holds one",
            {REMEDY: "Name an environment variable here, and replace the credential, for it stood in a file"},
        )
    return value


_CREDENTIAL = re.compile(
    r"(gh[a-z]_|github_pat_|glpat-|xox[a-z]-|ATATT|eyJ)[A-Za-z0-9_=.-]{8}|[0-9a-fA-F]{32}|[a-z][a-z0-9+.-]*://"
)
"""How tokens of known vendors, JSON web tokens, keys in hexadecimal digits and addresses begin."""

Date = Annotated[date, BeforeValidator(_only_a_date)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
RepositoryName = Annotated[str, Field(pattern=r"^[^/\s]+(/[^/\s]+)?$")]
EnvironmentVariable = Annotated[
    str, BeforeValidator(_no_credential), Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
]
BaseUrl = Annotated[str, Field(pattern=r"^https?://[^\s]+$"), AfterValidator(_without_credentials)]


class SettingsSection(BaseModel):
    """A mapping of the settings: frozen, and without room for keys that nobody reads."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class SourceSettings(SettingsSection):
    """What all sources have in common.

    Attributes:
        name: Name of the source, unique in the workspace.
        kind: The kind of source; each kind narrows it to its own name.
        streams: Streams to read, with those that they are fetched for; None for all.
    """

    name: Name
    kind: str
    streams: Annotated[tuple[str, ...], Field(min_length=1)] | None = None

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that must be set, by the key that names them."""
        named = {key: getattr(self, key) for key in type(self).model_fields if key.endswith("_env")}
        return {key: variable for key, variable in named.items() if variable is not None}

    @property
    def unused_streams(self) -> tuple[str, ...]:
        """Streams of the kind that these settings do without."""
        return ()

    @property
    def listed_repositories(self) -> tuple[str, ...]:
        """Repositories that the source has by name."""
        return ()

    @property
    def named_repositories(self) -> tuple[str, ...]:
        """Repositories that services may refer to: those that it has, and those whose pipelines it has."""
        return self.listed_repositories

    @property
    def repository_owners(self) -> tuple[str, ...]:
        """Owners all of whose repositories the source has."""
        return ()

    @property
    def folders(self) -> dict[str, Path]:
        """Files and folders of this machine that must be there, by the key that names them."""
        named = {key: getattr(self, key) for key in type(self).model_fields}
        return {key: value for key, value in named.items() if isinstance(value, Path)}

    def credential_faults(self, variables: Mapping[str, str], folder: Path) -> Mapping[str, tuple[str, str]]:
        """What is wrong with credentials that are there, and what to do, by the key that names them.

        Args:
            variables: The environment.
            folder: What relative paths start from.
        """
        del variables, folder
        return {}


class HttpSettings(SourceSettings):
    """What all sources behind an HTTP API have in common.

    Attributes:
        base_url: Where the API lives.
        since: Nothing from before this day, where the API can tell.
        until: Nothing from this day on, where the API can tell.
        concurrency: Requests in flight; the vendor's documented limit bounds it.
        requests_per_minute: Requests a minute; None for the vendor's documented rate.
        proxy: URL of an HTTP proxy, or None.
        ca_file: Certificates to trust instead of the usual ones.
    """

    MAX_CONCURRENCY: ClassVar[int] = 50

    base_url: BaseUrl
    since: Date | None = None
    until: Date | None = None
    concurrency: Annotated[int, Field(ge=1)] = 8
    requests_per_minute: Annotated[int, Field(ge=1)] | None = None
    proxy: BaseUrl | None = None
    ca_file: Path | None = None

    def model_post_init(self, _context: Any) -> None:
        """Refuse what the vendor does.

        Raises:
            PydanticCustomError: With the bound or the order of days.
        """
        if self.concurrency > self.MAX_CONCURRENCY:
            raise PydanticCustomError(
                "concurrency",
                "{given} requests in flight are more than the {allowed} that the vendor allows",
                {"given": self.concurrency, "allowed": self.MAX_CONCURRENCY},
            )
        if self.since and self.until and self.since >= self.until:
            raise PydanticCustomError(
                "empty_range",
                "{until} does not come after {since}: the end is exclusive",
                {"since": str(self.since), "until": str(self.until)},
            )
