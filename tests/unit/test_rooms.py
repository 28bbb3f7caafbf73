"""The rooms of host_tools/anklet: imports run one way, none in a circle; the picture is true."""

import ast
import functools
import re
import tomllib
from pathlib import Path

import pytest
from places import REPO

SOURCE = REPO / "host_tools" / "anklet"
GROUND = "ground"  # the modules beside the rooms that everybody may use
TOP = {
    "errors": GROUND,
    "progress": GROUND,
    "device": GROUND,
    "ending": GROUND,
    "texts": GROUND,
    "__init__": GROUND,
    "__main__": "cli",
    "cli": "cli",
}
ROW = re.compile(r"^\| `?(\w+)/?`? \| .* \|(.*)\|$", re.MULTILINE)


def modules(source=SOURCE):
    """Each module's file, by its dotted name below anklet; a package's is that of its folder."""
    found = {}
    for path in source.rglob("*.py"):
        parts = path.relative_to(source).with_suffix("").parts
        found[".".join(parts if parts[-1] != "__init__" else parts[:-1]) or "__init__"] = path
    return found


def imports(path, known):
    """The modules among `known` that a file imports: anywhere in it, types included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            if name.startswith("anklet."):
                inner = name.removeprefix("anklet.")
                if inner not in known:
                    inner = inner.rpartition(".")[0] or "__init__"
                assert inner in known, f"{path}: {name}"
                yield inner


@functools.cache
def graph(source=SOURCE):
    known = modules(source)
    return {name: set(imports(path, known)) - {name} for name, path in known.items()}


def room(module):
    return TOP.get(module) or module.partition(".")[0]


def arrows(found):
    """Of each room, the other rooms that it imports."""
    known = {room(module): set() for module in found}
    for module, imported in found.items():
        known[room(module)] |= {room(other) for other in imported} - {room(module)}
    return known


def circle(found):
    """Modules that import each other in a circle; [] if none do."""
    done, path = set(), []

    def visit(module):
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        path.append(module)
        ring = next((ring for other in sorted(found[module]) if (ring := visit(other))), [])
        path.pop()
        done.add(module)
        return ring

    return next((ring for module in sorted(found) if (ring := visit(module))), [])


def upward(found, order):
    """The imports of a room that stands behind the importing one in `order`."""
    return [
        f"{module} imports {other}"
        for module, imported in sorted(found.items())
        for other in sorted(imported)
        if order.index(room(other)) > order.index(room(module))
    ]


def picture():
    """The table of rooms in host_tools/README.md: each with those that it imports, in order."""
    text = (REPO / "host_tools" / "README.md").read_text(encoding="utf-8")
    table = text[text.index("| room |") :].partition("\n\n")[0]
    return {name: set(re.findall(r"\w+", of)) for name, of in ROW.findall(table) if name != "room"}


def test_imports_run_one_way():
    assert upward(graph(), list(picture())) == []


def test_no_file_imports_another_in_a_circle():
    assert circle(graph()) == []


def test_the_picture_of_the_rooms_is_true():
    assert picture() == arrows(graph())


@pytest.mark.parametrize("line", ["from anklet.report import words", "import anklet.report.words"])
@pytest.mark.parametrize("where", ["", "def f():\n    ", "if TYPE_CHECKING:\n    "])
def test_an_upward_import_would_be_found(tmp_path, line, where):
    for name in ("night/clock.py", "report/words.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "night" / "clock.py").write_text(where + line)
    found = graph(tmp_path)
    assert upward(found, ["night", "report"]) == ["night.clock imports report.words"]
    assert upward(found, ["report", "night"]) == []


def test_a_circle_would_be_found():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]


def test_each_room_says_what_it_is_for():
    for path in SOURCE.rglob("__init__.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


def test_each_room_is_installed():
    project = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["setuptools"]["packages"]
    folders = {path.parent.relative_to(SOURCE.parent) for path in SOURCE.rglob("__init__.py")}
    assert {Path(name.replace(".", "/")) for name in packages if "_device" not in name} == folders


def test_the_readme_names_each_module_that_lies_flat_in_the_firmware():
    text = (REPO / "host_tools" / "README.md").read_text(encoding="utf-8")
    lines = text[text.index("The firmware's modules lie flat") :].partition("\n\n")[0]
    there = {path.name for path in (REPO / "firmware").glob("*.py")}
    assert set(re.findall(r"`(\w+\.py)`", lines)) == there


def test_the_way_of_a_byte_in_the_handbook_passes_what_is_there():
    text = (REPO / "host_tools" / "README.md").read_text(encoding="utf-8")
    steps = re.findall(r"^\d+\. .*$", text[text.index("Where a byte") :], re.MULTILINE)
    assert len(steps) == 10
    for step in steps:
        named = re.findall(r"`([\w/]+\.py)` `(\w+)`", step)
        assert named, step
        for file, name in named:
            path = next(p for p in (REPO / file, SOURCE / file) if p.is_file())
            tree = ast.parse(path.read_text(encoding="utf-8"))
            there = [
                n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)
            ]
            assert name in there, step
