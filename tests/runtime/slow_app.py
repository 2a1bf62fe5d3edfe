"""A Celery application for the tests of broker and worker: the product's, with two tasks more."""

import os
import time
from pathlib import Path

from classroom_admin.celery import app


@app.task
def note(path: str) -> None:
    """Leave a file."""
    Path(path).touch()


@app.task
def hang(path: str) -> None:
    """Leave a file, then take far longer than a worker has to end."""
    Path(path).write_text(str(os.getpid()))
    time.sleep(600)
