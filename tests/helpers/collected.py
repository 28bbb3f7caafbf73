"""The texts of the source, for the catalogue.

Run (`make texts`) it brings each languages/*.po up to them: what is new comes in without a
translation, what is gone goes.
"""

import ast
import io
import json
from collections.abc import Iterator
from typing import NamedTuple

from anklet import texts
from anklet.archive import journalkeys
from anklet.report import about
from jinja2.ext import babel_extract
from places import REPO

SOURCE = REPO / "host_tools" / "anklet"
LANGUAGES = SOURCE / "languages"
HEAD = """\
# The texts of the pages in {name}; host_tools/README.md says how to add one.
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""


class Text(NamedTuple):
    """A text of the source; many: its plural, if it has one. where: file and line."""

    one: str
    many: str
    where: str


def collected() -> Iterator[Text]:
    """Each text that the source gives to the catalogue, as often as it does."""
    for path in sorted(SOURCE.rglob("*.py")):
        where = path.relative_to(REPO)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield from _of_call(node, node.func.id, f"{where}:{node.lineno}")
    for path in sorted(SOURCE.rglob("templates/*.html")):
        options = {"trimmed": "true", "silent": "false"}
        found = babel_extract(
            io.BytesIO(path.read_bytes()), ("_", "gettext", "n_", "ngettext"), (), options
        )
        for line, _function, text, _comments in found:
            one, many, *_rest = (*text, "") if isinstance(text, tuple) else (text, "")
            if one:  # else a variable's, which is marked where it is written
                yield Text(one, many or "", f"{path.relative_to(REPO)}:{line}")
    for text in (*about.pieces(), *journalkeys.texts()):  # what is data, not called in the source
        yield Text(text, "", "about.html or journalkeys.py")


def _of_call(node: ast.Call, function: str, where: str) -> Iterator[Text]:
    count = {"_": 1, "N_": 1, "n_": 2}.get(function)
    if count is None:
        return
    given = node.args[:count]
    plain = [a.value for a in given if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    if len(plain) == count:
        yield Text(plain[0], plain[1] if count == 2 else "", where)
    else:
        assert not any(isinstance(a, ast.JoinedStr) for a in given), f"{where}: an f-string"


def update(language: str) -> str:
    """Bring a language's catalogue up to the source; what there is to say of it."""
    path = LANGUAGES / f"{language}.po"
    known = texts.read(path.read_text(encoding="utf-8")) if path.exists() else {}
    entries = {}
    for text in collected():
        one, *more = known.get(text.one, [""])
        lines = [f"msgid {_quoted(text.one)}"]
        if text.many:
            many = more[0] if more else ""
            lines += [f"msgid_plural {_quoted(text.many)}"]
            lines += [f"msgstr[0] {_quoted(one)}", f"msgstr[1] {_quoted(many)}"]
        else:
            lines.append(f"msgstr {_quoted(one)}")
        entries[text.one] = "\n".join(lines)
    empty = sum(entry.endswith('""') for entry in entries.values())
    head = HEAD.format(language=language, name=texts.LANGUAGES[language])
    path.write_text(head + "\n\n".join(entries[each] for each in sorted(entries)) + "\n", "utf-8")
    return f"{path.relative_to(REPO)}: {len(entries)} texts, {empty} of them without a translation"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


if __name__ == "__main__":
    for name in texts.LANGUAGES:
        if name != texts.SOURCE:
            print(update(name))
