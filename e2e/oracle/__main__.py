"""`python -m e2e.oracle`: random clusters, the real controllers, and what kubesvc predicts of them.

Progress goes to standard error, the result to standard output. The exit status is 0, 1 where something
disagreed (then each plan that failed was made small and written to a folder that is named), 2 for an error.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from e2e.cluster import ClusterError
from e2e.cluster.parts import DEFAULT_KUBERNETES, kubernetes_part
from e2e.oracle import cases, plan
from e2e.oracle.generate import generate
from e2e.oracle.plan import Plan
from e2e.oracle.record import Recorder
from e2e.oracle.run import Result
from e2e.oracle.session import Session, session
from e2e.oracle.subject import Settled

_SEEDS: Final = 1_000_000
"""Each cluster's seed is the run's seed times this, plus its number."""
_SHRUNK: Final = 3
"""So many plans that failed are made small."""
_EVERY: Final = 50


@dataclass(slots=True)
class Report:
    """What a run found."""

    seed: int
    server: str = ""
    seconds: float = 0.0
    results: list[Result] = field(default_factory=list[Result])

    @property
    def failed(self) -> list[Result]:
        """The results that disagree, in the order of their seeds."""
        return sorted((one for one in self.results if one.wrong), key=lambda one: one.plan.seed)

    @property
    def services(self) -> int:
        """How often a settled Service was compared."""
        return sum(one.services for one in self.results)

    def table(self) -> str:
        """Write it for people."""
        rows = {
            "server": self.server,
            "seed": self.seed,
            "clusters": len(self.results),
            "of them with all Nodes their own": sum(one.plan.exclusive for one in self.results),
            "rounds settled": sum(one.rounds for one in self.results),
            "Services compared": self.services,
            "as of their last sync, by design": sum(one.unsynced for one in self.results),
            "requests refused": sum(one.refused.total() for one in self.results),
            "seconds": f"{self.seconds:.0f}",
            "clusters a second": f"{len(self.results) / max(self.seconds, 0.001):.1f}",
            "clusters that disagree": len(self.failed),
        }
        return "\n".join(f"{name:<34} {value}" for name, value in rows.items())


def plans(seed: int, clusters: int) -> list[Plan]:
    """Return the plans of a run."""
    return [generate(seed * _SEEDS + number) for number in range(clusters)]


def run(
    kubernetes: str, seed: int, wanted: Sequence[Plan], failures: Path, recorder: Recorder | None
) -> Report:
    """Carry plans out, make small what fails, and write it to `failures`."""

    def keep(one: Plan, number: int, server: str, settled: Settled) -> None:
        if recorder is not None:
            recorder.take(cases.Case(one.seed, number, server, settled))

    report = Report(seed)
    with session(kubernetes) as opened:
        report.server = opened.shared.version
        started = time.monotonic()
        for result in opened.run(wanted, keep):
            report.results.append(result)
            if result.wrong:
                _say(f"plan {result.plan.seed} disagrees in round {result.round}: {result.wrong[0]}")
            elif len(report.results) % _EVERY == 0:
                _say(f"{len(report.results)} of {len(wanted)} clusters")
        report.seconds = time.monotonic() - started
        for number, result in enumerate(report.failed):
            write(failures, _small(opened, result) if number < _SHRUNK else result, report.server)
    return report


def _small(opened: Session, result: Result) -> Result:
    _say(f"making plan {result.plan.seed} small")
    return opened.shrunk(result)


def write(folder: Path, result: Result, server: str) -> None:
    """Write a plan that failed, what the cluster then held, and what disagreed."""
    folder.mkdir(parents=True, exist_ok=True)
    seed = result.plan.seed
    (folder / f"{seed}.plan.json").write_bytes(plan.dump(result.plan))
    if result.settled is not None:
        case = cases.Case(seed, result.round, server, result.settled)
        (folder / f"{seed}.case.json").write_bytes(cases.dump(case))
    text = [str(result.plan), "", f"in round {result.round}:", *result.wrong, ""]
    (folder / f"{seed}.txt").write_text("\n".join(text), encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the oracle; returns the exit status."""
    arguments = _parser().parse_args(argv)
    recorder = Recorder() if arguments.record else None
    if arguments.plan:
        wanted = [plan.load(arguments.plan.read_bytes())]
    elif arguments.only is not None:
        wanted = [generate(arguments.only)]
    else:
        wanted = plans(arguments.seed, arguments.clusters)
    failures = arguments.failures or Path(tempfile.mkdtemp(prefix="kubesvc-oracle-"))
    try:
        kubernetes = kubernetes_part(arguments.kubernetes) if arguments.kubernetes else DEFAULT_KUBERNETES
        report = run(kubernetes, arguments.seed, wanted, failures, recorder)
    except ClusterError as error:
        _say(str(error))
        return 2
    _say_refused(report)
    print(report.table())
    if report.failed:
        print(f"plans that disagree are in {failures}")
        return 1
    if recorder is not None:
        missing = recorder.write(arguments.record)
        print(f"recorded in {arguments.record}; not shown: {', '.join(sorted(missing)) or 'nothing'}")
        return 1 if missing else 0
    return 0


def _say_refused(report: Report) -> None:
    refused: Counter[str] = Counter()
    for result in report.results:
        refused += result.refused
    for text, count in refused.most_common(5):
        _say(f"refused {count} times: {text}")


def _say(line: str) -> None:
    print(f"oracle: {line}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m e2e.oracle", description=__doc__)
    parser.add_argument("--clusters", type=int, default=150, metavar="N", help="how many (default 150)")
    parser.add_argument("--seed", type=int, default=1, help="of the run (default 1)")
    parser.add_argument(
        "--kubernetes", default="", metavar="MINOR", help="such as 1.34 (default: the newest)"
    )
    parser.add_argument("--only", type=int, metavar="SEED", help="one cluster, by the seed of its own")
    parser.add_argument("--plan", type=Path, metavar="FILE", help="one cluster, as a failure was written")
    parser.add_argument("--record", type=Path, metavar="DIR", help="write the most telling settled clusters")
    parser.add_argument("--failures", type=Path, metavar="DIR", help="where to write plans that disagree")
    return parser


if __name__ == "__main__":
    sys.exit(main())
