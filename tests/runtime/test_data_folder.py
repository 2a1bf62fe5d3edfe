"""Who holds the data folder, and what a demo may delete of it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from classroom_admin.runtime import data_folder, demo

HOLD = """
import sys, time; from pathlib import Path
from classroom_admin.runtime import data_folder
with data_folder.hold(Path(sys.argv[1])):
    print("held", flush=True); time.sleep(600)
"""
ROOT = Path(__file__).resolve().parents[2]
KNOWN = {"AGORA_APP_ID": "a" * 32, "AGORA_APP_CERTIFICATE": "b" * 32, demo.ENTERED: "12345"}


def test_lock_names_its_holder_and_ends_with_it(tmp_path):
    first = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert first.stdout.readline() == b"held\n"
        with (
            pytest.raises(data_folder.AlreadyRunning, match=f"Already running as process {first.pid} "),
            data_folder.hold(tmp_path),
        ):
            pass
    finally:
        os.kill(first.pid, signal.SIGKILL)
        first.communicate()
    with data_folder.hold(tmp_path):
        assert (tmp_path / "running.lock").read_text() == f"{os.getpid()}\n"


def test_folder_is_made_private(tmp_path):
    with data_folder.hold(tmp_path / "new" / "var"):
        assert (tmp_path / "new" / "var").stat().st_mode & 0o077 == 0


def test_each_start_has_another_seed_and_the_same_cloud_address(tmp_path):
    first = demo.begin(tmp_path, KNOWN)
    second = demo.begin(tmp_path, KNOWN)
    assert (first.seed(7), second.seed(7)) == (7, 8)
    assert demo.load(tmp_path) == second
    assert (second.app_id, second.simulator_port) == ("a" * 32, 12345)
    assert (tmp_path / "demo.json").stat().st_mode & 0o077 == 0


def test_reset_deletes_only_the_files_of_the_demo(tmp_path):
    demo.begin(tmp_path, KNOWN)
    for name in ["classroom_admin.sqlite3", "classroom_admin.sqlite3-wal", "beat-schedule.db", "holiday.jpg"]:
        (tmp_path / name).write_text("x")
    (tmp_path / "broker").mkdir()
    (tmp_path / "broker" / "dump.rdb").write_text("x")
    (tmp_path / "photos").mkdir()
    demo.reset(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["holiday.jpg", "photos"]
    assert demo.load(tmp_path) is None


def test_reset_does_not_follow_a_link_out_of_the_folder(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "dear").write_text("x")
    (tmp_path / "data").mkdir()
    demo.begin(tmp_path / "data", KNOWN)
    (tmp_path / "data" / "media").symlink_to(tmp_path / "elsewhere")
    demo.reset(tmp_path / "data")
    assert (tmp_path / "elsewhere" / "dear").exists()
    assert not (tmp_path / "data" / "media").is_symlink()


def test_reset_of_another_folder_deletes_nothing(tmp_path):
    (tmp_path / "classroom_admin.sqlite3").write_text("a school")
    demo.reset(tmp_path)
    assert (tmp_path / "classroom_admin.sqlite3").read_text() == "a school"


@pytest.mark.parametrize("text", ["", "[]", '{"app_id": "x"}', "{"])
def test_unreadable_marker_is_reported(tmp_path, text):
    (tmp_path / "demo.json").write_text(text)
    with pytest.raises(demo.NotADemo, match=r"demo\.json can't be read"):
        demo.load(tmp_path)
