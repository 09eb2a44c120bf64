"""``/metrics``: the numbers for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from sandbox.core.model import Status
from sandbox.web.oldest import oldest_pending
from sandbox.web.routes import Call, Route, Text
from sandbox.web.tally import Tally
from sandbox.workspace import Workspace

_MEDIA_TYPE = "text/plain"
_VERSION = "0.0.4"


class State(Collector):
    """How things stand at the moment in which they are asked for."""

    def __init__(self, workspace: Workspace, tally: Tally) -> None:
        self._workspace, self._tally = workspace, tally

    def collect(self) -> Iterator[Metric]:
        """Deliveries, what is pending, the writer, runs and streams."""
        workspace = self._workspace
        counts = workspace.counts()
        deliveries = GaugeMetricFamily("wexio_sandbox_deliveries", "Deliveries there are.", labels=["status"])
        for status in Status:
            deliveries.add_metric([str(status)], counts[status])
        yield deliveries
        yield _gauge("pending", "Deliveries that have not settled.", counts[Status.PENDING])
        oldest = oldest_pending(workspace)
        yield _gauge(
            "oldest_pending_seconds",
            "How long the oldest of them has been pending, on its own clock.",
            0.0 if oldest is None else oldest.seconds,
        )
        yield _gauge("writer_lag_entries", "Journal entries that are not on disk yet.", workspace.journal.lag)
        runs = GaugeMetricFamily("wexio_sandbox_runs", "Runs there are.", labels=["status"])
        statuses = [run.status for run in workspace.runs()]
        for name in ("playing", "paused", "finished", "stopped", "interrupted", "failed"):
            runs.add_metric([name], sum(status == name for status in statuses))
        yield runs
        yield _gauge("streams", "Live streams that are open.", self._tally.streams)

    def describe(self) -> Iterator[Metric]:
        """Nothing: asking what there is would ask for everything."""
        yield from ()


def _gauge(name: str, says: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"wexio_sandbox_{name}", says, value=value)


def register(registry: CollectorRegistry, workspace: Workspace, tally: Tally) -> None:
    """Let *registry* show the state too."""
    registry.register(State(workspace, tally))


async def metrics(call: Call) -> web.StreamResponse:
    return web.Response(
        body=generate_latest(call.tally.registry),
        headers={"Content-Type": f"{_MEDIA_TYPE}; version={_VERSION}; charset=utf-8"},
    )


ROUTES = (
    Route(
        method="GET",
        path="/metrics",
        handler=metrics,
        tag="Operation",
        summary="The numbers for Prometheus",
        answers={
            200: Text(
                media_type=_MEDIA_TYPE,
                says="Prometheus' text format.",
                example='wexio_sandbox_deliveries{status="SUCCESS"} 22.0\n',
            )
        },
    ),
)
