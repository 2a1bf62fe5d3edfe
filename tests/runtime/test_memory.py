"""What threads have freed is shared, so memory does not grow with the number of threads."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
PROGRAM: Final = """
import ctypes, os, sys, threading
from classroom_admin.runtime import memory

assert memory.use_one_arena()
all_run = threading.Barrier(6)

def work():
    all_run.wait(60)
    for _round in range(20):
        blocks = [bytes(2000) for _block in range(500)]
    all_run.wait(60)

threads = [threading.Thread(target=work) for _thread in range(6)]
[one.start() for one in threads]
[one.join() for one in threads]
if os.fork() == 0:
    libc = ctypes.CDLL(None)
    libc.fdopen.restype = ctypes.c_void_p
    file = ctypes.c_void_p(libc.fdopen(1, b"w"))
    libc.malloc_info(0, file)
    libc.fflush(file)
    os._exit(0)
os.wait()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the C library of Linux")
def test_threads_of_a_process_and_of_its_forks_share_one_arena() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert re.findall(r'<heap nr="(\d+)">', done.stdout) == ["0"], done.stdout
