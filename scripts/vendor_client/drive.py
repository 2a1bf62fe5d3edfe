"""Drive the vendor's web client library in a browser against the simulator: ``make test-vendor-client``.

npm installs the library into a temporary folder; the folder is deleted afterwards. As a teacher or a student,
the script calls each method that the simulator supports, and checks the effect in the simulator's oracle. It
also passes the events to the library's own reader, and compares the reader's data with the oracle. It prints
a table and exits with 1 if a call or an effect is wrong.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from agoraiotools.apaas_token_builder import ApaasTokenBuilder
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

from classroom_admin.simulator.testing import RunningSimulator, running_simulator  # noqa: E402
from scripts.vendor_client.steps import ROOM, Truth, steps  # noqa: E402

PACKAGES = ("agora-edu-core@2.8.101", "events@3.3.0", "dexie@3.2.7", "protobufjs@7.2.6", "esbuild@0.21.5")
# As in a school, the page and the cloud have different origins. The browser driver makes up the page's
# address, so the browser must not ask whether the page may reach this machine.
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-features=LocalNetworkAccessChecks"]
NOT_SIMULATED = (
    "files of the cloud drive (removeMaterials, fetchFileUploadSts, addCloudDriveFile), the board's windows "
    "and scenes (setWindowManagerAttributes, getWindowManagerAttributes, copyScenes), remote control (8), "
    "reportMicCameraStateLeagcy, acceptGroupInvited, rejectGroupInvited, publishStreamToCdn, and checkIn of "
    "the engine"
)


def install(folder: Path) -> Path:
    """Install the library into ``folder`` and bundle what the page needs. Return the bundle."""
    for name in ("entry.js", "build.mjs"):
        shutil.copy(HERE / name, folder / name)
    (folder / "package.json").write_text('{"private": true}')
    npm = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps", *PACKAGES]
    subprocess.run(npm, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["node", "node_modules/esbuild/install.js"], cwd=folder, check=True)
    subprocess.run(["node", "build.mjs"], cwd=folder, check=True)
    return folder / "bundle.js"


def open_page(page: Page, sim: RunningSimulator, bundle: Path) -> None:
    page.route("**/vendor.js", lambda route: route.fulfill(path=bundle, content_type="text/javascript"))
    html = "<!doctype html><script src=vendor.js></script>"
    page.route("**/vendor.html", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(sim.base_url.replace("127.0.0.1", "localhost") + "/vendor.html", timeout=180_000)
    for uuid, role in (("tea", 1), ("ada", 2), ("bob", 2)):
        token = ApaasTokenBuilder.build_room_user_token(
            sim.app_id, sim.app_certificate, ROOM, uuid, role, 3600
        )
        person = {"uuid": uuid, "role": role, "token": token}
        page.evaluate("([a, h, r, p]) => vendor.setUp(a, h, r, p)", [sim.app_id, sim.base_url, ROOM, person])


def difference(truth: Truth, seen: Truth) -> str:
    """Return how the client's own view of the class differs from the oracle, or an empty text."""
    present = [one for one in truth["users"] if one["online"]]
    streams = {
        stream["streamUuid"]: {"video": stream["videoState"], "audio": stream["audioState"]}
        for one in present
        for stream in one["streams"]
    }
    properties = seen["properties"]
    processes = properties.get("processes", {})
    pairs = {
        "users": (seen["users"], sorted(one["userUuid"] for one in present)),
        "streams": (seen["streams"], streams),
        "muteChat": (properties.get("muteChat", 0), truth["muteChat"]),
        "stage": ([one["userUuid"] for one in processes["handsUp"]["accepted"]], truth["stage"]),
        "hands": ([one["userUuid"] for one in processes["waveArm"]["progress"]], truth["hands"]),
        "groups": (properties.get("groups", {}).get("details", {}), truth["groups"]),
        "widgets": (properties.get("widgets", {}), truth["widgets"]),
        "screen": (properties["screen"]["state"], truth["screen"]["state"]),
    }
    return "; ".join(f"{name} {one} instead of {two}" for name, (one, two) in pairs.items() if one != two)


def drive(page: Page, sim: RunningSimulator) -> int:
    """Call every step. Print what happened. Return the number of wrong steps."""
    wrong, called, read = 0, 0, 0
    for service, method, parameters, has_effect in steps():
        ids = {"QUIZ": "quizzes", "POLL": "polls"}
        filled = [sim.oracle(room=ROOM)["rooms"][0][ids[one]][-1]["id"] if one in ("QUIZ", "POLL") else one
            for one in parameters]  # fmt: skip
        answer = page.evaluate("([s, m, p]) => vendor.call(s, m, p)", [service, method, filled])
        called += 1
        rooms = sim.oracle(room=ROOM, events=0)["rooms"]
        problem = answer.get("failed") or ""
        if not problem and has_effect is not None:
            problem = "" if has_effect(rooms[0], answer["data"]) else "no effect"
        if not problem and method != "getConfig":
            read += page.evaluate("([s, r]) => vendor.read(s, r)", ["tea.rte", ROOM])
            problem = difference(rooms[0], page.evaluate("() => vendor.state()"))
            problem = problem and f"the client sees {problem}"
        wrong += bool(problem)
        print(f"{'wrong' if problem else 'ok':6}{service:8} {method:36} {problem}")
    print(f"{called - wrong} of {called} calls as the client expects; the client read {read} events.")
    print(f"Not simulated: {NOT_SIMULATED}.")
    return wrong


def main() -> int:
    chromium = subprocess.check_output([ROOT / "scripts/chromium"], text=True).strip()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        bundle = install(Path(folder))
        with running_simulator(dialect="sdk", plain=True) as sim:
            browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
            page = browser.new_page()
            open_page(page, sim, bundle)
            wrong = drive(page, sim)
            browser.close()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
