"""An explanation in a notebook's cell: the picture, then the tables. Nothing is fetched.

Every word that comes from the user's program is escaped.
"""

from __future__ import annotations

import html

from ..base.errors import MissingExtraError
from .both_sweeps import BothModes
from .graphviz_text import dot_source, render
from .pictures import picture_of_both_modes
from .tables import Row, Table, all_tables, closing, title

STYLE = """
.autodiff { font: 15px/1.5 system-ui, sans-serif; color: #1f2328; background: white; }
.autodiff h1 { font-size: 1.3em; margin: 0 0 .6em; overflow-wrap: anywhere; }
.autodiff h1 .values { font-weight: normal; white-space: pre-wrap; font-size: .8em; }
.autodiff h2 { font-size: 1.05em; margin: 1.6em 0 .4em; white-space: pre-line; }
.autodiff .picture { overflow-x: auto; padding: .4em 0; }
.autodiff .picture svg { height: auto; max-width: 100%; }
.autodiff .picture.long svg { max-width: none; }
.autodiff .rows { overflow-x: auto; }
.autodiff table { border-collapse: collapse; font: 13px ui-monospace, monospace; }
.autodiff td { padding: .15em 1em .15em 0; border: 0; text-align: left; white-space: nowrap; }
.autodiff td.value { text-align: left; font-variant-numeric: tabular-nums; }
.autodiff td.remark { color: #57606a; font-family: system-ui, sans-serif; }
.autodiff tr:nth-child(even) { background: #f6f8fa; }
.autodiff .program td.value { color: #1f2328; }
.autodiff .forward h2, .autodiff .forward td.value { color: #0f766e; }
.autodiff .reverse h2, .autodiff .reverse td.value { color: #b42318; }
.autodiff .closing { margin-top: 1.6em; font-weight: 600; white-space: pre-line; }
""".strip()
WIDE = 1400  # points: a wider picture is scrolled, not shrunk


def body(both: BothModes) -> str:
    """What a notebook shows."""
    heading, values = title(both)
    tables = "\n".join(map(section, all_tables(both)))
    return (
        f'<div class="autodiff">\n<style>\n{STYLE}\n</style>\n'
        f"<h1>{html.escape(heading)} "
        f'<span class="values">{html.escape(values)}</span></h1>\n'
        f"{picture(both)}\n{tables}\n"
        f'<p class="closing">{html.escape(closing(both).strip())}</p>\n</div>'
    )


def picture(both: BothModes) -> str:
    """The SVG in place, without the head that only a file of its own needs."""
    try:
        svg = render(dot_source(picture_of_both_modes(both)))
    except MissingExtraError as error:
        return f"<p>{html.escape(str(error))}</p>"
    drawing = svg[svg.index("<svg") :]
    width = float(drawing.partition('width="')[2].partition("pt")[0] or 0)
    label = html.escape(f"computational graph of {both.graph.name}", quote=True)
    return (
        f'<div class="picture{" long" if width > WIDE else ""}" role="img" aria-label="{label}">'
        f"{drawing}</div>"
    )


def section(table: Table) -> str:
    mode = table.heading.partition(" ")[0]
    rows = [
        f'<tr><td colspan="4">{html.escape(x)}</td></tr>' if isinstance(x, str) else row_html(x)
        for x in table.lines
    ]
    return (
        f'<section class="{mode}">\n<h2>{html.escape(table.heading)}</h2>\n'
        f'<div class="rows"><table>\n' + "\n".join(rows) + "\n</table></div>\n</section>"
    )


def row_html(row: Row) -> str:
    name, rule, value, remark = map(html.escape, row)
    return (
        f"<tr><td>{name}</td><td>= {rule}</td>"
        f'<td class="value">{value}</td><td class="remark">{remark}</td></tr>'
    )
