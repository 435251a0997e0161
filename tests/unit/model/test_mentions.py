"""Which Services a pod's arguments and environment name, and nothing else of them."""

from typing import Any

import msgspec
import pytest

from kubesvc.model import decode, derived
from kubesvc.model.mentions import Mention, mentions
from kubesvc.model.objects import Pod
from tests.support import documents


def decoded(*, ready: bool = False, labels: dict[str, str] | None = None, **spec: Any) -> Pod:
    """A pod of StatefulSet web behind the headless Service web-peers."""
    document = documents.pod("web-0")
    document["metadata"]["labels"] = {"app": "web"} if labels is None else labels
    document["spec"] |= {"subdomain": "web-peers", **spec}
    if not ready:
        document["status"]["conditions"] = []
    found = decode.decode_one(msgspec.json.encode(document), "Pod").objects[0]
    assert isinstance(found, Pod)
    return found


def named(*arguments: str, **variables: str) -> list[tuple[str, str, bool]]:
    """What one container names: by what, which Service, and whether as a host."""
    env = [{"name": name, "value": value} for name, value in variables.items()]
    pod = decoded(containers=[{"name": "app", "args": list(arguments), "env": env}])
    return [(found.by, found.name, found.host) for found in derived.mentioned(pod) if not found.probe]


def asked(*command: str, **variables: str) -> list[tuple[str, str, bool]]:
    """What the command of a readiness probe names."""
    env = [{"name": name, "value": value} for name, value in variables.items()]
    probe = {"exec": {"command": list(command)}}
    pod = decoded(containers=[{"name": "app", "readinessProbe": probe, "env": env}])
    return [(found.by, found.name, found.host) for found in derived.mentioned(pod) if found.probe]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--join=web-0.web-peers:7946"], ("--join", "web-peers", True)),
        (["--join", "web-peers:7946"], ("--join", "web-peers", True)),
        (["--peers=http://web:2380/x"], ("--peers", "web", True)),
        (["--url=redis://:hunter2@web:6379"], ("--url", "web", True)),
        (["--seeds=web.shop"], ("--seeds", "web", True)),
        (["--seeds=web.shop.svc.cluster.local"], ("--seeds", "web", True)),
        (["--at", "other-one.shop.svc:80"], ("--at", "other-one", True)),
        (["--host", "$(POD_NAME).web-peers"], ("--host", "web-peers", True)),
        (["--host", "${HOSTNAME}.web-headless.shop.svc"], ("--host", "web-headless", True)),
        (["--name", "web"], ("--name", "web", False)),
        (["-c", "exec app --join web-peers:80"], ("--join", "web-peers", True)),
        (["-c", "SEEDS=web-peers exec app"], ("SEEDS", "web-peers", False)),
        (["-c", "until nslookup web-peers; do sleep 1; done"], ("nslookup", "web-peers", False)),
        (["-c", "while ! nc -z web 80; do sleep 1; done"], ("nc", "web", False)),
        (["-retry-join=web-peers:7946"], ("-…join…", "web-peers", True)),
        (["-Dhazelcast.members=web-peers"], ("-…member…", "web-peers", False)),
        (["-phunter2", "web:3306"], ("", "web", True)),
        (["web:3306"], ("", "web", True)),
    ],
)
def test_a_name_is_found_with_what_it_is_given_to(
    arguments: list[str], expected: tuple[str, str, bool]
) -> None:
    """A host in the cluster, or a word that the pod carries."""
    assert named(*arguments) == [expected]


@pytest.mark.parametrize(
    "argument",
    [
        "--password=hunter2",
        "--join=database:5432",
        "--join=hunter2.other.svc:80",
        "--join=hunter2.shop:80",
        "user:12345",
        "--join=website:80",
        "--join=my-web:80",
        "--join=web-1-x:80",
        "--join=Web:80",
        "https://hunter2:x@db.example.com/web-ui",
    ],
)
def test_other_words_are_no_names(argument: str) -> None:
    """They may be anything."""
    assert named(argument) == []


