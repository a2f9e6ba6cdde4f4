"""How GitHub is asked: version and credentials."""

from collections.abc import Mapping

from connectors.github.config import GitHubConfig
from connectors.http.credentials import Credentials, StaticCredentials

API_VERSION = "2022-11-28"
"""Later versions drop `merge_commit_sha` and `assignee` from pull requests."""

API_HEADERS: Mapping[str, str] = {
    "accept": "application/vnd.github+json",
    "x-github-api-version": API_VERSION,
}


def credentials_of(config: GitHubConfig) -> Credentials:
    """The token, or nothing."""
    if config.token is None:
        return StaticCredentials()
    return StaticCredentials({"authorization": f"Bearer {config.token}"})
