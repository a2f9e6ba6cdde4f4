"""Before a run: is each clone there, whole, and on the branch that the settings name?"""

from connectors.errors import ConnectorError
from connectors.git.commands import Git
from connectors.git.config import GitRepository
from connectors.git.history import check_complete, tip_of
from connectors.reports import Diagnosis


def diagnose(git: Git, repository: GitRepository) -> Diagnosis:
    """What is wrong with a clone, if anything."""
    name = f"clone of {repository.name}"
    try:
        check_complete(git)
        tip = tip_of(git, repository)
    except ConnectorError as error:
        return Diagnosis(
            name, is_ok=False, message=str(error), remedy="Correct the path or branch, or mend the clone."
        )
    if tip is None:
        return Diagnosis(name, is_ok=True, message=f"The clone at {repository.path} has no commits yet.")
    return Diagnosis(name, is_ok=True, message=f"The clone at {repository.path} is at {tip[:12]}.")