def test_a_variable_is_told_by_its_name() -> None:
    """And its value is not."""
    assert named(PEERS="hunter2,web-peers:80", TOKEN="hunter2", OTEL_SERVICE_NAME="web") == [
        ("PEERS", "web-peers", True),
        ("OTEL_SERVICE_NAME", "web", False),
    ]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("until nslookup $PEERS; do sleep 1; done", ("nslookup", "web-peers", True)),
        ('until getent hosts "${PEERS}"; do sleep 1; done', ("getent", "web-peers", True)),
        ("until nc -z $(PEERS) 80; do sleep 1; done", ("nc", "web-peers", True)),
        ("until wget -q http://${PEERS%%.*}:80/; do sleep 1; done", ("wget", "web-peers", True)),
    ],
)
def test_what_a_program_is_given_in_a_variable_is_told_of_the_program(
    script: str, expected: tuple[str, str, bool]
) -> None:
    """Beside the variable itself, which others may read."""
    assert named("-c", script, PEERS="web-peers.shop.svc") == [("PEERS", "web-peers", True), expected]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('HOST="web"; nslookup $HOST', [("HOST", "web", False), ("nslookup", "web", False)]),
        ("nslookup $HOST", []),
        ("echo $PEERS", [("PEERS", "web-peers", False)]),
        ("nslookup $HOST.shop.svc; HOST=web", [("nslookup", "web", True), ("HOST", "web", False)]),
    ],
    ids=["set by the script", "not known", "given to no program of these", "a part of a name"],
)
def test_a_variable_may_be_set_by_a_script(script: str, expected: list[tuple[str, str, bool]]) -> None:
    """What is not known stays what it is."""
    variables = {"PEERS": "web-peers"} if "PEERS" in script else {}

    assert sorted(named("-c", script, **variables)) == sorted(expected)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["curl", "-fsS", "http://web/healthz"], ("curl", "web", True)),
        (["curl", "-fsS", "http://web.shop.svc/healthz"], ("curl", "web", True)),
        (["sh", "-c", "wget -qO- http://$HOST:80/"], ("wget", "web", True)),
        (["nc", "-z", "web", "80"], ("nc", "web", False)),
        (["/check", "--at=http://web-peers:80"], ("--at", "web-peers", True)),
    ],
)
def test_the_command_of_a_readiness_probe_is_looked_at(
    command: list[str], expected: tuple[str, str, bool]
) -> None:
    """It is told apart from what the container runs."""
    assert asked(*command, HOST="web") == [expected]


@pytest.mark.parametrize(
    "command",
    [
        ["curl", "http://localhost:8080/healthz"],
        ["curl", "-H", "Host: web.shop.svc", "http://127.0.0.1:8080/"],
        ["curl", "--header=Host:web.shop.svc", "http://$MY_ADDRESS:8080/"],
        ["sh", "-c", "curl --resolve web:80:[::1] http://web/healthz"],
        ["sh", "-c", "curl http://$(hostname -i):8080/ || nslookup web"],
        ["curl", "http://database:5432/"],
        ["cat", "/run/ready"],
    ],
)
def test_a_probe_that_asks_its_own_pod_names_no_service(command: list[str]) -> None:
    """A name in a header is asked nothing."""
    assert asked(*command) == []


@pytest.mark.parametrize("kind", ["livenessProbe", "startupProbe"])
def test_other_probes_are_not_looked_at(kind: str) -> None:
    """They decide something else."""
    probe = {"exec": {"command": ["curl", "http://web/healthz"]}}

    assert derived.mentioned(decoded(containers=[{"name": "app", kind: probe}])) == ()


@pytest.mark.parametrize("probe", [None, {}, {"exec": None}, {"exec": {}}, {"httpGet": {"port": 80}}])
def test_a_probe_without_a_command_names_nothing(probe: object) -> None:
    """Its host is kept elsewhere."""
    assert derived.mentioned(decoded(containers=[{"name": "app", "readinessProbe": probe}])) == ()


