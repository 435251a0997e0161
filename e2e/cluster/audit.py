"""What the API server saw: its audit log, read back as one entry per request."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

# No stage is left out: RequestReceived is written before a request is served, so whoever has
# an answer finds the request in the log, and can wait for its last stage.
POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: Metadata
"""

_FINAL_STAGES = frozenset({"ResponseComplete", "Panic"})


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One request: who asked for what, how far it got, and the status code once it has one.

    `namespace`, `name`, `resource`, `subresource` and `group` are empty where the request has
    none (`group` also for the core group). `stage` is the last stage logged: `ResponseComplete`
    for all but what is still served.
    """

    audit_id: str
    user_agent: str
    user: str
    verb: str
    group: str
    resource: str
    subresource: str
    namespace: str
    name: str
    uri: str
    stage: str
    code: int | None

    @property
    def finished(self) -> bool:
        """Whether the server is done with the request."""
        return self.stage in _FINAL_STAGES

    @property
    def streaming(self) -> bool:
        """Whether its answer has begun and goes on: a watch, or a log that is followed."""
        return self.stage == "ResponseStarted"


def read(log: Path, user_agent_prefix: str) -> list[AuditEntry]:
    """The requests of clients whose user agent starts with the prefix, in the order received."""
    entries: dict[str, AuditEntry] = {}
    needle = json.dumps(user_agent_prefix)[1:-1].encode()
    with log.open("rb") as lines:
        for line in lines:
            if needle not in line or not line.endswith(b"\n"):
                continue
            entry = _entry(json.loads(line))
            if entry.user_agent.startswith(user_agent_prefix):
                entries[entry.audit_id] = entry
    return list(entries.values())


def _entry(event: dict[str, Any]) -> AuditEntry:
    what = event.get("objectRef") or {}
    return AuditEntry(
        audit_id=event["auditID"],
        user_agent=event.get("userAgent", ""),
        user=event.get("user", {}).get("username", ""),
        verb=event["verb"],
        group=what.get("apiGroup", ""),
        resource=what.get("resource", ""),
        subresource=what.get("subresource", ""),
        namespace=what.get("namespace", ""),
        name=what.get("name", ""),
        uri=event["requestURI"],
        stage=event["stage"],
        code=(event.get("responseStatus") or {}).get("code"),
    )
