"""Which server, namespace and TLS checks: kubesvc must choose what the real kubectl chooses."""

# ruff: noqa: D103 (a situation is told by its name)

import base64
import json

import pytest

from tests.support.side_by_side import Cases, World

pytestmark = pytest.mark.loopback
CASES = Cases()


# --- files


@CASES.expect("a")
def home_file(world: World) -> list[str]:
    world.login()
    return []


@CASES.expect("a")
def flag_file_beats_environment(world: World) -> list[str]:
    world.login(name="flag")
    world.login({"token": "wrong"}, name="env")
    world.env["KUBECONFIG"] = str(world.folder / "env")
    return ["--kubeconfig=flag"]


@CASES.expect(None)
def flag_file_missing(world: World) -> list[str]:
    world.login()
    return ["--kubeconfig=nothing"]


@CASES.expect("a")
def listed_file_missing(world: World) -> list[str]:
    world.login(name="second")
    world.env["KUBECONFIG"] = "first::second"
    return []


@CASES.expect(None)
def listed_file_malformed(world: World) -> list[str]:
    world.login(name="second")
    world.write("first", "a: [")
    world.env["KUBECONFIG"] = "first:second"
    return []


def two_files(world: World, first: str, second: str) -> None:
    both = {"x": {"cluster": "a", "user": "u"}, "y": {"cluster": "c", "user": "u"}}
    world.config(
        "1", current=first, clusters={"a": world.cluster()}, users={"u": {"token": "1"}}, contexts=both
    )
    world.config(
        "2", current=second, clusters={"a": {"server": "https://wrong.example"}, "c": world.cluster("c")},
        users={"u": {"token": "2", "as": "nobody"}},
    )  # fmt: skip
    world.env["KUBECONFIG"] = "1:2"


@CASES.expect("a")
def first_current_context_wins(world: World) -> list[str]:
    two_files(world, "x", "y")
    return []


@CASES.expect("c")
def an_empty_current_context_does_not_count(world: World) -> list[str]:
    two_files(world, "", "y")
    return []


@CASES.expect("a")
def first_entry_wins_whole(world: World) -> list[str]:
    two_files(world, "x", "")
    return []


@CASES.expect("a")
def relative_paths_are_relative_to_their_file(world: World) -> list[str]:
    cert, key = world.certificate("rel@example.com")
    for name, content in {
        "ca": world.authority.pem,
        "cert": cert,
        "key": key,
        "token": b"from-file\n",
    }.items():
        world.write(f"deep/{name}", content)
    user = {"client-certificate": "cert", "client-key": "./key", "tokenFile": "../deep/token"}
    world.login(
        user, name="deep/config", cluster={"server": world.servers["a"].url, "certificate-authority": "ca"}
    )
    return ["--kubeconfig=deep/config"]


@CASES.expect("a")
def yaml_with_comments_anchors_and_dates(world: World) -> list[str]:
    ca = base64.b64encode(world.authority.pem).decode()
    world.write(
        ".kube/config",
        f"""# a comment
kind: Config
current-context: 2024-01-01
clusters:
- name: &n on.e
  cluster: {{server: "{world.servers["a"].url}", certificate-authority-data: {ca}, unknown: 3}}
contexts:
- context: {{cluster: *n, user: '1:30', namespace: 12:30}}
  name: 2024-01-01
users:
- name: 1:30
  user: {{token: abc, password: null}}
---
kind: Other
""",
    )
    return []


@CASES.expect(None)
def number_where_text_belongs(world: World) -> list[str]:
    world.login({"token": 12345})
    return []


@CASES.expect(None)
def mapping_where_a_list_belongs(world: World) -> list[str]:
    world.write(".kube/config", "clusters: {a: b}\n")
    return []


@CASES.expect(None)
def list_at_the_top(world: World) -> list[str]:
    world.write(".kube/config", "- a\n")
    return []


@CASES.expect(None)
def name_listed_twice(world: World) -> list[str]:
    world.login()
    text = json.loads((world.folder / ".kube/config").read_text())
    world.write(".kube/config", json.dumps(text | {"users": text["users"] * 2}))
    return []


@CASES.expect(None)
def another_kind(world: World) -> list[str]:
    world.login()
    text = json.loads((world.folder / ".kube/config").read_text())
    world.write(".kube/config", json.dumps(text | {"kind": "Pod"}))
    return []


@CASES.expect("a")
def no_kind_and_null_lists(world: World) -> list[str]:
    world.login(name="2")
    world.write("1", "users: null\ncontexts:\nclusters: []\n")
    world.env["KUBECONFIG"] = "1:2"
    return []


@CASES.expect("a")
def an_empty_file_beside_another(world: World) -> list[str]:
    world.login(name="2")
    world.write("1", "")
    world.env["KUBECONFIG"] = "1:2"
    return []


@CASES.expect("a")
def certificate_authority_data_with_line_breaks(world: World) -> list[str]:
    data = base64.encodebytes(world.authority.pem).decode()
    world.login(cluster={"server": world.servers["a"].url, "certificate-authority-data": data})
    return []


# --- contexts, clusters, namespaces


def several(world: World) -> None:
    world.config(
        current="x",
        clusters={"a": world.cluster(), "c": world.cluster("c")},
        users={"u": {"token": "u"}, "v": {"token": "v"}},
        contexts={"x": {"cluster": "a", "user": "u", "namespace": "nx"}, "y": {"cluster": "a", "user": "v"}},
    )


@CASES.expect("a")
def context_namespace(world: World) -> list[str]:
    several(world)
    return []


