"""The pages of the platform in `lti_platform.py`, for people who try it with a browser."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode

PAGE = "<!doctype html><html lang=en><meta charset=utf-8><title>LMS</title><h1>LMS</h1>"
FRAME = '<iframe name="tool" title="tool" width="900" height="900" src="{src}"></iframe>'
CLOSE = """<p id=said></p><script>onmessage = ({ data }) => {
  if (data.subject === "org.imsglobal.lti.close") document.getElementById("said").textContent = "Closed";
};</script>"""


def sent_form(action: str, values: dict[str, str], *, target: str = "tool") -> str:
    """Return a form that sends itself, into the frame of the page if there is one."""
    fields = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in values.items()
    )
    form = f'<form method="post" action="{escape(action)}">{fields}<button>Send</button></form>'
    aim = f'if (document.querySelector("iframe")) form.target = "{target}";' if target else ""
    return form + f'<script>const form = document.querySelector("form"); {aim} form.submit();</script>'


def page(platform: Any, path: str, query: dict[str, list[str]], body: bytes) -> str:
    """Return a page of the platform, or "". `what` is "deep" or the id of an activity."""
    asked = {name: values[0] for name, values in query.items()}
    if path == "/install":  # the administrator registers a tool in a frame
        details = {
            "openid_configuration": f"{platform.url}/openid-configuration",
            "registration_token": platform.registration_token,
        }
        return PAGE + FRAME.format(src=escape(f"{asked['address']}?{urlencode(details)}")) + CLOSE
    if path == "/course":  # a person opens an activity in a frame, or in the whole window
        hint = f"{asked['who']} {asked['what']}"
        target = platform.tool["redirect_uris"][0]
        form = sent_form(
            platform.tool["initiate_login_uri"], platform.login_request(target=target, hint=hint)
        )
        return PAGE + (FRAME.format(src="about:blank") if "frame" in asked else "") + form
    if path == "/auth":  # the tool asks who the person is
        nonce, state = platform.nonce_and_state(f"{platform.url}/auth?{urlencode(asked)}")
        sub, what = asked["login_hint"].split(" ")
        person = next(one for one in platform.people if one.sub == sub)
        message = (
            platform.deep_link()
            if what == "deep"
            else platform.resource(what, custom=platform.custom.get(what))
        )
        token = platform.signed(platform.claims(person, nonce=nonce, **message))
        return PAGE + sent_form(asked["redirect_uri"], {"id_token": token, "state": state}, target="")
    if path == "/deep-links":  # the teacher chose a class: it becomes an activity
        [item] = platform.content_items(dict(parse_qsl(body.decode()))["JWT"])
        platform.custom[f"activity-{len(platform.custom) + 1}"] = item["custom"]
        return PAGE + f"<p>Added: {escape(item['title'])}</p>"
    return ""
