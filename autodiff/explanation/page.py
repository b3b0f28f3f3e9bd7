"""The page that walks both sweeps: one file with everything in it, which fetches nothing.

What comes from the user's program travels as JSON, of which the scripts make texts, never markup; a
policy in the page's head lets these scripts run and no other, and lets nothing be fetched.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from importlib import resources
from typing import Any

from .both_sweeps import BothModes
from .page_data import PageData
from .tables import tables, title

SCRIPTS = ("page_rows.js", "page_picture.js", "page.js")
BODY = """
<header><h1>{heading}</h1><p id="at" class="at">{at}</p></header>
<div class="bar" role="toolbar" aria-label="time">
<button id="play" type="button">Play</button>
<button id="first" type="button" aria-label="first step">|◀</button>
<button id="back" type="button" aria-label="one step back">◀</button>
<input id="time" type="range" min="0" value="0" step="1" aria-label="time"/>
<button id="on" type="button" aria-label="one step on">▶</button>
<button id="last" type="button" aria-label="last step">▶|</button>
<span id="count"></span>
<label>sweep <select id="sweeps"><option value="all">all</option></select></label>
<label><input id="quiz" type="checkbox"/> quiz</label>
<label><input id="heat" type="checkbox"/> heat</label>
<button id="smaller" type="button" aria-label="smaller picture">−</button>
<button id="fit" type="button">fit</button>
<button id="larger" type="button" aria-label="larger picture">+</button>
<button id="unfold" type="button">fold / unfold</button>
<button id="save" type="button">this step (SVG)</button>
<button id="save-all" type="button">all steps (SVG)</button>
</div>
<p id="now" class="now" aria-live="polite"></p>
<main class="columns">
<div>
<div class="frame"><svg id="picture" role="group" aria-label="computational graph"></svg></div>
<div id="jacobian"></div>
<div id="tables"></div>
<p id="closing" class="note">{closing}</p>
</div>
<div class="side">
<section><h2>Inputs</h2><div id="inputs"></div>
<div id="nudge" hidden><label>nudge <select id="which"></select></label>
<label>by <input id="h" type="number" step="any" value="0.01"/></label>
<p id="nudged" class="note"></p></div></section>
<section class="pin"><h2 id="pin-head"></h2>
<div class="scroll"><math id="pin-math" display="block"></math></div>
<div id="pin-text"></div></section>
<section id="code"><h2>Source</h2><pre id="source"></pre></section>
</div>
</main>
<noscript><pre>{tables}</pre></noscript>
""".strip()


def page(both: BothModes, reason: str = "") -> str:
    """A whole page; `reason` says why its inputs may not be edited, if so."""
    found = PageData(both, reason).found()
    style = read("page.css").strip()
    script = "\n".join(map(read, SCRIPTS)).strip()
    policy = f"default-src 'none'; script-src {digest(script)}; style-src 'unsafe-inline'"
    heading, values = title(both)
    texts = {
        "heading": heading.removesuffix(" at"),
        "at": values.strip(),
        "closing": found["closing"],
        "tables": tables(both),
    }
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{html.escape(texts['heading'])}</title>\n<style>\n{style}\n</style>\n</head>",
            "<body>",
            BODY.format_map({key: html.escape(text) for key, text in texts.items()}),
            f'<script type="application/json" id="autodiff-data">{inert(found)}</script>',
            f"<script>{script}</script>\n</body>\n</html>\n",
        ]
    )


def read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def digest(script: str) -> str:
    """How a policy names a script: by its contents."""
    found = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(found).decode()}'"


def inert(data: Any) -> str:
    """JSON in which nothing ends a script element, and every character is ASCII."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
