"""Ports in arguments and variables: numbers and the names of flags, never anything else."""

import json

import pytest

from kubesvc.model import decode, derived
from kubesvc.model.argument_ports import named, parts
from kubesvc.model.objects import Pod
from kubesvc.model.read import Portion
from tests.support import documents

WORDS: dict[str, tuple[list[str], list[tuple[str, int]]]] = {
    "given": (["--port=8080"], [("--port", 8080)]),
    "the next word": (["--port", "8080"], [("--port", 8080)]),
    "one dash": (["-port=8080"], [("-port", 8080)]),
    "short": (["-p", "8080", "-b=:80"], [("-p", 8080), ("-b", 80)]),
    "a property of Java": (["java", "-Dserver.port=8080", "-jar", "app.jar"], [("-Dserver.port", 8080)]),
    "an address": (["--web.listen-address=:9090"], [("--web.listen-address", 9090)]),
    "any address": (["--bind", "0.0.0.0:80"], [("--bind", 80)]),
    "a name": (["--addr=localhost:80"], [("--addr", 80)]),
    "IPv6": (["--addr=[::]:80"], [("--addr", 80)]),
    "a variable": (["--addr=$(POD_IP):80", "--bind=${IP}:81"], [("--addr", 80), ("--bind", 81)]),
    "a star": (["--bind=*:80"], [("--bind", 80)]),
    "a URL": (["--listen=http://0.0.0.0:2379/"], [("--listen", 2379)]),
    "a protocol": (["--entrypoints.web.address=:8000/tcp"], [("--entrypoints.web.address", 8000)]),
    "capitals": (["--httpListenAddr=:1"], [("--httpListenAddr", 1)]),
    "in a shell": (["sh", "-c", "exec app --port='8080'; true"], [("--port", 8080)]),
    "set in a shell": (["sh", "-c", "PORT=3000 node app.js"], [("PORT", 3000)]),
    "a flag twice": (["--listen=:80", "--listen=:81", "--listen=:80"], [("--listen", 80), ("--listen", 81)]),
    "the last port": (["--port=65535"], [("--port", 65535)]),
    "no port at all": (["--port=0", "--port=65536", "--port=-1", "--port=x", "--port="], []),
    "a list": (["--bind=:80,:81"], []),
    "a socket": (["--bind=unix:///run/app.sock"], []),
    "another flag instead of a value": (["--port", "--debug"], []),
    "nothing after it": (["--port"], []),
    "attached": (["-p8080"], []),
    "no flag": (["8080", "port", "8080"], []),
    "no name": (["-", "--", "=80", "--=80", "-1=80"], []),
    "another number": (["--replicas=3", "--transport=1", "--support", "2"], []),
    "a secret": (["--ldap-bind-password=1234", "--port-token", "1234", "--pin=1234"], []),
    "a long name": ([f"--{'x' * 80}-port=80"], []),
}


@pytest.mark.parametrize(("words", "found"), WORDS.values(), ids=WORDS)
def test_a_flag_that_names_a_port_is_known(words: list[str], found: list[tuple[str, int]]) -> None:
    """By its last word; its value is a number, or an address with one."""
    assert list(named(words, ())) == found


@pytest.mark.parametrize(
    ("name", "value", "known"),
    [
        ("PORT", "80", True),
        ("HTTP_PORT", "80", True),
        ("LISTEN_ADDR", ":80", True),
        ("httpPort", "80", True),
        ("WEB_PORT", "tcp://10.0.0.1:80", True),
        ("PASSPORT", "80", False),
        ("PORT_SECRET", "80", False),
        ("DB_PASSWORD", "80", False),
        ("PORT", "", False),
        ("PORT", "$(OTHER)", False),
        ("-p", "80", True),
    ],
)
def test_a_variable_that_names_a_port_is_known(name: str, value: str, *, known: bool) -> None:
    """As a flag is."""
    assert list(named((), [(name, value)])) == ([(name, 80)] if known else [])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("HTTP_PORT", ["http", "port"]),
        ("httpPort", ["http", "port"]),
        ("HTTPPort", ["http", "port"]),
        ("--web.listen-address", ["web", "listen", "address"]),
        ("-Dserver.port", ["server", "port"]),
        ("-DPORT", ["dport"]),
        ("-D", ["d"]),
    ],
)
def test_a_name_falls_into_words(name: str, words: list[str]) -> None:
    """However it is spelled; what is defined for Java loses its prefix."""
    assert parts(name) == words


def running(*containers: documents.Document, init: tuple[documents.Document, ...] = ()) -> Pod:
    """The decoded pod with these containers."""
    document = documents.pod()
    document["spec"] |= {"containers": list(containers), "initContainers": list(init)}
    (found,) = decode.decode_one(json.dumps(document).encode(), "Pod").objects
    assert isinstance(found, Pod)
    return found


def test_the_decoder_keeps_ports_by_container_and_nothing_else() -> None:
    """Of command, arguments and variables; the pod itself has none of these."""
    app = {
        "name": "app",
        "command": ["server", "--port=80"],
        "args": ["--password=s3cret", "--admin-port", "81"],
        "env": [
            {"name": "PORT", "value": "82"},
            {"name": "TOKEN", "value": "s3cret"},
            {"name": "OTHER_PORT", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        ],
    }

    found = running(app, {"name": "silent"}, init=({"name": "proxy", "args": ["-p", "83"]},))

    assert derived.argument_ports(found) == {
        "app": (("--port", 80), ("--admin-port", 81), ("PORT", 82)),
        "proxy": (("-p", 83),),
    }
    assert "s3cret" not in str(found)


@pytest.mark.parametrize(
    "odd", [{"args": 5}, {"args": [5]}, {"env": [{"value": 5}]}, {"args": None, "env": None}]
)
def test_odd_arguments_are_ignored(odd: documents.Document) -> None:
    """They inform; they decide nothing."""
    assert derived.argument_ports(running({"name": "app", **odd})) == {}


def test_a_forged_fact_in_a_file_is_ignored() -> None:
    """A snapshot file may be written by anybody; what is hostile in it is made visible."""
    found = running({"name": "app"})
    for forged in ("{", "5", '{"app": [["--port"]]}'):
        found.metadata.annotations[derived.PREFIX + "argument-ports"] = forged
        assert derived.argument_ports(found) == {}

    found.metadata.annotations[derived.PREFIX + "argument-ports"] = '{"app": [["\\u001b", 1]]}'
    assert derived.argument_ports(found) == {"app": (("\\x1b", 1),)}


def test_of_metadata_nothing_is_derived() -> None:
    """It has no spec."""
    document = json.dumps({"items": [documents.pod()]}).encode()

    (found,) = decode.decode_list(document, "Pod", Portion.METADATA).objects

    assert found.metadata.annotations == {}
