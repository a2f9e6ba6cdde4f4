"""The workspace's settings: one file, checked as a whole before anything starts."""

from orchestration.settings.models import GitHubSource, GitSource, Settings
from orchestration.settings.reading import examine, read_settings

__all__ = ["GitHubSource", "GitSource", "Settings", "examine", "read_settings"]
