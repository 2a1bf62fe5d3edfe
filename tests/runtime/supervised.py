"""A program for the supervisor's tests: supervises the parts described by JSON on its command line."""

import json
import os
import sys
from pathlib import Path

from classroom_admin.runtime.part import Part
from classroom_admin.runtime.restarts import Pace
from classroom_admin.runtime.supervisor import Supervisor


def main() -> int:
    told = json.loads(sys.argv[1])
    folder = Path(told["folder"])
    options = {"grace_s": told["grace_s"], "end_with_parent": told["end_with_parent"]}
    if told["pace"] is not None:
        options["pace"] = Pace(**told["pace"])
    with Supervisor(**options) as supervisor:
        for name, code in told["parts"].items():
            supervisor.start(
                Part(
                    name=name,
                    argv=[sys.executable, "-u", "-c", code],
                    env=os.environ,
                    ready=(folder / f"{name}.ready").exists,
                    foundation=name == "ground",
                    may_end=name == "task",
                )
            )
        return supervisor.run(on_ready=(folder / "all ready").touch)


if __name__ == "__main__":
    sys.exit(main())
