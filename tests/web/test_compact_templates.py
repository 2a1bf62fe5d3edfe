"""Line ends of templates are removed; translated texts and significant line ends stay."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Engine
from django.template.loader import get_template
from hypothesis import given
from hypothesis import strategies as st

from classroom_admin.web.compact_templates import without_line_ends

TEMPLATES = Path(settings.BASE_DIR) / "templates"
LONGEST = 120
# What no line end can part: a tag of Django's, or one attribute; `x` stands for each of the former.
ONE_THING = re.compile(r"""x|[\w:-]+=("[^"]*"|'[^']*')/?>?""")
TRANSLATED = re.compile(r"\{% blocktrans(?:late)?\b.*?\{% endblocktrans(?:late)? %\}", re.DOTALL)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("<p>\n  two\n  words\n</p>\n", "<p>two words</p>"),
        ("<a>one</a>\n\n  <a>two</a>", "<a>one</a><a>two</a>"),
        ("<a>one</a> <a>two</a>", "<a>one</a> <a>two</a>"),
        ('<b>x</b>{{ " " }}\n<b>y</b>', '<b>x</b>{{ " " }}<b>y</b>'),
        ("{% if x %}\n  {{ x }}\n{% endif %}", "{% if x %}{{ x }}{% endif %}"),
        ("word\n{{ x }}\nword {# why #}\nword", "word{{ x }}word {# why #}word"),
        ('<a href="/"\n    class="b"\n>', '<a href="/" class="b" >'),
        (
            "<a {% if x %}hidden{% endif %}\n  {{ y }}\n  title='a > b'\n  id>\n<b>",
            "<a {% if x %}hidden{% endif %} {{ y }} title='a > b' id><b>",
        ),
        ('<a title="{% trans "x" %}"\n  id>\n{{ x }}', '<a title="{% trans "x" %}" id>{{ x }}'),
        ('<p class="one\n  two">', '<p class="one two">'),
        ("<br>  \r\n  <br>", "<br><br>"),
        ("1 <\n2", "1 < 2"),
        ("{% load i18n %}\n<!doctype html>\n<html>", "{% load i18n %}<!doctype html><html>"),
    ],
)
def test_line_end_is_a_space_between_words_and_in_start_tags(written: str, sent: str) -> None:
    assert without_line_ends(written) == sent


@pytest.mark.parametrize(
    "kept",
    [
        "<pre>\n a\n  <b>\n</b></pre>",
        '<PRE class="x > y">\n a\n</PRE>',
        "<textarea>\n {{ x }}\n</textarea>",
        "<script>\n'</p>' // <!--\nlet a;\n</script>",
        "<style>\na {\n}\n</style>",
        "{% verbatim %}\n {{ x }}\n{% endverbatim %}",
        "{% comment %}\n {% if\n{% endcomment %}",
        "{% blocktrans with a=b %}\n A <b>\n</b>\n{% plural %}\n As {% endblocktrans %}",
        "{% blocktranslate %}\n A\n{% endblocktranslate %}",
        "<!-- a\n <pre> -->",
    ],
)
def test_significant_line_ends_stay(kept: str) -> None:
    assert without_line_ends(f"<p>\n  {kept}\n</p>\n") == f"<p>{kept}</p>"


def test_start_tag_of_a_textarea_is_joined() -> None:
    assert without_line_ends("<textarea\n  id=a>\n x</textarea>\n<p>") == "<textarea id=a>\n x</textarea><p>"


PIECES = (
    "word", " ", "\n", "\n    ", "  \n\n", "<b>", "</b>", '<i class="x"\n  title="a > b">', "<br/>",
    "{{ x }}", '{{ " " }}', "{% if x %}\n {{ x }}\n{% endif %}", "{% if y %}\n{% else %} {% endif %}",
    "{# note #}", "<pre>\n  a</pre>", "{% comment %}\n <p\n{% endcomment %}",
    "{% verbatim %}\n{{ a }}{% endverbatim %}",
)  # fmt: skip
SOURCES = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


@given(SOURCES)
def test_only_whitespace_is_removed_and_only_once(source: str) -> None:
    sent = without_line_ends(source)
    assert "".join(sent.split()) == "".join(source.split())
    assert without_line_ends(sent) == sent


@given(SOURCES.map(lambda source: "".join(source.split("\n"))))
def test_single_lines_stay(source: str) -> None:
    assert without_line_ends(source) == source


@given(SOURCES)
def test_kept_lines_render_the_same(source: str) -> None:
    kept = without_line_ends(source, keep_lines=True)
    assert kept.count("\n") == source.count("\n")
    once, again = (Engine().from_string(text) for text in (without_line_ends(source), kept))
    assert once.render(Context({"x": "1"})) == again.render(Context({"x": "1"}))


def test_translated_texts_stay() -> None:
    found = 0
    for path in TEMPLATES.rglob("*.html"):
        source = path.read_text(encoding="utf-8")
        texts = TRANSLATED.findall(source)
        assert TRANSLATED.findall(without_line_ends(source)) == texts, path
        found += len(texts)
    assert found > 100


def too_long(line: str) -> bool:
    return len(line) > LONGEST and not ONE_THING.fullmatch(
        re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "x", line.strip())
    )


def test_lines_of_templates_are_short() -> None:
    long = "a" * LONGEST
    for one in (f"<p>{long}</p>", f'{{% trans "{long}" %}} x', f'a="{long}" b="c"'):
        assert too_long(one)
    for one in (f'  {{% trans "{long}" %}}', f'  a="{long} {{{{ b }}}} c">', long[1:]):
        assert not too_long(one)
    for path in TEMPLATES.rglob("*.html"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            assert not too_long(line), f"{path}:{number}"


def engine_of(folder: Path, debug: bool = False) -> Engine:
    loaders = settings.TEMPLATES[0]["OPTIONS"]["loaders"]
    return Engine(dirs=[str(folder)], loaders=loaders, debug=debug)


def test_pages_are_compact_and_mails_are_not(tmp_path: Path) -> None:
    for name in ("page.html", "mail.txt"):
        (tmp_path / name).write_text("<b>\n  a\n</b>\n")
    engine = engine_of(tmp_path)
    assert engine.get_template("page.html").render(Context()) == "<b>a</b>"
    assert engine.get_template("mail.txt").render(Context()) == "<b>\n  a\n</b>\n"


def test_templates_of_other_packages_stay_as_they_are() -> None:
    source = get_template("allauth/layouts/base.html").template.source
    assert source == Path(get_template("allauth/layouts/base.html").origin.name).read_text(encoding="utf-8")


def test_with_debug_an_error_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "base.html").write_text("<p>\n{% block a %}{% endblock %}</p>\n")
    (tmp_path / "page.html").write_text(
        '{# why #}{% extends "base.html" %}\n{% block a %}\n<a\n  id>\n{{ x.y }}{% endblock %}\n'
    )

    (tmp_path / "noted.html").write_text('{# why #}\n{% extends "base.html" %}\n')

    class Wrong:
        @property
        def y(self) -> str:
            raise ZeroDivisionError

    engine = engine_of(tmp_path, debug=True)
    assert engine.get_template("noted.html").render(Context()) == "<p></p>"
    page = engine.get_template("page.html")
    assert page.render(Context({"x": {"y": 1}})) == "<p><a id>1</p>"
    with pytest.raises(ZeroDivisionError) as caught:
        page.render(Context({"x": Wrong()}))
    assert caught.value.template_debug["line"] == 5
