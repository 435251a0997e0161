"""A read as the API server is asked for it: path, query and Accept. Every request is a GET."""

from typing import Final

from msgspec import Struct

from kubesvc.model.kinds import KINDS
from kubesvc.model.read import Portion, Read
from kubesvc.model.selector import EVERYTHING, Selector
from kubesvc.model.snapshot import VERSION

JSON: Final = "application/json"
_METADATA: Final = f"{JSON};as=PartialObjectMetadata;v=v1;g=meta.k8s.io,{JSON}"
_METADATA_LIST: Final = f"{JSON};as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,{JSON}"

# kubectl's chunk size; ten times as many where an object is only its metadata.
_PAGE: Final = {Portion.WHOLE: 500, Portion.METADATA: 5000}

_ESCAPED: Final = str.maketrans({"\\": "\\\\", ",": "\\,", "=": "\\="})


class Request(Struct, frozen=True):
    """One GET below the server's address. Nothing is percent-encoded yet; `single` asks for one object."""

    path: str
    query: tuple[tuple[str, str], ...] = ()
    accept: str = JSON
    single: bool = False


def request(read: Read, *, token: str = "", paged: bool = True) -> Request:
    """Return what to ask for `read`; `token` continues a list, which without `paged` comes in one piece."""
    if read == VERSION:
        return Request("/version", single=True)
    part = read.part
    if read.ref:
        accept = _METADATA if part is Portion.METADATA else JSON
        return Request(f"{_collection(read)}/{_segment(read.name)}", accept=accept, single=True)
    fields = read.fields | ({("metadata.name", read.name)} if read.name else EVERYTHING)
    query = [("labelSelector", _labels(read.labels)), ("fieldSelector", _fields(fields))]
    if paged:
        query += [("limit", str(_PAGE[part])), ("continue", token)]
    accept = _METADATA_LIST if part is Portion.METADATA else JSON
    return Request(_collection(read), tuple((name, value) for name, value in query if value), accept)


def is_core(read: Read) -> bool:
    """Tell whether every API server serves this: only something else answers 404 for the whole resource."""
    return "/" not in KINDS[read.kind].group_version


def _collection(read: Read) -> str:
    kind = KINDS[read.kind]
    root = f"/apis/{kind.group_version}" if "/" in kind.group_version else f"/api/{kind.group_version}"
    within = f"/namespaces/{_segment(read.namespace)}" if read.namespace else ""
    return f"{root}{within}/{kind.plural}"


def _segment(name: str) -> str:
    # No Kubernetes name holds a slash. One that does names nothing, and must not reach into another resource.
    return name.replace("/", "%2F")


def _labels(requirements: Selector) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(requirements))


def _fields(requirements: Selector) -> str:
    """Write a field selector, escaped because of what values may hold (apimachinery fields, EscapeValue)."""
    return ",".join(f"{key}={value.translate(_ESCAPED)}" for key, value in sorted(requirements))
