"""`schema`: the JSON schemas, for editors and for receivers."""

from __future__ import annotations

import click
