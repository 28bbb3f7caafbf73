"""The catalogue of the pages' texts: German is complete, and no page has a text outside it.

A language of our own tells what is outside: it sets each text of the catalogue in brackets, and
opens them around what is filled in. What a page then shows without brackets was written elsewhere.
"""

import datetime as dt
import functools
import re
from collections import Counter
from html.parser import HTMLParser
from string import Formatter

import jinja2
import pytest
from anklet import texts
from anklet.archive.store import Archive
from anklet.web import example
from anklet.web.server import create_app
from collected import LANGUAGES, SOURCE, collected
from nightbytes import add_to, whole

TOKEN = "secret"
PSEUDO = "xx"
OPEN, CLOSE = (
    "\N{MATHEMATICAL LEFT WHITE SQUARE BRACKET}",
    "\N{MATHEMATICAL RIGHT WHITE SQUARE BRACKET}",
)
FILLED = re.compile(r"\{[^{}]*\}|%\(\w+\)s")  # of a text
# What is the same in every language: terms of the field, units, names, and what the nights of
# the test call themselves.
SAME = re.compile(
    r"\b(Anklet|English|Deutsch|PLM|CLM|LM|IMIs?|PI|RLS|EMG|WASM|AASM|Ferri|wasm2016|EEG|UTC|h|min|s|mg|g|µg/L|Hz|bed)\b"
    r"|\w{0,3}…|/dev/tty\w+|[a-z]+_m?g=\w+|(pimoroni|rpi|sim|waveshare|adafruit|seeed)\w*( +example)?|\d{4}-\d{2}-\d{2}(-[a-z]+_m?g)?|\b[0-9a-f]{6,16}\b|\d{5}-[0-9a-f]+"
)
SHOWN = (
    "title",
    "aria-label",
    "placeholder",
    "alt",
    "data-ended",
)  # attributes that a person meets


def german():
    return texts.read((LANGUAGES / "de.po").read_text(encoding="utf-8"))


def test_german_has_every_text_and_no_other():
    found = german()
    ours = {text.one: text.many for text in collected()}
    assert found.keys() == ours.keys()
    for one, translated in found.items():
        assert all(translated) and len(translated) == (2 if ours[one] else 1), one


def parts(text):
    """What is filled into a text, and its marks, each with how often."""
    fields = [f"{name}:{form}" for _, name, form, _ in Formatter().parse(text) if name is not None]
    return Counter(fields + re.findall(r"%\(\w+\)s|<[^>]+>|\[\d+\]", text))


def test_german_is_filled_with_the_same():
    many = {text.one: text.many for text in collected()}
    for one, translated in german().items():
        for source, text in zip((one, many[one]), translated, strict=False):
            assert parts(text) == parts(source), text


def test_one_text_has_one_plural():
    found = {}
    for text in collected():
        assert found.setdefault(text.one, text.many) == text.many, text


def test_the_catalogue_is_read_as_babel_reads_it():
    from babel.messages.pofile import read_po  # noqa: PLC0415 - the other tests need none

    with (LANGUAGES / "de.po").open(encoding="utf-8") as file:
        theirs = {
            (m.id if isinstance(m.id, str) else m.id[0]): (
                [m.string] if isinstance(m.string, str) else list(m.string)
            )
            for m in read_po(file)
            if m.id and not m.fuzzy
        }
    assert german() == theirs


def test_what_is_not_translated_stays_english():
    with texts.speaking("de"):
        assert texts._("no such text, {n}", n=1.5) == "no such text, 1,5"
        assert texts.n_("{n} nosuch", "{n} nosuches", 2) == "2 nosuches"


def test_dates_and_numbers_are_of_the_language():
    date = dt.date(2026, 11, 21)
    assert texts.day(date) == "Saturday 21 November 2026"
    with texts.speaking("de"):
        assert texts.day(date.isoformat()) == "Samstag, 21. November 2026"
        assert texts.short_day(date) == "Sa, 21. Nov. 2026"
        assert texts.decimal(1234.5, ",.1f") == "1.234,5"
    assert texts.decimal(2.5) == "2.5"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LANG": "de_AT.UTF-8"}, "de"),
        ({"LANGUAGE": "fr:de", "LANG": "en_GB"}, "de"),
        ({"LC_ALL": "C", "LANG": "de_DE"}, "en"),
        ({}, "en"),
    ],
)
def test_the_environment_says_the_language_of_a_command(monkeypatch, environment, expected):
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert texts.of_environment() == expected


def test_a_text_outside_the_catalogue_would_be_found():
    page = f'<p>{OPEN}Half <b>a</b> {CLOSE}night{OPEN}.{CLOSE}</p><a title="Here">3 PLM</a>'
    assert outside(page) == ["night", "Here"]


