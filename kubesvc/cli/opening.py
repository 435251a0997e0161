"""Options → where answers come from, and what is asked of it."""

import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from kubesvc.cli import arguments, changes
from kubesvc.cli.options import Cluster, Debug, Origin, Scope
from kubesvc.cli.streams import tell
from kubesvc.client.source import FileSource, Source
from kubesvc.errors import UsageError
from kubesvc.model.objects import Ref
from kubesvc.model.query import Query
from kubesvc.model.read import GapReason, Portion, Read
from kubesvc.model.snapshot import Snapshot

if TYPE_CHECKING:
    from kubesvc.client.cluster import Observer
    from kubesvc.client.target import Options

_SHOWN: Final = 5


class Opened(NamedTuple):
    """A question, and what can answer it."""

    query: Query
    source: Source


@contextmanager
def opened(
    words: Sequence[str], scope: Scope, origin: Origin, cluster: Cluster, debug: Debug
) -> Generator[Opened, None, None]:
    """Open a cluster or a file for what is named, and close it; nothing is sent yet.

    Raises:
        KubesvcError: The options make no sense, or say nothing that can be opened.
    """
    names, others = arguments.named(words)
    labels = arguments.labels(scope.selector)
    if words and labels:
        raise UsageError("name cannot be provided when a selector is specified")
    if words and scope.all_namespaces:
        raise UsageError("a resource cannot be retrieved by name across all namespaces")
    if scope.why and scope.all_namespaces:
        raise UsageError("--why names a pod of one namespace", "Choose the namespace with -n.")
    for option, given in (("--why", scope.why), ("--set", scope.changes)):
        if given and others and not names:
            raise UsageError(f"{option} asks about a Service", "Name one beside the others, as svc/web.")
    if scope.namespace:
        arguments.path_segment(scope.namespace, "namespace")
    asked = Query(
        scope.namespace,
        names,
        labels,
        all_namespaces=scope.all_namespaces,
        flags=cluster.typed(),
        why=arguments.pod_names(scope.why),
        changes=changes.changes(scope.changes),
        others=others,
    )
    if origin.snapshot:
        yield _about_one(_file(asked, origin))
    elif origin.complete:
        raise UsageError("--complete is about a file: it needs --snapshot")
    else:
        with _cluster(asked, origin, cluster, debug) as found:
            yield _about_one(found)


def _about_one(opened: Opened) -> Opened:
    """Refuse to imagine one change of several Services: what they have in common is not known."""
    query = opened.query
    if query.changes and (len(query.names) > 1 or query.labels or query.all_namespaces):
        raise UsageError("--set changes one Service, so name one")
    return opened


def _file(asked: Query, origin: Origin) -> Opened:
    from msgspec.structs import replace

    from kubesvc.cli import saved

    at = arguments.moment(origin.at)
    snapshot = saved.read(origin.snapshot, complete=origin.complete)
    if at:
        snapshot = replace(snapshot, taken_at=at)
    return Opened(within(asked, snapshot), FileSource(snapshot))


def within(asked: Query, snapshot: Snapshot) -> Query:
    """Complete a question by what a file was captured for; a plain file is about all Services that it holds.

    Raises:
        UsageError: That is in several namespaces, and none was chosen.
    """
    from msgspec.structs import replace

    if asked.all_namespaces:
        return asked
    reads = _asked_for(snapshot)
    lists = [read for read in reads if not read.name]
    if asked.others and not asked.names:
        return replace(
            asked, namespace=asked.namespace or _only_namespace(_held(asked.others, snapshot), "such objects")
        )
    if lists and not asked.namespace and not asked.names:
        return replace(
            asked,
            namespace=lists[0].namespace,
            labels=asked.labels or lists[0].labels,
            all_namespaces=not lists[0].namespace,
        )
    subjects = _subjects(snapshot, reads)
    if asked.names:
        subjects = {ref for ref in subjects if ref.name in asked.names}
    namespace = asked.namespace or _only_namespace(subjects)
    names = asked.names
    if not names and not asked.labels:
        names = tuple(sorted(ref.name for ref in subjects if ref.namespace == namespace))
    return replace(asked, namespace=namespace, names=names)


