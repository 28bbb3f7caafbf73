"""What `make setup` fetches: locked by hash for every platform, and what a platform lacks said."""

import json
import re
import tomllib
from pathlib import Path

import left_out
import pytest
from packaging.requirements import Requirement

REPO = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "typings.lock")
PROJECT = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]


def locked(name: str) -> dict[str, list[tuple[Requirement, list[str]]]]:
    """Package -> its releases (one, or one a Python) with the hashes of their files."""
    found: dict[str, list[tuple[Requirement, list[str]]]] = {}
    text = (REPO / "host_tools" / name).read_text().replace("\\\n", " ")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            need, *hashes = line.split("--hash=")
            pinned = Requirement(need.strip())
            found.setdefault(pinned.name, []).append((pinned, hashes))
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_every_file_that_is_fetched_is_known_by_its_hash(name):
    found = locked(name)
    assert found
    for releases in found.values():
        for pinned, hashes in releases:
            assert re.fullmatch(r"==[^,*]+", str(pinned.specifier))
            assert hashes
            assert all(re.fullmatch(r"sha256:[0-9a-f]{64}\s*", digest) for digest in hashes)


@pytest.mark.parametrize("name", LOCKS)
def test_no_index_is_named(name):
    assert not re.search(r"://|--.*index|find-links", (REPO / "host_tools" / name).read_text())


def test_what_npm_fetches_is_known_by_its_hash_and_no_registry_is_named():
    lock = (REPO / "tests" / "pico" / "js" / "package-lock.json").read_text()
    packages = json.loads(lock)["packages"]
    wanted = packages.pop("")["dependencies"]
    assert {f"node_modules/{name}" for name in wanted} <= packages.keys()
    for package in packages.values():
        assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", package["integrity"])
        assert re.fullmatch(r"[0-9.]+", package["version"])
    assert "://" not in lock


def test_what_the_project_needs_is_what_is_locked():
    """`make lock` was run since the versions in pyproject.toml changed."""
    found = locked("requirements.lock")
    extras = PROJECT["optional-dependencies"].values()
    for text in (*PROJECT["dependencies"], *(need for extra in extras for need in extra)):
        need = Requirement(text)
        for pinned, _ in found[need.name]:
            assert need.specifier.contains(str(pinned.specifier)[2:]), text
    assert "setuptools" in found  # that builds our own


def test_what_there_is_for_no_such_computer_is_left_out_and_said(monkeypatch):
    needs = [
        'pyedflib==0.1.42; python_version < "3.0" and extra == "test"',
        'scikit-digital-health==0.17.18; platform_machine == "none" and extra == "cwa"',
        'odd==1; sys_platform == "none"',
        'pytest==9; extra == "test"',
        "numpy>=2",
    ]
    monkeypatch.setattr(left_out, "requires", lambda name: needs)
    said = left_out.left_out()
    assert [line.partition(": ")[2].partition(";")[0] for line in said] == [
        "odd",
        "pyedflib",
        "scikit-digital-health",
    ]
    assert "can't read .cwa files" in said[2]
    assert all("none for this computer" in line for line in said)
