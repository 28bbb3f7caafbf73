"""The page around the charts: style, scripts, and the policy that lets nothing else in."""

import json
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any

from plotly.offline import get_plotlyjs

from anklet.report import about


def document(
    title: str, body: str, charts: Mapping[str, Any], nav: str = "", plotly: str = ""
) -> str:
    """A whole page. body, nav: HTML, what comes from outside escaped; charts: figures by the name
    that markup.chart was given; without any, Plotly stays out. plotly: its address on the server
    that shows the page; without one it is in the page, which then needs nothing else (5 MB)."""
    here = files("anklet.report")
    css = here.joinpath("page.css").read_text(encoding="utf-8")
    # "<" can't stand in a script, else a text could end it.
    data = json.dumps(charts, separators=(",", ":")).replace("<", "\\u003c")
    scripts = [here.joinpath("page.js").read_text(encoding="utf-8")]
    if charts and not plotly:
        scripts.insert(0, get_plotlyjs())
    fetched = f'<script src="{escape(plotly)}"></script>' if charts and plotly else ""
    # Only our scripts may run, and nothing may be fetched.
    own = "'self' " if fetched else ""
    hashes = own + " ".join(f"'sha256-{_hash(script)}'" for script in scripts)
    policy = (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline';"
        " img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>{escape(title)} - Anklet</title>
<style>{css}</style>
</head>
<body>
{nav}
<main>
{body}
<section class="card screen">
<details>
<summary>{about.TITLE}</summary>
<div class="prose">
{about.html()}
</div>
</details>
</section>
<footer>
<p>Made by Anklet, an open bedside monitor for periodic leg movements. It measures; it does not
diagnose. Restless legs syndrome is diagnosed by talking with a doctor, and neither it nor periodic
limb movement disorder can be found or ruled out with this page.</p>
</footer>
</main>
<script type="application/json" id="figures">{data}</script>
{fetched}{"".join(f"<script>{script}</script>" for script in scripts)}
</body>
</html>
"""


def _hash(script: str) -> str:
    return b64encode(sha256(script.encode()).digest()).decode()
