"""Makes README's picture from a real run.

``.venv/bin/python examples/picture.py``

Plays the first contact with its results on a terminal, and writes what a terminal
would show to ``examples/first-contact.svg``.
"""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

COLUMNS = 88
COMMAND = ["run", "first-contact"]
# As rich's own, without the font that it would fetch from elsewhere.
SVG = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<title>wexio-sandbox run first-contact</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "SFMono-Regular", "DejaVu Sans Mono", Menlo, Consolas, monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: arial, sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""


def played() -> str:
    """What the command writes on a terminal of `COLUMNS` columns."""
    ours, theirs = pty.openpty()
    environ = {**os.environ, "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    environ.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", *COMMAND], stdout=theirs, stderr=subprocess.DEVNULL, env=environ
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            said += (more := os.read(ours, 4096))
        except OSError:  # Linux's way to say that the other end is closed
            break
        if not more:
            break
    if process.wait():
        raise SystemExit(f"the run failed:\n{said.decode()}")
    return said.decode().replace("\r\n", "\n")


def main() -> None:
    """Write the picture."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi("$ wexio-sandbox " + " ".join(COMMAND) + "\n" + played()), soft_wrap=False)
    picture = console.export_svg(
        title="wexio-sandbox", theme=MONOKAI, code_format=SVG, unique_id="wexio", font_aspect_ratio=0.61
    )
    Path(__file__).with_name("first-contact.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
