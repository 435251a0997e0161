"""As whom: kubesvc must send the credentials that the real kubectl sends, or refuse as it does."""

# ruff: noqa: D103 (a situation is told by its name)

import base64
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.side_by_side import Cases, World

pytestmark = pytest.mark.loopback
CASES = Cases()


# --- credentials


@CASES.expect("a")
def token_flag(world: World) -> list[str]:
    world.login()
    return ["--token=flag"]


@CASES.expect("a")
def token_file_beats_token(world: World) -> list[str]:
    world.login({"token": "inline", "tokenFile": world.write("token", " from-file\n")})
    return []


@CASES.expect("a")
def token_file_beats_the_token_flag(world: World) -> list[str]:
    world.login({"tokenFile": world.write("token", "from-file\n")})
    return ["--token=flag"]


@CASES.expect("a")
def token_where_the_file_is_missing(world: World) -> list[str]:
    world.login({"token": "inline", "tokenFile": "nothing"})
    return []


@CASES.expect(None)
def token_file_missing(world: World) -> list[str]:
    world.login({"tokenFile": "nothing"})
    return []


@CASES.expect(None)
def token_with_a_line_break(world: World) -> list[str]:
    world.login({"token": "t\n"})
    return []


@CASES.expect("c")
def no_credentials_without_tls(world: World) -> list[str]:
    world.login({"token": "secret"}, cluster=world.cluster("c"))
    return []


@CASES.expect("c")
def no_password_without_tls(world: World) -> list[str]:
    world.login({}, cluster=world.cluster("c"))
    return ["--username=jane", "--password=secret"]


@CASES.expect("a")
def basic(world: World) -> list[str]:
    world.login({"username": "jane", "password": "päss:word"})
    return []


@CASES.expect("a")
def basic_flags(world: World) -> list[str]:
    world.login({})
    return ["--username=jane", "--password=p"]


@CASES.expect(None)
def basic_and_token(world: World) -> list[str]:
    world.login({"username": "jane", "password": "p", "token": "t"})
    return []


@CASES.expect(None)
def basic_flag_beside_a_token(world: World) -> list[str]:
    world.login()
    return ["--username=jane", "--password=p"]


@CASES.expect(None)
def basic_and_token_file(world: World) -> list[str]:
    world.login({"username": "jane", "password": "p", "tokenFile": world.write("token", "t")})
    return []


def certificate_data(world: World, who: str) -> dict[str, str]:
    cert, key = (base64.b64encode(part).decode() for part in world.certificate(who))
    return {"client-certificate-data": cert, "client-key-data": key}


@CASES.expect("a")
def certificate_as_data(world: World) -> list[str]:
    world.login(certificate_data(world, "jane@example.com"))
    return []


@CASES.expect("a")
def certificate_and_token(world: World) -> list[str]:
    world.login({**certificate_data(world, "jane@example.com"), "token": "t"})
    return []


@CASES.expect("a")
def certificate_flags_drop_the_data(world: World) -> list[str]:
    cert, key = world.certificate("flag@example.com")
    world.write("cert", cert)
    world.write("key", key)
    world.login(certificate_data(world, "jane@example.com"))
    return ["--client-certificate=cert", "--client-key=key"]


@CASES.expect(None)
def certificate_as_file_and_data(world: World) -> list[str]:
    data = certificate_data(world, "jane@example.com")
    world.login({**data, "client-certificate": world.write("cert", "x")})
    return []


@CASES.expect(None)
def certificate_without_key(world: World) -> list[str]:
    data = certificate_data(world, "jane@example.com")
    world.login({"client-certificate-data": data["client-certificate-data"]})
    return []


@CASES.expect("a")
def key_without_certificate_is_ignored(world: World) -> list[str]:
    world.login({"client-key": "nothing", "token": "t"})
    return []


# --- impersonation


@CASES.expect("a")
def impersonation(world: World) -> list[str]:
    extra = {"scopes": ["a", "b"], "Acme.com/Ünit %": ["c"]}
    world.login({"token": "t", "as": "jane", "as-uid": "7", "as-groups": ["g", "h"], "as-user-extra": extra})
    return []


@CASES.expect("a")
def impersonation_flags(world: World) -> list[str]:
    world.login(
        {"token": "t", "as": "jane", "as-groups": ["g", "h"], "as-user-extra": {"s": ["1"], "r": ["2"]}}
    )
    return [
        "--as=joe",
        "--as-group=i",
        "--as-group=j",
        "--as-uid=8",
        "--as-user-extra=s=3",
        "--as-user-extra=s=4",
    ]


@CASES.expect("c")
def impersonation_without_tls(world: World) -> list[str]:
    world.login(cluster=world.cluster("c"))
    return ["--as=system:serviceaccount:shop:web"]


@CASES.expect(None)
def groups_without_a_user(world: World) -> list[str]:
    world.login()
    return ["--as-group=g"]


# --- plug-ins

