"""The command: `python -m orchestration.staging_models write` or `check`."""

import sys

from orchestration.staging_models.folder import differences, write_files


def main(arguments: list[str]) -> int:
    """Write the staging models, or only say what differs; the exit code is 1 where something stays wrong."""
    if arguments in (["write"], ["check"]):
        if arguments == ["write"]:
            sys.stdout.writelines(f"{path}\n" for path in write_files())
        found = differences()
        sys.stdout.writelines(f"{line}\n" for line in found)
        return 1 if found else 0
    sys.stderr.write("usage: python -m orchestration.staging_models write|check\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
