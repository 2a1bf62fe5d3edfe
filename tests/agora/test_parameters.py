"""The checks of a call's parameters: both sides of each bound, and the field that the error names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom_admin.agora.calls import PutExtAppProperties
from classroom_admin.agora.errors import InvalidArgument
from classroom_admin.agora.recording_and_file_calls import StartRecording
from tests.agora import calls

ALLOWED = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 !#$%&()+-:;<=.>?@[]^_{}|~,"


@given(st.text(alphabet=ALLOWED, min_size=1, max_size=63).filter(lambda text: text not in (".", "..")))
def test_legal_id_is_sent_unchanged(value):
    assert calls.room_id(value) == value


@given(st.text(min_size=1, max_size=30).filter(lambda text: set(text) - set(ALLOWED)))
def test_other_characters_in_an_id_are_refused(value):
    with pytest.raises(InvalidArgument) as caught:
        calls.room_id(value)
    assert caught.value.field == "roomUuid"
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "value", ["", ".", "..", "a" * 64, "a/b", "é", "a\n", 'a"b', "a*b", None, 7, b"a", "\ud800"]
)
def test_illegal_id_is_refused(value):
    with pytest.raises(InvalidArgument, match=r"^userUuid:"):
        calls.user_id(value)


def test_length_of_a_name_is_counted_in_bytes():
    assert calls.resource_name("é" * 31) == "é" * 31
    with pytest.raises(InvalidArgument) as caught:
        calls.resource_name("é" * 32)
    assert caught.value.field == "resourceName"
    assert caught.value.problem.code == "name_too_long"
    assert caught.value.problem.params == {"most": 64, "has": 64}
    assert len(calls.room_name("x" * 64)) == 64
    with pytest.raises(InvalidArgument):
        calls.room_name("x" * 65)


@pytest.mark.parametrize("value", ["", "   ", "a\x00b", "a\nb", None, "\udfff"])
def test_bad_name_is_refused(value):
    with pytest.raises(InvalidArgument, match=r"^roomName:"):
        calls.room_name(value)


@pytest.mark.parametrize(
    ("ban_s", "body"),
    [(None, {}), *((ban_s, {"dirty": {"state": 1, "duration": ban_s}}) for ban_s in (1, 600, -1))],
)
def test_body_of_a_kick(ban_s, body):
    assert calls.kick(ban_s) == body


@pytest.mark.parametrize("ban_s", [0, -2, 1.5, True, "60"])
def test_bad_ban_length_is_refused(ban_s):
    with pytest.raises(InvalidArgument) as caught:
        calls.kick(ban_s)
    assert caught.value.field == "dirty.duration"


@pytest.mark.parametrize(
    "url", ["https://x.example/a.pdf?b=1#c", "http://127.0.0.1:8000/f", "https://[::1]/x"]
)
def test_good_web_address_is_sent_unchanged(url):
    assert calls.url(url) == url


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
def test_bad_web_address_is_refused(url):
    with pytest.raises(InvalidArgument, match=r"^url:"):
        calls.url(url)


@pytest.mark.parametrize(
    "value", [{}, [], "a", None, {1: 2}, {"": 1}, {"a": float("nan")}, {"a": {1, 2}}, {"a": "\ud800"}]
)
def test_bad_properties_are_refused(value):
    with pytest.raises(InvalidArgument, match=r"^properties:"):
        calls.properties(value)


@pytest.mark.parametrize("value", [[], "names", {"a": 1}, [""], [1], None])
def test_bad_property_names_are_refused(value):
    with pytest.raises(InvalidArgument, match=r"^properties:"):
        calls.property_names(value)


def test_list_is_sent_without_duplicates():
    assert calls.resource_ids(["b", "a", "b"]) == ["b", "a"]
    assert calls.property_names(iter(["x", "x"])) == ["x"]


@pytest.mark.parametrize(("value", "sent"), [(0, "0"), (101, "101"), ("abc:7", "abc:7")])
def test_next_id_is_sent_as_text(value, sent):
    assert calls.next_id(value) == sent


@pytest.mark.parametrize("value", [-1, True, 1.5, "", "a\nb", "x" * 257])
def test_bad_next_id_is_refused(value):
    with pytest.raises(InvalidArgument, match=r"^nextId:"):
        calls.next_id(value)


@pytest.mark.parametrize("value", [0, 101, "5", True])
def test_bad_count_is_refused(value):
    with pytest.raises(InvalidArgument, match=r"^count:"):
        calls.count(value)
    assert calls.count(100) == "100"


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
        assert calls.web_settings({name: value}) == {name: value}
    for value in (least - 1, most + 1, str(least), float(most), True):
        with pytest.raises(InvalidArgument) as caught:
            calls.web_settings({name: value})
        assert caught.value.field == f"webRecordConfig.{name}"


@pytest.mark.parametrize(
    ("width", "height", "fits"),
    [
        (1280, 720, True),
        (720, 1280, True),
        (1440, 1440, True),
        (1440, 1441, False),
        (480, 479, False),
        (None, 1620, True),
        (None, 1621, False),
        (1920, None, True),
    ],
)
def test_web_record_size(width, height, fits):
    config = {k: v for k, v in {"videoWidth": width, "videoHeight": height}.items() if v is not None}
    if fits:
        assert calls.web_settings(config) == config
    else:
        with pytest.raises(InvalidArgument, match=r"^webRecordConfig.video"):
            calls.web_settings(config)


def test_web_record_needs_an_address_to_start():
    with pytest.raises(InvalidArgument, match=r"^webRecordConfig\.rootUrl:"):
        calls.start_web({"onhold": True})
    config = {"rootUrl": "https://x.example/r", "publishRtmp": True, "onhold": True}
    assert calls.start_web(config) == {
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
def test_bad_web_record_config_is_refused(config, field):
    with pytest.raises(InvalidArgument) as caught:
        calls.web_settings(config)
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
def test_conversion_fits_the_file_type(ext, conversion):
    assert calls.conversion(conversion, ext=ext) == conversion


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
def test_bad_conversion_is_refused(ext, conversion, field):
    with pytest.raises(InvalidArgument) as caught:
        calls.conversion(conversion, ext=ext)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"resourceName": "n" * 64}, "resourceName"),
        ({"size": 0}, "size"),
        ({"size": 1.5}, "size"),
        ({"ext": "exe"}, "ext"),
        ({"ext": ".pdf"}, "ext"),
        ({"ext": "PDF"}, "ext"),
        ({"url": "file:///etc/passwd"}, "url"),
    ],
)
def test_bad_resource_is_refused(change, field):
    good = {"resourceName": "n" * 63, "size": 1, "ext": "pdf", "url": "https://x.example/a"}
    assert calls.resource(good) == good
    with pytest.raises(InvalidArgument) as caught:
        calls.resource({**good, **change})
    assert caught.value.field == field


# rooms


def test_bounds_of_the_schedule():
    good = {"startTime": 1_800_000_000_000, "duration": 86_400, "closeDelay": 0}
    assert calls.schedule(good) == good
    for name, value in [("startTime", 0), ("duration", 86_401), ("duration", 0), ("closeDelay", -1)]:
        with pytest.raises(InvalidArgument, match=rf"^schedule\.{name}:"):
            calls.schedule({name: value})


def test_bounds_of_the_role_config():
    good = {"2": {"limit": 30, "defaultStream": {"state": 1, "videoState": 0}}}
    assert calls.role_config(good) == good
    for bad, field in [
        ({"9": {}}, "roleConfig"),
        ({"2": {"limit": "30"}}, "roleConfig.2.limit"),
        ({"2": {"defaultStream": {"state": 2}}}, "roleConfig.2.defaultStream.state"),
        ({"2": 5}, "roleConfig.2"),
    ]:
        with pytest.raises(InvalidArgument) as caught:
            calls.role_config(bad)
        assert caught.value.field == field


def test_body_of_breakout_rooms():
    sent = calls.groups(
        [
            {"groupName": "Red", "users": ["u1"]},
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
def test_bad_breakout_rooms_are_refused(groups, field):
    with pytest.raises(InvalidArgument) as caught:
        calls.groups(groups)
    assert caught.value.field == field


def test_ext_app_can_be_switched_without_properties():
    call = PutExtAppProperties(room_uuid="r", ext_app_uuid="x", properties={}, common_state=0)
    assert call.body() == {"properties": {}, "common": {"state": 0}}


def test_error_names_the_first_wrong_parameter():
    with pytest.raises(InvalidArgument) as caught:
        StartRecording(room_uuid="/", mode="mix", retry_timeout_s=0)
    assert (caught.value.field, caught.value.problem.code) == ("roomUuid", "id_characters")


def test_unknown_parameter_is_a_type_error():
    with pytest.raises(TypeError):
        StartRecording(room_uuid="r", colour="blue")
