"""Walk a learning platform through registration, deep linking, launch, class list and gradebook.

    .venv/bin/python docs/lti_walkthrough.py REGISTRATION_ADDRESS

The dashboard must run on this machine, for example with `make demo`. Make the address under Settings,
Learning platforms, with "Create accounts". The script is the platform of docs/lti_platform.py, and the
browsers of a teacher and of a student.
"""

from __future__ import annotations

import html
import re
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from lti_platform import Person, Platform, browser, read_keys, running

TOP = {"Sec-Fetch-Dest": "document"}
WAIT_S = 180.0
ANA = Person("ana", "Ana Torres", "ana.torres@lms.example", role="Instructor")
STUDENTS = [Person("leo", "Leo Park"), Person("mia", "Mia Chen"), Person("sam", "Sam Weiss")]


class Walk:
    """One walk through the dashboard whose registration address this is."""

    def __init__(self, platform: Platform, registration: str, say: Callable[[str], None] = print) -> None:
        self.platform, self.registration, self.say = platform, registration, say
        parts = urlsplit(registration)
        self.dashboard = f"{parts.scheme}://{parts.netloc}"
        self.teacher, self.student = browser(), browser()
        self.custom: dict[str, str] = {}
        self.class_page = ""

    def register(self) -> None:
        """Open the registration address, as the platform's administrator does, and press the button."""
        details = {
            "openid_configuration": f"{self.platform.url}/openid-configuration",
            "registration_token": self.platform.registration_token,
        }
        asked = browser().get(self.registration, params=details, timeout=30)
        check(asked.status_code == 200, asked)
        done = browser().post(self.registration, data=details, timeout=30)
        check(done.status_code == 200 and bool(self.platform.tool), done)
        self.say(f"Registered: the dashboard expects launches at {self.platform.tool['redirect_uris'][0]}")

    def deep_link(self, name: str) -> None:
        """Let the teacher add a new class to the course, with its attendance in the gradebook."""
        page = self._launch(browser(), ANA, self.platform.deep_link(), {"Sec-Fetch-Dest": "iframe"})
        given = {"ticket": hidden(page, "ticket"), "key": "new", "name": name, "minutes": "45"}
        answer = browser().post(
            urljoin(self.dashboard, "/lti/choose/"), data=given | {"grade": "attendance"}, timeout=60
        )
        check(answer.status_code == 200, answer)
        [item] = self.platform.content_items(hidden(answer, "JWT"))
        self.custom = item["custom"]
        item["lineItem"]["id"] = f"{self.platform.url}/lineitems/1?type_id=7"
        self.platform.line_items.append(item["lineItem"])
        self.say(f"Deep link: the course has the activity “{item['title']}”")

    def launch(self) -> None:
        """Let the teacher and a student open the activity."""
        page = self._launch(self.teacher, ANA, self._resource(), TOP)
        if "/classes/" not in page.url:  # the browser sent no cookie, so the dashboard asks who it is
            page = self.teacher.post(
                urljoin(page.url, "/lti/enter/"), data={"ticket": hidden(page, "ticket")}, timeout=30
            )
            given = {name: hidden(page, name) for name in ("ticket", "csrfmiddlewaretoken")}
            page = self.teacher.post(
                urljoin(page.url, "/lti/confirm/"), data=given, headers={"Referer": page.url}, timeout=30
            )
        check(page.status_code == 200 and "/classes/" in page.url, page)
        self.class_page = page.url
        self.say(f"Launch: the teacher is on the page of the class, {urlsplit(page.url).path}")
        joined = self._launch(self.student, STUDENTS[0], self._resource(), TOP, follow=False)
        check(joined.status_code == 302, joined)
        self.say("Launch: the student is sent to the page where they join the class")

    def roster(self) -> list[str]:
        """Read the students of the course now. Return the names on the class list."""
        address = self._courses()
        page = self.teacher.get(address, timeout=30)
        page = self._press(page, f"{address}students/")
        check("up to date" in page.text, page)
        lists = self.teacher.get(urljoin(self.dashboard, "/lists/"), timeout=30).text
        found = re.search(r'href="(/lists/[a-z0-9]+/)"[^>]*>\s*(?:<[^>]+>\s*)*Biology 7b', lists)
        check(found is not None, page)
        assert found is not None
        shown = self.teacher.get(urljoin(self.dashboard, found[1]), timeout=30).text
        names = [one.name for one in STUDENTS if one.name in html.unescape(shown)]
        self.say(f"Class list: {', '.join(names)}")
        return names

    def grade(self) -> list[dict[str, Any]]:
        """Wait until the class is over and the dashboard has sent the scores. Return them."""
        deadline = time.monotonic() + WAIT_S
        while len(self.platform.scores) < len(STUDENTS):
            check(time.monotonic() < deadline, None, f"{len(self.platform.scores)} scores arrived in time")
            time.sleep(0.2)  # the dashboard's workers send them; the deadline above decides
        for score in sorted(self.platform.scores, key=lambda one: str(one["userId"])):
            self.say(f"Gradebook: {score['userId']} {score['scoreGiven']:g} of {score['scoreMaximum']:g}")
        return self.platform.scores

    def end_class(self) -> None:
        """Start and end the class, as the teacher does with the buttons of its page."""
        for name in ("start", "end"):
            address = f"{self.class_page}do/{name}/"
            self._press(self.teacher.get(address, timeout=30), address)
        self.say("The class is over")

    def _courses(self) -> str:
        key = urlsplit(self.class_page).path.strip("/").rpartition("/")[2]
        return urljoin(self.dashboard, f"/lti/classes/{key}/")

    def _press(self, page: requests.Response, address: str) -> requests.Response:
        check(page.status_code == 200, page)
        form = {name: value for name in ("csrfmiddlewaretoken", "press") if (value := hidden(page, name))}
        answer = self.teacher.post(address, data=form, headers={"Referer": page.url}, timeout=60)
        check(answer.status_code == 200, answer)
        return answer

    def _resource(self) -> dict[str, Any]:
        return self.platform.resource("activity-1", custom=self.custom)

    def _launch(
        self,
        who: requests.Session,
        person: Person,
        message: dict[str, Any],
        where: dict[str, str],
        follow: bool = True,
    ) -> requests.Response:
        """Go through login initiation, the platform's answer and the launch, as a browser does."""
        tool = self.platform.tool
        asked = self.platform.login_request(target=tool["redirect_uris"][0], hint=person.sub)
        begun = who.post(tool["initiate_login_uri"], data=asked, allow_redirects=False, timeout=30)
        check(begun.status_code == 302, begun)
        nonce, state = self.platform.nonce_and_state(begun.headers["Location"])
        token = self.platform.signed(self.platform.claims(person, nonce=nonce, **message))
        form = {"state": state, "id_token": token}
        answer = who.post(
            tool["redirect_uris"][0], data=form, headers=where, allow_redirects=follow, timeout=60
        )
        check(answer.status_code in (200, 302), answer)
        return answer


def hidden(page: requests.Response, name: str) -> str:
    """Return the value of a hidden field of a page, or ""."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    return html.unescape(found[1]) if found else ""


def check(condition: bool, page: requests.Response | None, why: str = "") -> None:
    """Stop the walk if something is not as it should be."""
    if condition:
        return
    if page is not None:
        shown = re.sub(r"<[^>]*>", " ", page.text.partition("<main")[2] or page.text)
        why = f"{page.request.method} {page.url} answered {page.status_code}: {' '.join(shown.split())[:500]}"
    raise SystemExit(why)


def main(registration: str) -> None:
    with running(read_keys) as platform:
        platform.people = [ANA, *STUDENTS]
        walk = Walk(platform, registration)
        walk.register()
        walk.deep_link("Photosynthesis")
        walk.launch()
        walk.roster()
        walk.end_class()
        walk.grade()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])
