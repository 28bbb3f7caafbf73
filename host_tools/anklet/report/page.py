"""The page around the charts: style, script, and the policy that lets nothing else in."""

from base64 import b64encode
from hashlib import sha256
from html import escape
from importlib.resources import files

from anklet.report import about
from anklet.report.svg import symbols
from anklet.texts import N_, _, language

FOOTER = N_(
    "Made by Anklet, an open bedside monitor for periodic leg movements. It measures; it does not"
    " diagnose. Restless legs syndrome is diagnosed by talking with a doctor, and neither it nor"
    " periodic limb movement disorder can be found or ruled out with this page."
)


def document(title: str, body: str, nav: str = "") -> str:
    """A whole page, which needs nothing else. body, nav: HTML, what comes from outside escaped."""
    css, script = _read("page.css", "charts.css"), _read("ticks.js", "charts.js", "page.js")
    # Only our script may run, and nothing may be fetched.
    policy = (
        f"default-src 'none'; script-src 'sha256-{_hash(script)}'; style-src 'unsafe-inline';"
        " img-src data:; base-uri 'none'; form-action 'none'"
    )
    return f"""<!doctype html>
<html lang="{language()}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>{escape(title)} - Anklet</title>
<style>{css}</style>
<noscript><style>.scripted {{ display: none; }}</style></noscript>
</head>
<body>
{symbols()}
{nav}
<main>
{body}
<section class="card screen">
<details>
<summary>{_(about.TITLE)}</summary>
<div class="prose">
{about.html()}
</div>
</details>
</section>
<footer>
<p>{_(FOOTER)}</p>
</footer>
</main>
<script>{script}</script>
</body>
</html>
"""


def _read(*names: str) -> str:
    return "".join(
        files("anklet.report").joinpath(name).read_text(encoding="utf-8") for name in names
    )


def _hash(script: str) -> str:
    return b64encode(sha256(script.encode()).digest()).decode()
