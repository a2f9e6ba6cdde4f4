"""The server's process: reads what to serve, then commands, from its input, and ends when the input does."""

import asyncio
import gc
import json
import os
import socket
import sys
import threading
import time
from typing import Any

import uvicorn

from connectors.sandbox.company import found
from connectors.sandbox.faults import FaultPlan
from connectors.sandbox.github.application import GitHubApplication
from connectors.sandbox.github.fold import GitHubFold
from connectors.sandbox.mounts import Mounts
from connectors.sandbox.parameters import Parameters
from connectors.sandbox.simulation import play

BACKLOG = 512


def main() -> None:
    """Serve until the input ends."""
    gc.disable()
    request = json.loads(sys.stdin.readline())
    application = prepared(request)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", request["port"]))
    listener.listen(BACKLOG)
    say({"base_url": f"http://127.0.0.1:{listener.getsockname()[1]}"})
    config = uvicorn.Config(
        application, log_level="critical", access_log=False, lifespan="off", server_header=False, ws="none"
    )
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(serve(application, config, listener))


def prepared(request: dict[str, Any]) -> Mounts:
    """Play the story and fold it up to the instant to begin with."""
    story = play(found(Parameters.from_document(request["parameters"])))
    fold = GitHubFold(story.company, story.events)
    fold.move_to(request["at"])
    gc.freeze()
    gc.enable()
    faults = FaultPlan.from_document(request["faults"])
    root = GitHubApplication(
        fold,
        token=request["token"],
        clock=time.time,
        sleep=asyncio.sleep,
        hourly_limit=request["hourly_limit"],
        faults=faults,
    )
    return Mounts(
        root,
        company=story.company,
        events=story.events,
        at=request["at"],
        token=request["token"],
        sleep=asyncio.sleep,
        faults=faults,
    )


async def serve(application: Mounts, config: uvicorn.Config, listener: socket.socket) -> None:
    """Answer requests; commands are read by a thread and obeyed between two requests."""
    loop = asyncio.get_running_loop()
    threading.Thread(target=obey, args=(application, loop), daemon=True).start()
    await uvicorn.Server(config).serve(sockets=[listener])


def obey(application: Mounts, loop: asyncio.AbstractEventLoop) -> None:
    """Read commands until the input ends, which it does at the latest when the parent is gone."""
    for line in sys.stdin:
        command = json.loads(line)
        answered = threading.Event()
        loop.call_soon_threadsafe(answer, application, command, answered)
        answered.wait()
    os._exit(0)


def answer(application: Mounts, command: dict[str, Any], answered: threading.Event) -> None:
    """Obey one command."""
    try:
        if command["command"] == "counters":
            say(application.counted())
        elif command["command"] == "rename":
            application.rename(command["repository"], command["new_name"])
            say({})
        else:
            application.move_to(command["instant"])
            say({})
    except ValueError as error:
        say({"error": str(error)})
    finally:
        answered.set()


def say(answer: dict[str, Any]) -> None:
    """Write one line of JSON for the parent."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
