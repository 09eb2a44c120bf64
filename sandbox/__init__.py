"""The Wexio that you can run: realistic, signed `chat.created` webhooks with their retries.

The public names; importing this package alone loads nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.core.diagnosis import Cause as Cause
    from sandbox.core.diagnosis import Diagnosis as Diagnosis
    from sandbox.core.diagnosis import explain_signature as explain_signature
    from sandbox.core.entries import Verdict as Verdict
    from sandbox.core.errors import SandboxError as SandboxError
    from sandbox.core.errors import ScenarioError as ScenarioError
    from sandbox.core.errors import SettleTimeout as SettleTimeout
    from sandbox.core.errors import UsageError as UsageError
    from sandbox.core.faults import Fault as Fault
    from sandbox.core.ledger import Delivery as Delivery
    from sandbox.core.model import Basic as Basic
    from sandbox.core.model import Bearer as Bearer
    from sandbox.core.model import Connection as Connection
    from sandbox.core.model import Event as Event
    from sandbox.core.model import Hmac as Hmac
    from sandbox.core.model import NoAuth as NoAuth
    from sandbox.core.model import Response as Response
    from sandbox.core.model import Status as Status
    from sandbox.core.model import TransportError as TransportError
    from sandbox.core.profile import Profile as Profile
    from sandbox.core.retry import Backoff as Backoff
    from sandbox.core.retry import RetryPolicy as RetryPolicy
    from sandbox.core.scenario import Scenario as Scenario
    from sandbox.engine import Sandbox as Sandbox
    from sandbox.files import load_scenario as load_scenario
    from sandbox.requests import WebhookRequest as WebhookRequest
    from sandbox.requests import build_request as build_request

__version__ = "0.1.0"

_HOME = {
    "Backoff": "core.retry",
    "Basic": "core.model",
    "Bearer": "core.model",
    "Cause": "core.diagnosis",
    "Connection": "core.model",
    "Delivery": "core.ledger",
    "Diagnosis": "core.diagnosis",
    "Event": "core.model",
    "Fault": "core.faults",
    "Hmac": "core.model",
    "NoAuth": "core.model",
    "Profile": "core.profile",
    "Response": "core.model",
    "RetryPolicy": "core.retry",
    "Sandbox": "engine",
    "SandboxError": "core.errors",
    "Scenario": "core.scenario",
    "ScenarioError": "core.errors",
    "SettleTimeout": "core.errors",
    "Status": "core.model",
    "TransportError": "core.model",
    "UsageError": "core.errors",
    "Verdict": "core.entries",
    "WebhookRequest": "requests",
    "build_request": "requests",
    "explain_signature": "core.diagnosis",
    "load_scenario": "files",
}

__all__ = [*_HOME, "__version__"]  # noqa: PLE0604 - names only


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
