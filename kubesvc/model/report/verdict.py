"""How a Service fares, how sure a finding is, and what it does to traffic."""

from enum import IntEnum, StrEnum

from msgspec import Struct


class Verdict(IntEnum):
    """How a Service or port fares, best to worst; UNKNOWN stands apart: what decides could not be read."""

    HEALTHY = 0
    IDLE = 1
    PROGRESSING = 2
    DEGRADED = 3
    BROKEN = 4
    UNKNOWN = -1

    @property
    def word(self) -> str:
        """Lower case, as printed."""
        return self.name.lower()


class Confidence(StrEnum):
    """PROOF follows from API objects; with LIKELY an alternative exists and is named."""

    PROOF = "proof"
    LIKELY = "likely"


class Effect(StrEnum):
    """What a finding does to traffic; ADVICE does nothing."""

    ADVICE = "advice"
    IDLE = "idle"
    PROGRESSING = "progressing"
    DEGRADED = "degraded"
    BROKEN = "broken"


class PortVerdict(Struct, frozen=True):
    """A Service port: how many endpoints of how many that should serve are used by traffic."""

    key: str
    verdict: Verdict
    usable: int
    expected: int