class _Page(HTMLParser):
    """What a page shows: its text, and the attributes that are shown or read out."""

    def __init__(self):
        super().__init__()
        self.text, self.attributes, self._hidden = "", [], ""

    def handle_starttag(self, tag, attrs):
        self.text += "\n"
        self.attributes += [value for name, value in attrs if name in SHOWN and value]
        if tag in ("script", "style") and not self._hidden:
            self._hidden = tag

    def handle_endtag(self, tag):
        self.text += "\n"
        if tag == self._hidden:
            self._hidden = ""

    def handle_data(self, data):
        if not self._hidden:
            self.text += data


def outside(html):
    """What a page in the language of brackets shows outside of them."""
    page = _Page()
    page.feed(html)
    found = []
    for text in (page.text, *page.attributes):
        bare = re.sub(f"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}", " ", text)
        found += [
            line.strip()
            for line in bare.splitlines()
            if re.search(r"[^\W\d_]", SAME.sub("", line))
        ]
    return found


class _Brackets(dict):
    """The catalogue of the language of brackets."""

    def get(self, text, default=None):
        many = _plurals().get(text)
        return [
            OPEN + FILLED.sub(rf"{CLOSE}\g<0>{OPEN}", each) + CLOSE
            for each in (text, many)
            if each
        ]


@functools.cache
def _plurals():
    return {text.one: text.many for text in collected()}


@pytest.fixture
def brackets(monkeypatch):
    """The language of brackets is one of ours."""
    known = texts._catalogue
    monkeypatch.setitem(texts.LANGUAGES, PSEUDO, "English")
    monkeypatch.setattr(
        texts, "_catalogue", lambda name: _Brackets() if name == PSEUDO else known(name)
    )


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """An archive with one night, and the example in it."""
    home = tmp_path_factory.mktemp("texts") / "archive"
    add_to(Archive(home), whole())
    example.fill(home / example.FOLDER)
    return home


PAGES = (
    *("", "nights", "{night}", "{night}/hide", "trend", "about", "compare"),
    *("boards", "journal", "journal/sheet", "journal/medicines", "doctor", "try", "add"),
)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("whose", ["own", "example"])
def test_a_page_shows_no_text_outside_the_catalogue(brackets, nights, whose, page):
    token = TOKEN if whose == "own" else f"{TOKEN}-example"
    archive = Archive(nights if whose == "own" else nights / example.FOLDER)
    newest = archive.sessions()[-1]
    address = page.format(night=f"night/{newest['device']}/{newest['session']}")
    if (whose, page) in (("example", "boards"), ("example", "add"), ("own", "doctor")):
        return  # there is none
    client = create_app(nights, TOKEN).test_client()
    answer = client.get(f"/{token}/{address}", headers={"Accept-Language": PSEUDO})
    assert answer.status_code == 200 and f'lang="{PSEUDO}"' in answer.text
    assert outside(answer.text) == []


def test_the_browser_or_the_choice_says_the_language(tmp_path):
    client = create_app(tmp_path / "archive", TOKEN).test_client()

    def shown(asked):
        return client.get(f"/{TOKEN}/", headers={"Accept-Language": asked}).text

    assert '<html lang="de">' in shown("de-CH,en;q=0.5") and "Willkommen" in shown("de")
    assert '<html lang="en">' in shown("fr,en;q=0.5") and "Welcome" in shown("")
    back = client.get(f"/{TOKEN}/language/de?back=/{TOKEN}/about")
    assert back.status_code == 302 and back.location == f"/{TOKEN}/about"
    assert "Willkommen" in shown("en")
    away = client.get(f"/{TOKEN}/language/en?back=//elsewhere.example/")
    assert away.location == f"/{TOKEN}/"
    assert "Welcome" in shown("de") and texts.language() == "en"


# A template of attributes alone.
PENDING = {"fields.html"}


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("templates/*.html")), ids=lambda p: p.name)
def test_a_template_has_no_text_outside_the_catalogue(path):
    """Also what is shown seldom, so that no page of these tests has it."""
    if path.name in PENDING:
        return
    environment = jinja2.Environment(extensions=["jinja2.ext.i18n"])
    bare, within = "", False
    for _line, kind, value in environment.lex(path.read_text(encoding="utf-8")):
        if kind == "name" and value in ("trans", "endtrans"):
            within = value == "trans"
        if kind == "data" and not within:
            bare += value
        elif kind == "variable_begin":
            bare += OPEN
        elif kind == "variable_end":
            bare += CLOSE
    assert outside(bare) == []
