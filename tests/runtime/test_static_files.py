"""Styles and scripts as browsers fetch them."""

import gzip
import json

import pytest
from django.contrib.staticfiles.finders import get_finder
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.storage import storages
from django.templatetags.static import static
from django.utils.functional import empty

from classroom_admin.runtime import static_files


@pytest.fixture
def collected(settings, tmp_path):
    """A folder of the test's own, with a source folder that it may change."""
    sources = tmp_path / "sources"
    (sources / "js").mkdir(parents=True)
    (sources / "js/say.js").write_text("// a remark\nconst said = `kept  as ${1} it is`; // another\n")
    (sources / "whole.css").write_text('@import "look.css";\n')
    (sources / "look.css").write_text("/* a remark */\nbody {\n  color: red;\n}\n")
    settings.STATICFILES_DIRS = [sources]
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATIC_ROOT.mkdir()
    _forget()
    yield settings.STATIC_ROOT, sources
    _forget()


def _forget():
    get_finder.cache_clear()
    storages._storages.clear()
    staticfiles_storage._wrapped = empty


def test_what_is_served_is_small_and_named_by_what_is_inside(collected):
    root, _sources = collected
    assert static_files.collect()
    names = json.loads((root / "staticfiles.json").read_text())["paths"]
    script = root / names["js/say.js"]
    assert script.read_text() == "const said=`kept  as ${1} it is`;"
    assert static("js/say.js").endswith(names["js/say.js"])
    assert names["js/say.js"] != "js/say.js"
    assert (root / names["look.css"]).read_text() == "body{color:red}"
    assert (root / names["whole.css"]).read_text() == "body{color:red}"
    packed = next(root.glob("django_htmx/htmx-2.min.*.js.gz"))
    assert gzip.decompress(packed.read_bytes()).startswith(b"var htmx")


def test_nothing_is_done_again_until_a_source_changes(collected):
    root, sources = collected
    assert static_files.collect()
    assert not static_files.collect()
    before = static("js/say.js")
    (sources / "js/say.js").write_text("const said = 2;\n")
    assert static_files.collect()
    assert static("js/say.js") != before
    (sources / "look.css").write_text("body { color: blue }")
    assert static_files.collect()
    whole = root / static("whole.css").removeprefix("/static/")
    assert whole.read_text() == "body{color:blue}"
    # a page that was opened before still finds what it was made with
    assert (root / before.removeprefix("/static/")).exists()


def test_what_was_not_collected_is_served_as_it_lies_in_the_sources(collected):
    assert static("js/say.js") == "/static/js/say.js"


def test_a_pseudo_class_of_something_below_stays_below() -> None:
    made = static_files.smaller_css('form:not(:has([a="b"])) :is(.c, d) { x: y } /* e */ .f:hover { x: y }')
    assert made == 'form:not(:has([a="b"])) *:is(.c,d){x:y}.f:hover{x:y}'
