"""What --set takes: paths that exist and decide something, values that fit."""

import pytest

from kubesvc.cli.changes import changes
from kubesvc.errors import UsageError
from kubesvc.model.change import ABSENT, Op, Path, show

SPELLED = "Write it as spec.ports[0].port=81; spec.selector.tier- removes."


def only(word: str) -> Op:
    """What one word asks for."""
    (op,) = changes([word])
    return op


def refused(word: str) -> tuple[str, str]:
    """The error about a word, and its hint."""
    with pytest.raises(UsageError) as caught:
        changes([word])
    return caught.value.message, caught.value.hint


@pytest.mark.parametrize(
    ("word", "path", "value"),
    [
        ("spec.selector.app=web", ("selector", "app"), "web"),
        ("spec.selector.my-app=web", ("selector", "my-app"), "web"),
        ("spec.selector[app]=web", ("selector", "app"), "web"),
        ("spec.selector['app.kubernetes.io/name']=web", ("selector", "app.kubernetes.io/name"), "web"),
        ('spec.selector["app.kubernetes.io/name"]=web', ("selector", "app.kubernetes.io/name"), "web"),
        ("spec.selector[app.kubernetes.io/name]=web", ("selector", "app.kubernetes.io/name"), "web"),
        ("spec.selector[0]=web", ("selector", "0"), "web"),
        ("spec.ports[0].port=81", ("ports", 0, "port"), 81),
        ("spec.ports[http].targetPort=web", ("ports", "http", "targetPort"), "web"),
        ("spec.ports.http.targetPort=8080", ("ports", "http", "targetPort"), 8080),
        ("spec.ports['80'].protocol=UDP", ("ports", "80", "protocol"), "UDP"),
        ("spec.ports[80/TCP].name=http", ("ports", "80/TCP", "name"), "http"),
        ("spec.publishNotReadyAddresses=true", ("publishNotReadyAddresses",), True),
        ("spec.type=ExternalName", ("type",), "ExternalName"),
        ("spec.externalName=api.example", ("externalName",), "api.example"),
        ("spec.clusterIP=None", ("clusterIP",), "None"),
        ("spec.ipFamilies[1]=IPv6", ("ipFamilies", 1), "IPv6"),
        ("spec.ipFamilyPolicy=SingleStack", ("ipFamilyPolicy",), "SingleStack"),
        ("spec.selector.app-", ("selector", "app"), ABSENT),
        ("spec.selector.my-app-", ("selector", "my-app"), ABSENT),
        ("spec.selector['a.b/c']-", ("selector", "a.b/c"), ABSENT),
        ("spec.selector-", ("selector",), ABSENT),
        ("spec.ports[0]-", ("ports", 0), ABSENT),
        ("spec.ports[0].name-", ("ports", 0, "name"), ABSENT),
        ("spec.ports-", ("ports",), ABSENT),
    ],
)
def test_a_path_and_a_value(word: str, path: Path, value: object) -> None:
    """Dots, positions, keys in brackets with or without quotes, a minus to remove."""
    assert only(word) == Op(("spec", *path), value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("web", "web"),
        ("", ""),
        ("1", "1"),
        ("1.10", "1.10"),
        ("true", "true"),
        ("010", "010"),
        ("2026-01-01", "2026-01-01"),
        ('"null"', "null"),
        ("'a: b'", "a: b"),
        ("a=b", "a=b"),
    ],
)
def test_a_text_is_what_is_written(text: str, value: str) -> None:
    """Whatever YAML would make of it elsewhere; quotes are YAML's."""
    assert only(f"spec.selector.app={text}").value == value


@pytest.mark.parametrize(
    ("text", "value"), [("8080", 8080), ("0x50", 80), ('"8080"', "8080"), ("web", "web"), ("80.5", "80.5")]
)
def test_a_target_port_is_a_number_or_a_name(text: str, value: int | str) -> None:
    """Quotes make a text of a number, as in a manifest."""
    assert only(f"spec.ports[0].targetPort={text}").value == value


@pytest.mark.parametrize("path", ["spec.selector.app", "spec.selector['a.b/c']", "spec.ports['80/TCP'].name"])
def test_a_path_is_written_as_it_is_read(path: str) -> None:
    """So that what is printed can be typed."""
    assert show(only(f"{path}=x").path) == path


def test_several_are_in_the_order_of_the_command_line() -> None:
    """A later one builds on an earlier one."""
    ops = changes(["spec.selector-", "spec.selector.app=web"])

    assert [op.path for op in ops] == [("spec", "selector"), ("spec", "selector", "app")]
    assert changes([]) == ()


def test_the_same_field_twice_is_a_mistake() -> None:
    """Whichever is meant."""
    with pytest.raises(UsageError, match=r"--set names spec\.selector\.app twice"):
        changes(["spec.selector.app=a", "spec.selector[app]=b"])


@pytest.mark.parametrize(
    "word",
    [
        "",
        "=",
        "spec",
        "spec.selector.app",
        ".spec.type=x",
        "spec..type=x",
        "spec.selector['']=x",
        "spec.a b=1",
    ],
)
def test_what_is_no_change_of_a_field_is_told_how_to_write_one(word: str) -> None:
    """In one line."""
    assert refused(word) == (f'--set "{word}" is no change of a field', SPELLED)


@pytest.mark.parametrize("tail", ["=web", "-"])
@pytest.mark.parametrize(
    ("word", "key"),
    [
        (r"app\.kubernetes\.io/name", "app.kubernetes.io/name"),
        (r"a\.b/c\.d-e", "a.b/c.d-e"),
        (r"a\.b", "a.b"),
    ],
)
def test_a_key_may_be_escaped_as_kubectl_and_helm_take_it(word: str, key: str, tail: str) -> None:
    """The API server knows no backslash in it."""
    (op,) = changes([f"spec.selector.{word}{tail}"])

    assert op.path == ("spec", "selector", key)


