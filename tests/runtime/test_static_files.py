"""Static files as browsers fetch them."""

import gzip
import json

import pytest
from django.contrib.staticfiles.finders import get_finder
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.storage import storages
from django.core.management import call_command
from django.templatetags.static import static
from django.utils.functional import empty

from classroom_admin.runtime import static_files


@pytest.fixture
def folders(settings, tmp_path):
    """A folder for collected files and a source folder that the test may change."""
    sources = tmp_path / "sources"
    (sources / "js").mkdir(parents=True)
    (sources / "js/say.js").write_text("// a remark\nconst said = `kept  as ${1} it is`; // another\n")
    (sources / "whole.css").write_text('@import "look.css";\n')
    (sources / "look.css").write_text("body {\n  color: red;\n}\n")
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


def test_scripts_are_minified_and_all_files_get_hashed_names(folders):
    root, _sources = folders
    static_files.collect()
    names = json.loads((root / "staticfiles.json").read_text())["paths"]
    assert (root / names["js/say.js"]).read_text() == "const said=`kept  as ${1} it is`;"
    assert static("js/say.js").endswith(names["js/say.js"])
    assert names["js/say.js"] != "js/say.js"
    assert names["look.css"] != "look.css"
    packed = next(root.glob("django_htmx/htmx-2.min.*.js.gz"))
    assert gzip.decompress(packed.read_bytes()).startswith(b"var htmx")


def test_command_of_the_documents_collects_the_same_files(folders):
    root, _sources = folders
    call_command("collectstatic", "--no-input", verbosity=0)
    by_command = {path.relative_to(root) for path in root.rglob("*")}
    assert not [path for path in by_command if path.name == "hx-sse-2.js"]
    static_files.collect()
    assert {path.relative_to(root) for path in root.rglob("*")} == by_command


def test_imported_scripts_are_joined_and_a_change_of_one_renames_the_whole(folders):
    root, sources = folders
    (sources / "js/every.js").write_text('import "./say.js";\nimport "./more.js";\n')
    (sources / "js/more.js").write_text("window.more = 1;\n")
    static_files.collect()
    before = static("js/every.js")
    joined = (root / before.removeprefix("/static/")).read_text()
    assert joined == "const said=`kept  as ${1} it is`;window.more=1;"
    (sources / "js/more.js").write_text("window.more = 2;\n")
    static_files.collect()
    assert static("js/every.js") != before
    assert "window.more=2" in (root / static("js/every.js").removeprefix("/static/")).read_text()


def test_a_changed_file_gets_a_new_name_and_the_old_one_stays_for_open_pages(folders):
    root, sources = folders
    static_files.collect()
    before = static("js/say.js")
    static_files.collect()
    assert static("js/say.js") == before
    (sources / "js/say.js").write_text("const said = 2;\n")
    static_files.collect()
    assert static("js/say.js") != before
    assert (root / before.removeprefix("/static/")).exists()


def test_a_style_sheet_includes_what_it_imports_and_changes_its_name_with_it(folders):
    root, sources = folders
    static_files.collect()
    before = static("whole.css")
    assert (root / before.removeprefix("/static/")).read_text() == "body {\n  color: red;\n}\n\n"
    (sources / "look.css").write_text("body { color: blue }")
    static_files.collect()
    assert static("whole.css") != before


def test_files_that_were_not_collected_are_served_from_the_sources(folders):
    assert static("js/say.js") == "/static/js/say.js"
