"""Run git on somebody's clone without running anything that the clone's own configuration asks for.

The environment is built here, not inherited. Hooks, file system monitors, signature programs, external diffs,
replacement objects and every transport are off, so reading a clone starts no other program and touches no
network. That is also why the clone may belong to another user: its path was named in the settings on
purpose, and is passed to git as a safe directory, this one and no other.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from connectors.errors import PermanentSourceError

_CHUNK_BYTES = 256 * 1024
_STDERR_BYTES = 4000
_ENVIRONMENT = {
    "PATH": f"{os.defpath}:/usr/local/bin:/opt/homebrew/bin",
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
}
_SETTINGS = (
    "core.quotePath=true",
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "log.showSignature=false",
    "log.showRoot=true",
    "i18n.logOutputEncoding=UTF-8",
)
_REMEDIES = (
    (
        "dubious ownership",
        "The clone belongs to another user and git refuses it. Name its top folder as path.",
    ),
    ("not a git repository", "There is no git repository. Give the folder of a clone as path."),
    ("cannot change to", "The folder does not exist or may not be entered. Correct the path."),
    ("permission denied", "The clone may not be read by this user. Grant it read access."),
    ("promisor", "The clone is partial: objects are missing. Make a full clone."),
    ("missing", "Objects are missing from the clone. Run git fsck on it, or clone again."),
    ("unable to read", "Objects of the clone cannot be read. Run git fsck on it, or clone again."),
)


@dataclass(frozen=True, slots=True)
class Git:
    """The git program on one clone.

    Attributes:
        executable: The program.
        path: The clone.
        source: Name of the source, for errors.
        name: Name of the repository, for errors.
    """

    executable: str
    path: Path
    source: str
    name: str

    def run(self, *arguments: str) -> bytes:
        """What a command prints.

        Raises:
            PermanentSourceError: Git failed; the message says why and what to do.
        """
        with self._start(*arguments) as (process, errors):
            if process.stdout is None:
                raise RuntimeError("git was started without a pipe")
            output = process.stdout.read()
            self._finish(process, errors, arguments)
            return output

    def succeeds(self, *arguments: str) -> bool:
        """Whether a command ends well; what it prints is not kept."""
        with self._start(*arguments) as (process, _):
            process.communicate()
            return process.returncode == 0

    def stream(self, *arguments: str) -> Iterator[bytes]:
        """What a command prints, in pieces, in constant memory.

        Raises:
            PermanentSourceError: Git failed, at the start or half-way.
        """
        with self._start(*arguments) as (process, errors):
            if process.stdout is None:
                raise RuntimeError("git was started without a pipe")
            while chunk := process.stdout.read(_CHUNK_BYTES):
                yield chunk
            self._finish(process, errors, arguments)

    @contextmanager
    def _start(self, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
        with tempfile.TemporaryFile() as errors:
            try:
                process = subprocess.Popen(
                    self._command(arguments),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env=_ENVIRONMENT,
                )
            except FileNotFoundError as error:
                raise self._error("Git is not installed where it can be found. Install git.") from error
            except OSError as error:
                raise self._error(f"Git could not be started: {error}.") from error
            with process:
                try:
                    yield process, errors
                finally:
                    if process.poll() is None:
                        process.kill()

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        settings = (*_SETTINGS, f"safe.directory={self.path.resolve()}")
        options = [part for setting in settings for part in ("-c", setting)]
        return [self.executable, "--no-pager", *options, "-C", str(self.path), *arguments]

    def _finish(
        self, process: subprocess.Popen[bytes], errors: IO[bytes], arguments: tuple[str, ...]
    ) -> None:
        if process.wait() == 0:
            return
        errors.seek(0)
        said = " ".join(errors.read(_STDERR_BYTES).decode("utf-8", "replace").split())
        for words, remedy in _REMEDIES:
            if words in said.lower():
                raise self._error(f"{remedy} Git said: {said}")
        raise self._error(
            f"git {arguments[0]} failed with exit code {process.returncode}. Git said: {said or 'nothing'}"
        )

    def _error(self, message: str) -> PermanentSourceError:
        return PermanentSourceError(message, source=self.source, page=f"{self.name} ({self.path})")
