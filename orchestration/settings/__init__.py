"""The workspace's settings: one file, checked as a whole before anything starts."""

from connectors.git.settings import GitSettings
from connectors.github.settings import GitHubSettings
from connectors.settings import SourceSettings
from orchestration.settings.models import Settings
from orchestration.settings.reading import examine, read_settings

__all__ = ["GitHubSettings", "GitSettings", "Settings", "SourceSettings", "examine", "read_settings"]