V1 = "client.authentication.k8s.io/v1"
V1BETA1 = "client.authentication.k8s.io/v1beta1"


def credential(version: str = V1, **status: str) -> str:
    return json.dumps({"kind": "ExecCredential", "apiVersion": version, "status": status})


def execute(command: str, version: str = V1, **more: object) -> dict[str, Any]:
    mode = {"interactiveMode": "IfAvailable"} if version == V1 else {}
    return {"exec": {"apiVersion": version, "command": command, **mode, **more}}


@CASES.expect("a")
def plugin_token(world: World) -> list[str]:
    world.plugin(credential(token="$A-$B-$1"))
    env = [{"name": "A", "value": "own"}]
    world.env["B"] = "inherited"
    world.login(execute("./.kube/../plugin", args=["arg"], env=env), name="config")
    world.env["KUBECONFIG"] = "config"
    return []


@CASES.expect("a")
def plugin_of_the_older_version(world: World) -> list[str]:
    world.login(execute(world.plugin(credential(V1BETA1, token="t")), V1BETA1))
    return []


@CASES.expect("a")
def plugin_from_path(world: World) -> list[str]:
    world.plugin(credential(token="from-path"), "bin/my-login")
    world.env["PATH"] = f"{world.folder}/bin:/usr/bin:/bin"
    world.login(execute("my-login", env=[{"name": "PATH", "value": "/usr/bin:/bin"}]))
    return []


@CASES.expect("a")
def plugin_certificate(world: World) -> list[str]:
    cert, key = world.certificate("plugin@example.com")
    status = {"clientCertificateData": cert.decode(), "clientKeyData": key.decode()}
    world.write("answer", credential(**status))
    world.login(execute("cat", args=[str(world.folder / "answer")]))
    return []


@CASES.expect("a")
def plugin_is_told_about_the_cluster(world: World) -> list[str]:
    script = f"""#!{sys.executable}
import hashlib, json, os
told = json.dumps(json.loads(os.environ["KUBERNETES_EXEC_INFO"]), sort_keys=True)
status = {{"token": hashlib.sha256(told.encode()).hexdigest()}}
print(json.dumps({{"kind": "ExecCredential", "apiVersion": "{V1}", "status": status}}))
"""
    path = Path(world.write("plugin", script))
    path.chmod(0o755)
    extension = {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x", "none": None}}
    world.login(
        execute(str(path), provideClusterInfo=True),
        cluster=world.cluster(extensions=[extension]),
    )
    return []


@CASES.expect("a")
def plugin_beside_a_token_is_not_run(world: World) -> list[str]:
    world.login({**execute("/nothing"), "token": "t"})
    return []


@CASES.expect("a")
def plugin_beside_a_certificate_is_not_run(world: World) -> list[str]:
    world.login({**execute("/nothing"), **certificate_data(world, "jane@example.com")})
    return []


@CASES.expect(None)
def plugin_not_found(world: World) -> list[str]:
    world.login(execute("nothing-of-this-name"))
    return []


@CASES.expect(None)
def plugin_fails(world: World) -> list[str]:
    world.login(execute("false"))
    return []


@CASES.expect(None)
def plugin_without_a_mode(world: World) -> list[str]:
    world.login(execute(world.plugin(credential(token="t")), interactiveMode=""))
    return []


@CASES.expect(None)
def plugin_that_needs_a_terminal(world: World) -> list[str]:
    world.login(execute(world.plugin(credential(token="t")), interactiveMode="Always"))
    return []


@CASES.expect(None)
def plugin_that_answers_in_another_version(world: World) -> list[str]:
    world.login(execute(world.plugin(credential(V1BETA1, token="t"))))
    return []


@CASES.expect(None)
def plugin_that_answers_nothing(world: World) -> list[str]:
    world.login(execute(world.plugin(credential())))
    return []


@CASES.expect(None)
def plugin_of_an_unknown_version(world: World) -> list[str]:
    world.login(execute(world.plugin("{}"), "client.authentication.k8s.io/v9", interactiveMode="Never"))
    return []


def jwt(expiry: int) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": expiry}).encode()).decode().rstrip("=")
    return f"e30.{claims}.x"


def oidc(expiry: int) -> dict[str, Any]:
    config = {"idp-issuer-url": "https://127.0.0.1:1", "client-id": "c", "id-token": jwt(expiry)}
    return {"auth-provider": {"name": "oidc", "config": config}}


@CASES.expect("a")
def oidc_token(world: World) -> list[str]:
    world.login(oidc(4_000_000_000))
    return []


@CASES.expect(None)
def oidc_token_expired(world: World) -> list[str]:
    world.login(oidc(1_000_000_000))
    return []


@CASES.expect(None)
def unknown_auth_provider(world: World) -> list[str]:
    world.login({"auth-provider": {"name": "nobody"}})
    return []


@pytest.mark.parametrize("name", CASES)
def test_does_what_kubectl_does(world: World, name: str) -> None:
    """The same request arrives from both tools, or from neither."""
    CASES.check(name, world)
