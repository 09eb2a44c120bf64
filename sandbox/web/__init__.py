"""The server's web: control API, live stream, metrics, pages.

It decides nothing about events: it reads strangers' requests strictly, asks the
workspace, and shows what it says.  `make_app` gives the application, `listening` puts
it on a port.
"""

from __future__ import annotations

from sandbox.web.app import make_app
from sandbox.web.options import Options
from sandbox.web.server import listening

__all__ = ["Options", "listening", "make_app"]