def test_a_key_that_is_half_escaped_is_shown_without_backslashes() -> None:
    """What is shown can be used."""
    _, hint = refused(r"spec.selector.app\.kubernetes.io/name=web")

    assert hint == "Write the key as spec.selector['app.kubernetes.io/name'], quoted for the shell."


def test_a_key_with_dots_and_a_slash_is_shown_quoted() -> None:
    """It looks like a path of its own."""
    message, hint = refused("spec.selector.app.kubernetes.io/name=web")

    assert message.endswith("is no change of a field")
    assert hint == "Write the key as spec.selector['app.kubernetes.io/name'], quoted for the shell."


SPEC = "kubectl explain service.spec lists the fields."
TARGET = "Near: spec.ports[0].targetPort."


@pytest.mark.parametrize(
    ("word", "message", "hint"),
    [
        ("selector.app=x", "a Service has no field selector", "Near: spec.selector."),
        ("spec.Selector.app=x", "a Service has no field spec.Selector", "Near: spec.selector."),
        (
            "spec.ports[0].targetport=x",
            "a Service has no field spec.ports[0].targetport",
            TARGET,
        ),
        ("spec.selecto.app=x", "a Service has no field spec.selecto", "Near: spec.selector."),
        ("spec.ports[0].target_port=1", "a Service has no field spec.ports[0].target_port", TARGET),
        ("spec.node=x", "a Service has no field spec.node", SPEC),
        (
            "spec.external=x",
            "a Service has no field spec.external",
            "Near: spec.externalIPs, spec.externalName, spec.externalTrafficPolicy.",
        ),
        (
            "spec.replicas=2",
            "a Service has no field spec.replicas",
            SPEC,
        ),
        (
            "spec.ports[0].zzz=2",
            "a Service has no field spec.ports[0].zzz",
            "kubectl explain service.spec.ports lists the fields.",
        ),
        ("data.x=1", "a Service has no field data", "kubectl explain service lists the fields."),
        ("spec.type.x=1", "spec.type is one value: nothing lies below it", SPELLED),
        ("spec.selector.app.x=1", "spec.selector.app is one value: nothing lies below it", SPELLED),
        ("spec.selector.-", "no key of spec.selector is named", SPELLED),
        (
            "spec.ipFamilies[x]=1",
            "spec.ipFamilies is a list of values",
            "Its first one is spec.ipFamilies[0].",
        ),
        (
            "spec.selector=x",
            "spec.selector holds several values",
            "Name one of them, as spec.selector.app=web.",
        ),
        ("spec.ports=x", "spec.ports holds several values", "Name one of them, as spec.ports[0]."),
        (
            "spec.ports[0]=x",
            "spec.ports[0] holds several values",
            "Name one of them, as spec.ports[0].port=81.",
        ),
    ],
)
def test_a_field_that_does_not_exist_is_told_with_what_is_near(word: str, message: str, hint: str) -> None:
    """Before anything is sent."""
    assert refused(word) == (message, hint)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("spec.sessionAffinity=ClientIP", "plays no part in which pods are endpoints"),
        ("spec.ports[0].nodePort=30000", "plays no part in which pods are endpoints"),
        ("metadata.labels.a=b", "plays no part in which pods are endpoints"),
        ("kind=Pod", "plays no part in which pods are endpoints"),
        ("spec.internalTrafficPolicy=Local", "that is not simulated"),
        ("spec.trafficDistribution=PreferClose", "that is not simulated"),
        ("status.loadBalancer-", "is written by controllers, not set"),
        ("spec-", "spec holds many fields"),
        ("spec.clusterIPs[0]=10.0.0.1", "is kept in step with spec.clusterIP"),
    ],
)
def test_a_field_that_plays_no_part_is_told_so(word: str, said: str) -> None:
    """That nothing changes would be read as harmless."""
    assert said in refused(word)[0]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("spec.ports[0].port=http", 'spec.ports[0].port takes a number, not the text "http"'),
        ('spec.ports[0].port="80"', 'spec.ports[0].port takes a number, not the text "80"'),
        ("spec.ports[0].port=80.5", 'spec.ports[0].port takes a number, not "80.5"'),
        ("spec.ports[0].port=true", 'spec.ports[0].port takes a number, not "true"'),
        ("spec.ports[0].port=", 'spec.ports[0].port takes a number, not ""'),
        (
            "spec.publishNotReadyAddresses=maybe",
            'spec.publishNotReadyAddresses takes true or false, not the text "maybe"',
        ),
        ("spec.publishNotReadyAddresses=1", 'spec.publishNotReadyAddresses takes true or false, not "1"'),
        ("spec.selector.app=a: b", 'spec.selector.app: "a: b" is not one YAML value'),
        ("spec.selector.app=[a]", 'spec.selector.app: "[a]" is not one YAML value'),
        ("spec.selector.app='", 'spec.selector.app: "\'" is not one YAML value'),
        (
            "spec.selector.app=!!python/name:x y",
            'spec.selector.app: "!!python/name:x y" is not one YAML value',
        ),
        ("spec.selector.app=\x1b[m", 'spec.selector.app: "\\x1b[m" is not one YAML value'),
        ("spec.selector.app=null", "spec.selector.app cannot be null"),
        ("spec.selector.app=~", "spec.selector.app cannot be ~"),
    ],
)
def test_a_value_of_another_kind_is_told_with_the_kind(word: str, said: str) -> None:
    """Before anything is sent."""
    assert refused(word)[0] == said