@CASES.expect("a")
def namespace_flag(world: World) -> list[str]:
    several(world)
    return ["--namespace=shop"]


@CASES.expect("a")
def context_flag_takes_its_own_namespace(world: World) -> list[str]:
    several(world)
    return ["--context=y"]


@CASES.expect(None)
def context_flag_unknown(world: World) -> list[str]:
    several(world)
    return ["--context=z"]


@CASES.expect("c")
def cluster_flag(world: World) -> list[str]:
    several(world)
    return ["--cluster=c"]


@CASES.expect(None)
def cluster_flag_unknown(world: World) -> list[str]:
    several(world)
    return ["--cluster=z"]


@CASES.expect("a")
def user_flag(world: World) -> list[str]:
    several(world)
    return ["--user=v"]


@CASES.expect(None)
def user_flag_unknown(world: World) -> list[str]:
    several(world)
    return ["--user=z"]


@CASES.expect(None)
def current_context_unknown(world: World) -> list[str]:
    world.config(current="gone", clusters={"a": world.cluster()}, users={"u": {"token": "u"}})
    return ["--cluster=a", "--user=u"]


@CASES.expect("a")
def no_current_context_but_flags(world: World) -> list[str]:
    world.config(clusters={"a": world.cluster()}, users={"u": {"token": "u"}})
    return ["--cluster=a", "--user=u"]


@CASES.expect("c")
def server_flag_alone(world: World) -> list[str]:
    return [f"--server={world.servers['c'].url}"]


@CASES.expect("c")
def server_flag_without_scheme(world: World) -> list[str]:
    world.login()
    return [f"--server=127.0.0.1:{world.servers['c'].port}"]


@CASES.expect("c")
def master_of_the_environment(world: World) -> list[str]:
    world.env["KUBERNETES_MASTER"] = world.servers["c"].url
    return []


@CASES.expect("a")
def server_below_a_path(world: World) -> list[str]:
    world.login(cluster=world.cluster(server=f"{world.servers['a'].url}/k8s/clusters/c-1/"))
    return []


# --- TLS


@CASES.expect("b")
def tls_server_name(world: World) -> list[str]:
    world.login(cluster=world.cluster("b", **{"tls-server-name": "b.example.com"}))
    return []


@CASES.expect("b")
def tls_server_name_flag(world: World) -> list[str]:
    world.login(cluster=world.cluster("b"))
    return ["--tls-server-name=b.example.com"]


@CASES.expect(None)
def host_mismatch(world: World) -> list[str]:
    world.login(cluster=world.cluster("b"))
    return []


@CASES.expect("a")
def server_flag_forgets_the_server_name(world: World) -> list[str]:
    world.login(cluster=world.cluster("b", **{"tls-server-name": "b.example.com"}))
    return [f"--server={world.servers['a'].url}"]


@CASES.expect("b")
def insecure(world: World) -> list[str]:
    world.login(cluster={"server": world.servers["b"].url, "insecure-skip-tls-verify": True})
    return []


@CASES.expect(None)
def insecure_beside_an_authority(world: World) -> list[str]:
    world.login(cluster=world.cluster("a", **{"insecure-skip-tls-verify": True}))
    return []


@CASES.expect("b")
def insecure_flag_drops_the_authority(world: World) -> list[str]:
    world.login(cluster=world.cluster("b"))
    return ["--insecure-skip-tls-verify"]


@CASES.expect("a")
def authority_flag_drops_insecure_and_data(world: World) -> list[str]:
    world.write("ca", world.authority.pem)
    world.login(
        cluster=world.cluster(**{"certificate-authority-data": "AAAA", "insecure-skip-tls-verify": True})
    )
    return ["--certificate-authority=ca"]


@CASES.expect(None)
def authority_as_file_and_data(world: World) -> list[str]:
    world.login(cluster=world.cluster(**{"certificate-authority": world.write("ca", world.authority.pem)}))
    return []


@CASES.expect(None)
def authority_file_missing(world: World) -> list[str]:
    world.login(cluster={"server": world.servers["a"].url, "certificate-authority": "nothing"})
    return []


@CASES.expect(None)
def authority_malformed(world: World) -> list[str]:
    world.login(cluster=world.cluster(**{"certificate-authority-data": base64.b64encode(b"no PEM").decode()}))
    return []


@CASES.expect(None)
def authority_not_base64(world: World) -> list[str]:
    world.login(cluster=world.cluster(**{"certificate-authority-data": "&&&"}))
    return []


# --- proxies


@CASES.expect(None)
def proxy_that_is_not_there(world: World) -> list[str]:
    world.login(cluster=world.cluster(**{"proxy-url": "http://127.0.0.1:1"}))
    return []


@CASES.expect(None)
def proxy_of_an_unknown_kind(world: World) -> list[str]:
    world.login(cluster=world.cluster(**{"proxy-url": "ftp://127.0.0.1:1"}))
    return []


@CASES.expect("a")
def proxy_of_the_environment_spares_loopback(world: World) -> list[str]:
    world.login()
    world.env["HTTPS_PROXY"] = "http://127.0.0.1:1"
    return []


@CASES.expect(None)
def proxy_flag(world: World) -> list[str]:
    world.login()
    return ["--proxy-url=http://127.0.0.1:1"]


@pytest.mark.parametrize("name", CASES)
def test_does_what_kubectl_does(world: World, name: str) -> None:
    """The same request arrives from both tools, or from neither."""
    CASES.check(name, world)
