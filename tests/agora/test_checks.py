"""The checks made before anything is sent: both sides of each bound, and the field that is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom_admin.agora import checks, settings_checks
from classroom_admin.agora.errors import InvalidArgument
from classroom_admin.agora.models import Conversion, Group, Schedule, WebRecordConfig

ALLOWED = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 !#$%&()+-:;<=.>?@[]^_{}|~,"


@given(st.text(alphabet=ALLOWED, min_size=1, max_size=63).filter(lambda text: text not in (".", "..")))
def test_every_legal_id_passes_unchanged(value):
    assert checks.room_id(value) == value


@given(st.text(min_size=1, max_size=30).filter(lambda text: set(text) - set(ALLOWED)))
def test_every_other_character_is_refused(value):
    with pytest.raises(InvalidArgument) as caught:
        checks.room_id(value)
    assert caught.value.field == "roomUuid"
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "value", ["", ".", "..", "a" * 64, "a/b", "é", "a\n", 'a"b', "a*b", None, 7, b"a", "\ud800"]
)
def test_illegal_ids(value):
    with pytest.raises(InvalidArgument, match=r"^userUuid "):
        checks.user_id(value)


def test_names_are_measured_in_bytes():
    assert checks.name("é" * 31, field="resourceName") == "é" * 31
    with pytest.raises(InvalidArgument, match="64 bytes"):
        checks.name("é" * 32, field="resourceName")
    assert len(checks.name("x" * 64, field="roomName", fewer_than=65)) == 64


@pytest.mark.parametrize("value", ["", "   ", "a\x00b", "a\nb", None, "\udfff"])
def test_bad_names(value):
    with pytest.raises(InvalidArgument, match=r"^roomName "):
        checks.name(value, field="roomName")


@pytest.mark.parametrize(
    ("state", "duration", "body"),
    [
        (None, None, {}),
        (0, None, {"dirty": {"state": 0}}),
        (1, 600, {"dirty": {"state": 1, "duration": 600}}),
        (1, -1, {"dirty": {"state": 1, "duration": -1}}),
    ],
)
def test_kick(state, duration, body):
    assert checks.kick(dirty_state=state, duration_s=duration) == body


@pytest.mark.parametrize(
    ("state", "duration", "field"),
    [
        (None, 60, "dirty.state"),
        (2, None, "dirty.state"),
        (True, 60, "dirty.state"),
        (0, 60, "dirty.duration"),
        (1, None, "dirty.duration"),
        (1, 0, "dirty.duration"),
        (1, -2, "dirty.duration"),
        (1, 1.5, "dirty.duration"),
        (1, True, "dirty.duration"),
    ],
)
def test_bad_kick(state, duration, field):
    with pytest.raises(InvalidArgument) as caught:
        checks.kick(dirty_state=state, duration_s=duration)
    assert caught.value.field == field


@pytest.mark.parametrize(
    "url", ["https://x.example/a.pdf?b=1#c", "http://127.0.0.1:8000/f", "https://[::1]/x"]
)
def test_web_addresses(url):
    assert checks.web_address(url, field="url") == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://x.example/a",
        "//x.example/a",
        "https://",
        "https://a b/c",
        "x.pdf",
        "http://h:99999/",
        "http://[",
        None,
    ],
)
def test_bad_web_addresses(url):
    with pytest.raises(InvalidArgument, match=r"^url "):
        checks.web_address(url, field="url")


@pytest.mark.parametrize(
    "value", [{}, [], "a", None, {1: 2}, {"": 1}, {"a": float("nan")}, {"a": {1, 2}}, {"a": "\ud800"}]
)
def test_bad_properties(value):
    with pytest.raises(InvalidArgument, match=r"^properties "):
        checks.properties(value)


@pytest.mark.parametrize("value", [[], "names", {"a": 1}, [""], [1], None])
def test_bad_property_names(value):
    with pytest.raises(InvalidArgument, match=r"^properties "):
        checks.property_names(value)


def test_lists_are_sent_without_doubles():
    assert checks.resource_ids(["b", "a", "b"]) == ["b", "a"]
    assert checks.property_names(iter(["x", "x"])) == ["x"]


@pytest.mark.parametrize(("value", "sent"), [(0, "0"), (101, "101"), ("abc:7", "abc:7")])
def test_next_id(value, sent):
    assert checks.next_id(value) == sent


@pytest.mark.parametrize("value", [-1, True, 1.5, "", "a\nb", "x" * 257])
def test_bad_next_id(value):
    with pytest.raises(InvalidArgument, match=r"^nextId "):
        checks.next_id(value)


@pytest.mark.parametrize("value", [0, 101, "5", True])
def test_bad_count(value):
    with pytest.raises(InvalidArgument, match=r"^count "):
        checks.count(value)
    assert checks.count(100) == 100


# recording


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("videoBitrate", 50, 8000),
        ("videoFps", 5, 60),
        ("maxRecordingHour", 1, 720),
        ("audioProfile", 0, 2),
    ],
)
def test_web_record_bounds(name, least, most):
    for value in (least, most):
        assert settings_checks.web_record_config({name: value}, starts=False) == {name: value}
    for value in (least - 1, most + 1, str(least), float(most), True):
        with pytest.raises(InvalidArgument) as caught:
            settings_checks.web_record_config({name: value}, starts=False)
        assert caught.value.field == f"webRecordConfig.{name}"


@pytest.mark.parametrize(
    ("width", "height", "fits"),
    [
        (1280, 720, True),
        (720, 1280, True),
        (960, 960, True),
        (1280, 721, False),
        (961, 960, False),
        (1281, 480, False),
        (480, 479, False),
        (None, 720, True),
        (None, 800, False),
        (1280, None, True),
        (480, 1280, True),
    ],
)
def test_web_record_size(width, height, fits):
    config = {k: v for k, v in {"videoWidth": width, "videoHeight": height}.items() if v is not None}
    if fits:
        assert settings_checks.web_record_config(config, starts=False) == config
    else:
        with pytest.raises(InvalidArgument, match=r"^webRecordConfig.video"):
            settings_checks.web_record_config(config, starts=False)


def test_web_record_address_is_needed_to_start():
    with pytest.raises(InvalidArgument, match=r"^webRecordConfig\.rootUrl "):
        settings_checks.web_record_config({"onhold": True}, starts=True)
    config = WebRecordConfig(root_url="https://x.example/r", publish_rtmp=True, onhold=True)
    assert settings_checks.web_record_config(config, starts=True) == {
        "rootUrl": "https://x.example/r",
        "publishRtmp": "true",
        "onhold": True,
    }


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({}, "webRecordConfig"),
        ("x", "webRecordConfig"),
        ({"videoBitrat": 100}, "webRecordConfig"),
        ({"onhold": "true"}, "webRecordConfig.onhold"),
        ({"onhold": 1}, "webRecordConfig.onhold"),
        ({"publishRtmp": "yes"}, "webRecordConfig.publishRtmp"),
        ({"url": "x"}, "webRecordConfig.url"),
    ],
)
def test_bad_web_record_config(config, field):
    with pytest.raises(InvalidArgument) as caught:
        settings_checks.web_record_config(config, starts=False)
    assert caught.value.field == field


# resources


@pytest.mark.parametrize(
    ("ext", "conversion"),
    [
        ("ppt", {"type": "static"}),
        ("doc", {"type": "static", "scale": 0.1}),
        ("docx", {"type": "static", "scale": 3, "outputFormat": "webp"}),
        ("pdf", {"type": "static", "outputFormat": "jpeg"}),
        ("pptx", {"type": "dynamic", "preview": True}),
    ],
)
def test_conversions(ext, conversion):
    assert settings_checks.conversion(conversion, ext=ext) == conversion


@pytest.mark.parametrize(
    ("ext", "conversion", "field"),
    [
        ("pdf", {}, "conversion.type"),
        ("pdf", {"type": "both"}, "conversion.type"),
        ("pdf", {"type": "dynamic"}, "conversion.type"),
        ("pptx", {"type": "static"}, "conversion.type"),
        ("mp4", {"type": "static"}, "conversion.type"),
        ("xlsx", {"type": "static"}, "conversion.type"),
        ("pdf", {"type": "static", "preview": True}, "conversion.preview"),
        ("pptx", {"type": "dynamic", "preview": 1}, "conversion.preview"),
        ("pptx", {"type": "dynamic", "scale": 1}, "conversion.scale"),
        ("pptx", {"type": "dynamic", "outputFormat": "png"}, "conversion.outputFormat"),
        ("pdf", {"type": "static", "scale": 0.09}, "conversion.scale"),
        ("pdf", {"type": "static", "scale": 3.01}, "conversion.scale"),
        ("pdf", {"type": "static", "scale": float("nan")}, "conversion.scale"),
        ("pdf", {"type": "static", "outputFormat": "gif"}, "conversion.outputFormat"),
        ("pdf", {"type": "static", "zoom": 1}, "conversion"),
    ],
)
def test_bad_conversions(ext, conversion, field):
    with pytest.raises(InvalidArgument) as caught:
        settings_checks.conversion(conversion, ext=ext)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"resource_name": "n" * 64}, "resourceName"),
        ({"size": 0}, "size"),
        ({"size": 1.5}, "size"),
        ({"ext": "exe"}, "ext"),
        ({"ext": ".pdf"}, "ext"),
        ({"ext": "PDF"}, "ext"),
        ({"url": "file:///etc/passwd"}, "url"),
    ],
)
def test_bad_resources(change, field):
    good = {
        "resource_name": "n" * 63,
        "size": 1,
        "ext": "pdf",
        "url": "https://x.example/a",
        "conversion_": None,
    }
    assert settings_checks.resource(**good)["resourceName"] == "n" * 63
    with pytest.raises(InvalidArgument) as caught:
        settings_checks.resource(**{**good, **change})
    assert caught.value.field == field


def test_conversion_model():
    model = Conversion(type="static", output_format="png")
    assert settings_checks.conversion(model, ext="pdf") == {"type": "static", "outputFormat": "png"}


# rooms


def test_schedule():
    model = Schedule(start_time=1_800_000_000_000, duration=86_400, close_delay=0)
    assert settings_checks.schedule(model) == {
        "startTime": 1_800_000_000_000,
        "duration": 86_400,
        "closeDelay": 0,
    }
    for name, value in [("startTime", 0), ("duration", 86_401), ("duration", 0), ("closeDelay", -1)]:
        with pytest.raises(InvalidArgument, match=rf"^schedule\.{name} "):
            settings_checks.schedule({name: value})


def test_role_config():
    good = {"2": {"limit": 30, "defaultStream": {"state": 1, "videoState": 0}}}
    assert settings_checks.role_config(good) == good
    for bad, field in [
        ({"9": {}}, "roleConfig"),
        ({"2": {"limit": "30"}}, "roleConfig.2.limit"),
        ({"2": {"defaultStream": {"state": 2}}}, "roleConfig.2.defaultStream.state"),
        ({"2": 5}, "roleConfig.2"),
    ]:
        with pytest.raises(InvalidArgument) as caught:
            settings_checks.role_config(bad)
        assert caught.value.field == field


def test_groups():
    sent = settings_checks.groups(
        [
            Group(group_name="Red", users=["u1"]),
            {"groupUuid": "g2", "groupName": "Blue", "users": [{"userUuid": "u2"}]},
        ]
    )
    assert sent == [
        {"groupName": "Red", "users": [{"userUuid": "u1"}]},
        {"groupUuid": "g2", "groupName": "Blue", "users": [{"userUuid": "u2"}]},
    ]


@pytest.mark.parametrize(
    ("groups", "field"),
    [
        ([], "groups"),
        ("x", "groups"),
        ([{}], "groups.groupName"),
        ([{"groupName": "a", "users": "u1"}], "groups.users"),
        ([{"groupName": "a", "users": ["u/1"]}], "groups.users.userUuid"),
        ([{"groupName": "a", "users": ["u1"]}, {"groupName": "b", "users": ["u1"]}], "groups.users"),
        ([{"groupName": "a", "groupUuid": "."}], "groups.groupUuid"),
    ],
)
def test_bad_groups(groups, field):
    with pytest.raises(InvalidArgument) as caught:
        settings_checks.groups(groups)
    assert caught.value.field == field
