"""The pages for people: short where they begin, and every link and drawing is there."""

import re
from xml.etree import ElementTree

import pytest
from places import REPO

PAGES = ("README.md", "boards/README.md", "host_tools/README.md", "tests/README.md")
DRAWINGS = sorted((REPO / "boards" / "drawings").glob("*.svg"))


def anchors(text):
    """The names that a page's headings have as targets."""
    heads = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head).lower().replace(" ", "-") for head in heads}


def test_the_readme_takes_three_minutes():
    assert len((REPO / "README.md").read_text(encoding="utf-8").split()) <= 600


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name):
    page = REPO / name
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file.read_text(encoding="utf-8")), target


@pytest.mark.parametrize("file", DRAWINGS, ids=lambda file: file.name)
def test_a_drawing_is_a_picture_with_a_title(file):
    root = ElementTree.parse(file).getroot()
    assert root.tag.endswith("svg")
    assert root.findtext("{http://www.w3.org/2000/svg}title")


def test_there_are_three_drawings():
    assert [file.stem for file in DRAWINGS] == ["cable", "shin", "wiring"]
