"""Which label keeps out the pods that a change of a selector would select beside those that are meant."""

from msgspec.structs import replace

from kubesvc.analyzer import strangers
from kubesvc.analyzer.candidates import Candidate
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.objects import Pod
from kubesvc.semantics import readiness, reads
from kubesvc.semantics.simulate import changed


def narrowed(view: ServiceView, candidate: Candidate) -> Candidate:
    """Return a candidate with a label that keeps strangers out; as it is where there are none, or no label.

    Pods of others that serve as well, as those of a canary do, stay along with it.

    Raises:
        Unread: the pods that it would select were never read.
    """
    if not (candidate.too and candidate.pods):
        return candidate
    read = reads.pods_of(changed(view.service, candidate.change(view.service)))
    pods = view.optional(lambda: view.snapshot.find(read, Pod)) or ()
    found = strangers.among(view, (pod for pod in pods if not readiness.is_terminal(pod)))
    label = strangers.distinguishing(found) if candidate.owner in found.belonging else None
    if not (found.strangers and label):
        return candidate
    strange = {stranger.owner for stranger in found.strangers}
    return replace(
        candidate,
        selector=candidate.selector | {label},
        too=tuple(one for one in candidate.too if one[0] not in strange),
        kept_out=tuple(one for one in candidate.too if one[0] in strange),
        narrowed_by="=".join(label),
    )