def _asked_for(snapshot: Snapshot) -> list[Read]:
    """Return the reads that a file was captured for; a wider one beside them is what --complete claims."""
    whole = [read for read in snapshot.covered if read.kind == "Service" and read.part is Portion.WHOLE]
    return [read for read in whole if not any(other != read and read.contains(other) for other in whole)]


def _subjects(snapshot: Snapshot, reads: Sequence[Read]) -> set[Ref]:
    found = {
        ref
        for ref, obj in snapshot.objects.items()
        if ref.kind == "Service" and any(read.matches(obj) for read in reads)
    }
    unreadable = (gap.read for gap in snapshot.gaps if gap.reason is GapReason.UNREADABLE)
    return found | {read.ref for read in unreadable if read.ref and read.ref.kind == "Service"}


def _held(others: Sequence[Ref], snapshot: Snapshot) -> set[Ref]:
    wanted = {(ref.kind, ref.name) for ref in others}
    return {ref for ref in snapshot.objects if (ref.kind, ref.name) in wanted}


def _only_namespace(subjects: set[Ref], what: str = "Services") -> str:
    namespaces = sorted({ref.namespace for ref in subjects})
    if len(namespaces) > 1:
        raise UsageError(
            f"the file has {what} of {len(namespaces)} namespaces, so choose one",
            f"They are in {', '.join(namespaces[:_SHOWN])}: add -n {namespaces[0]}.",
        )
    return namespaces[0] if namespaces else "default"


@contextmanager
def _cluster(asked: Query, origin: Origin, cluster: Cluster, debug: Debug) -> Generator[Opened, None, None]:
    import os
    from pathlib import Path

    from msgspec.structs import replace

    from kubesvc.client.cluster import ClusterSource
    from kubesvc.client.connection import Connection
    from kubesvc.client.duration import LONGEST, parse_duration
    from kubesvc.client.kubeconfig import resolve

    start = time.monotonic()
    at = arguments.moment(origin.at)
    seconds = parse_duration(origin.timeout, "--timeout") or LONGEST
    target = resolve(_options(cluster, asked.namespace), os.environ, Path.home())
    query = replace(asked, namespace=arguments.path_segment(target.namespace, "namespace"))
    with Connection(target) as connection, _observed(target.context or target.server, debug) as observer:
        if connection.warning:
            tell("warning", connection.warning)
        source = ClusterSource(
            connection,
            deadline=start + seconds,
            named=len(query.names) + len(query.others),
            at=at,
            observer=observer,
        )
        yield Opened(query, source)


def _options(cluster: Cluster, namespace: str) -> "Options":
    from kubesvc.client.target import Options

    return Options(
        kubeconfig=cluster.kubeconfig,
        context=cluster.context,
        cluster=cluster.cluster,
        user=cluster.user,
        namespace=namespace,
        server=cluster.server,
        token=cluster.token,
        username=cluster.username,
        password=cluster.password,
        certificate_authority=cluster.certificate_authority,
        client_certificate=cluster.client_certificate,
        client_key=cluster.client_key,
        insecure_skip_tls_verify=cluster.insecure_skip_tls_verify,
        tls_server_name=cluster.tls_server_name,
        as_user=cluster.as_user,
        as_uid=cluster.as_uid,
        as_groups=tuple(cluster.as_group),
        as_user_extra=tuple(cluster.as_user_extra),
        proxy_url=cluster.proxy_url,
        disable_compression=cluster.disable_compression,
        request_timeout=cluster.request_timeout,
    )


@contextmanager
def _observed(where: str, debug: Debug) -> "Generator[Observer | None, None, None]":
    from kubesvc.cli.progress import Progress, Trace
    from kubesvc.model.text import one_line

    if debug.requests:
        yield Trace()
    elif sys.stderr.isatty():
        progress = Progress(one_line(where))
        try:
            yield progress
        finally:
            progress.done()
    else:
        yield None