def test_init_containers_are_looked_at_too() -> None:
    """Each mention says whose it is, and is kept once."""
    wait = {"name": "wait", "command": ["sh", "-c", "nslookup web-peers && nslookup web-peers"]}
    app = {"name": "app", "args": None, "env": [{"name": "A", "valueFrom": {}}]}

    pod = decoded(containers=[app], initContainers=[wait])

    assert derived.mentioned(pod) == (Mention("wait", "nslookup", "web-peers", host=False),)


def test_nothing_that_is_not_a_name_is_kept() -> None:
    """Whatever stands beside it."""
    secrets = [f"hunter2-{n}" for n in range(9)]
    text = f"{secrets[0]}=web-peers:80,{secrets[1]}@web {secrets[2]}.shop {secrets[3]}:{secrets[4]}"
    env = [{"name": "DSN", "value": f"x://{secrets[5]}:{secrets[6]}@web-peers:80/{secrets[7]}?{secrets[8]}"}]

    pod = decoded(containers=[{"name": "app", "args": ["--peers", text], "env": env}])

    assert [(found.by, found.name) for found in derived.mentioned(pod)] == [
        ("DSN", "web-peers"),
        ("--peers", "web-peers"),
        ("--peers", "web"),
    ]
    assert "hunter2" not in repr(pod)


def test_of_a_ready_pod_nothing_is_derived() -> None:
    """It waits for nobody."""
    app = {"name": "app", "args": ["--join=web-peers:80"]}

    assert derived.mentioned(decoded(ready=True, containers=[app])) == ()


@pytest.mark.parametrize("labels", [{}, {"app": "Not A Name"}, {"app": "1.2"}])
def test_labels_that_are_no_names_are_no_trouble(labels: dict[str, str]) -> None:
    """Those that are left count."""
    app = {"name": "app", "args": ["--join=web-peers:80"]}

    assert derived.mentioned(decoded(labels=labels, containers=[app]))[0].name == "web-peers"


def test_without_anything_that_could_be_carried_full_names_are_found() -> None:
    """A bare pod of one word."""
    pod = decoded(containers=[])
    bare = msgspec.structs.replace(
        pod,
        metadata=msgspec.structs.replace(pod.metadata, name="x", labels={}),
        spec=msgspec.structs.replace(pod.spec, subdomain=""),
    )
    raw = msgspec.json.encode({"spec": {"containers": [{"name": "a", "args": ["web.shop.svc", "web:80"]}]}})

    assert mentions(raw, bare) == (Mention("a", "", "web", host=True),)
    nowhere = msgspec.structs.replace(bare, metadata=msgspec.structs.replace(bare.metadata, namespace=""))
    assert mentions(raw, nowhere) == ()


@pytest.mark.parametrize("spec", [5, {"containers": 5}, {"containers": [{"args": [5]}]}, None])
def test_odd_documents_name_nothing(spec: object) -> None:
    """They inform; they decide nothing."""
    assert mentions(msgspec.json.encode({"spec": spec}), decoded()) == ()


def test_a_forged_mention_in_a_file_is_ignored() -> None:
    """A snapshot file may be written by anybody."""
    document = documents.pod()
    for forged in ("{", "5", '[["a"]]'):
        document["metadata"]["annotations"] = {derived.PREFIX + "services-named": forged}
        found = decode.decode_item(msgspec.Raw(msgspec.json.encode(document)), "Pod", pruned=True)
        assert isinstance(found, Pod)
        assert derived.mentioned(found) == ()


def test_not_every_name_of_a_long_list_is_kept() -> None:
    """Twenty tell enough."""
    env = [{"name": f"PEER_{n}", "value": "web-peers:80"} for n in range(30)]

    assert len(derived.mentioned(decoded(containers=[{"name": "app", "env": env}]))) == 20
