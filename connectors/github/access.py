"""How GitHub is asked: version and credentials."""

from collections.abc import Mapping

from connectors.github.app import AppCredentials
from connectors.github.config import GitHubConfig
from connectors.http.connections import Network
from connectors.http.credentials import Credentials, StaticCredentials
from connectors.http.origin import Origin
from connectors.runtime import Runtime

API_VERSION = "2022-11-28"
"""Later versions drop `merge_commit_sha` and `assignee` from pull requests."""

API_HEADERS: Mapping[str, str] = {
    "accept": "application/vnd.github+json",
    "x-github-api-version": API_VERSION,
}


def credentials_of(config: GitHubConfig, runtime: Runtime) -> Credentials:
    """The App, the token, or nothing."""
    if config.app is not None:
        account = (
            f"/orgs/{config.organisation}" if config.organisation else f"/repos/{config.repositories[0]}"
        )
        return AppCredentials(
            config.app,
            source=config.name,
            origin=Origin.of(config.base_url),
            network=Network(proxy=config.proxy, ca_file=config.ca_file),
            account=account,
            headers=API_HEADERS,
            runtime=runtime,
        )
    if config.token is None:
        return StaticCredentials()
    return StaticCredentials({"authorization": f"Bearer {config.token}"})
