"""Near misses in namespaces as people have them: whom a person would mean is what is offered first.

Each situation says why. None is there to fix a number: the order follows from what speaks for a change.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from kubesvc.analyzer.candidates import near_misses
from kubesvc.model.objects import Obj
from kubesvc.model.report import Finding
from tests.support.builders import deployment, owned_by, pod, replica_set, service, settled, with_
from tests.support.sources import explain, only

Labels = Mapping[str, str]
NAME, INSTANCE, COMPONENT = (f"app.kubernetes.io/{part}" for part in ("name", "instance", "component"))


@dataclass
class App:
    """A Deployment with its pods, or what else makes pods with these labels."""

    name: str
    labels: Labels
    pods: int = 1
    ready: bool = True
    own: Labels = field(default_factory=dict[str, str])
    kind: str = "Deployment"

    def objects(self, number: int) -> list[Obj]:
        """The objects of the application, with addresses of its own."""
        workload = with_(
            deployment(self.name, labels=self.labels, replicas=self.pods), metadata__labels=dict(self.own)
        )
        made = f"{self.name}-5d4f8c7d9"
        owner = owned_by("ReplicaSet", made) if self.kind == "Deployment" else owned_by(self.kind, self.name)
        hashed = {"pod-template-hash": "5d4f8c7d9"} if self.kind == "Deployment" else {}
        members = [
            pod(
                f"{made}-{n}",
                labels={**self.labels, **hashed},
                ips=(f"10.0.{number}.{n}",),
                ready=self.ready,
                owner=owner if self.kind != "Pod" else None,
            )
            for n in range(self.pods)
        ]
        above = [workload, replica_set(made, self.name)] if self.kind == "Deployment" else []
        return [*above, *members]


@dataclass
class Situation:
    """A Service whose selector no pod carries, what is there, and the choice of a person, with the reason.

    `choice` is the title of the first fix; none where nobody could tell.
    """

    selector: Labels
    apps: list[App]
    choice: str | None
    because: str
    name: str = "web"
    service_labels: Labels = field(default_factory=dict[str, str])

    def finding(self) -> Finding:
        """What is found."""
        of = with_(service(self.name, selector=self.selector), metadata__labels=dict(self.service_labels))
        objects = [obj for number, app in enumerate(self.apps) for obj in app.objects(number)]
        return only(explain(settled(of, *objects), self.name), "KSV101")


SITUATIONS = {
    "letter case": Situation(
        {"app": "MyApp"},
        [App("web", {"app": "myapp"}), App("web2", {"app": "myapp2"}, pods=9), App("db", {"app": "db"})],
        "select app=myapp",
        "the same word, however many pods a longer one has",
    ),
    "separators": Situation(
        {"app": "webapp"},
        [App("a", {"app": "web-app"}), App("b", {"app": "webapps"})],
        "select app=web-app",
        "the same letters",
    ),
    "an alias of the key": Situation(
        {"app": "web"},
        [App("web", {NAME: "web"}), App("webb", {"app": "webb"}, pods=5)],
        f"select {NAME}=web",
        "the very word under a key of the same meaning, before a word alike",
    ),
    "an alias, back": Situation(
        {NAME: "web"},
        [App("web", {"k8s-app": "web"}), App("db", {NAME: "db"})],
        "select k8s-app=web",
        "any of the keys may be the one that is right",
    ),
    "kubectl run": Situation(
        {"app": "nginx"},
        [App("nginx", {"run": "nginx"}, kind="Pod")],
        "select run=nginx",
        "kubectl run labels its pod so",
        name="nginx",
    ),
    "labels of old charts": Situation(
        {"app": "web", "release": "prod"},
        [
            App("web", {NAME: "web", INSTANCE: "prod"}),
            App("db", {NAME: "db", INSTANCE: "prod"}),
        ],
        f"select {INSTANCE}=prod,{NAME}=web",
        "both keys were renamed when the chart took the recommended labels",
    ),
    "the prefix of a key": Situation(
        {"component": "api"},
        [App("x", {COMPONENT: "api"}), App("y", {COMPONENT: "ui"})],
        f"select {COMPONENT}=api",
        "the same key without its prefix",
    ),
    "a release's prefix": Situation(
        {"app": "web"},
        [App(f"shop-{part}", {"app": f"shop-{part}"}) for part in ("db", "web", "cache")],
        "select app=shop-web",
        "the web of release shop",
    ),
    "a prefix left out": Situation(
        {"app": "dev-web"},
        [App(part, {"app": part}) for part in ("dev", "web", "db")],
        "select app=web",
        "what dev-web is, is a web: the last word says what it is",
        name="dev-web",
    ),
    "prefix before suffix": Situation(
        {"app": "web"},
        [App("web-admin", {"app": "web-admin"}, pods=5), App("shop-web", {"app": "shop-web"})],
        "select app=shop-web",
        "shop-web is a web, web-admin is an admin",
    ),
    "called like the Service": Situation(
        {"app": "web"},
        [App("web-admin", {"app": "web-admin"}), App("shop-web", {"app": "shop-web"}, pods=5)],
        "select app=web-admin",
        "the workload of the Service's name, where the values are equally near",
        name="web-admin",
    ),
    "a slip": Situation(
        {"app": "fronted"},
        [App("frontend", {"app": "frontend"}), App("backend", {"app": "backend"})],
        "select app=frontend",
        "one letter is missing",
        name="frontend",
    ),
    "letters swapped": Situation(
        {"app": "ngixn"},
        [App("proxy", {"app": "nginx"}), App("api", {"app": "api"})],
        "select app=nginx",
        "two letters changed places",
        name="proxy",
    ),
    "words before letters": Situation(
        {"app": "cart"},
        [App("chart", {"app": "chart"}, pods=5), App("shopping-cart", {"app": "shopping-cart"})],
        "select app=shopping-cart",
        "chart is another word, of which cart is not a part",
        name="cart",
    ),
    "words before letters, whatever the Service is called": Situation(
        {"app": "cart"},
        [App("chart", {"app": "chart"}, pods=5), App("shopping-cart", {"app": "shopping-cart"})],
        "select app=shopping-cart",
        "a part of it is the whole word",
        name="basket",
    ),
    "short words": Situation(
        {"app": "api"},
        [App("app", {"app": "app"}), App("apt", {"app": "apt"})],
        None,
        "one letter of three is no slip, but another word",
        name="api",
    ),
    "a beginning": Situation(
        {"app": "front"},
        [App("frontend", {"app": "frontend"}), App("backend", {"app": "backend"})],
        "select app=frontend",
        "a word that was cut short",
        name="front",
    ),
    "a word that everybody has": Situation(
        {"app": "user-service"},
        [App(f"{part}-service", {"app": f"{part}-service"}) for part in ("order", "cart")],
        None,
        "service says nothing about which",
        name="user-service",
    ),
    "another tier": Situation(
        {"app": "web", "tier": "fe"},
        [App("web", {"app": "web", "tier": "customer"}), App("db", {"app": "db", "tier": "data"})],
        "select tier=customer",
        "nobody else bears the name of the application",
        name="shop",
    ),
    "the parts of one application": Situation(
        {NAME: "shop", INSTANCE: "shop", COMPONENT: "web"},
        [
            App(f"shop-{part}", {NAME: "shop", INSTANCE: "shop", COMPONENT: part})
            for part in ("api", "db", "worker")
        ],
        None,
        "all of them bear its name, and none is the web",
        name="shop-web",
    ),
    "the part that is called like the Service": Situation(
        {NAME: "shop", INSTANCE: "shop", COMPONENT: "web"},
        [
            App("shop-api", {NAME: "shop", INSTANCE: "shop", COMPONENT: "api"}),
            App("shop-web", {NAME: "shop", INSTANCE: "shop", COMPONENT: "ui"}),
        ],
        f"select {COMPONENT}=ui",
        "Deployment shop-web is what Service shop-web is for",
        name="shop-web",
    ),
    "the only other part of the application": Situation(
        {"app": "shop", "component": "web"},
        [App("api", {"app": "shop", "component": "api"})],
        None,
        "Service shop-web is for the web of the shop, which is not there",
        name="shop-web",
    ),
    "the only other part, by the Service's own label": Situation(
        {"app": "shop", "tier": "web"},
        [App("api", {"app": "shop", "tier": "api"})],
        None,
        "the Service bears the tier itself",
        name="storefront",
        service_labels={"tier": "web"},
    ),
    "the application in another release": Situation(
        {NAME: "web", INSTANCE: "c"},
        [App("a-web", {NAME: "web", INSTANCE: "a"})],
        None,
        "c-web is for release c, and release a has its own",
        name="c-web",
    ),
    "a release that was renamed": Situation(
        {NAME: "web", INSTANCE: "web"},
        [App("shop-web", {NAME: "web", INSTANCE: "shop"}), App("shop-db", {NAME: "db", INSTANCE: "shop"})],
        f"select {INSTANCE}=shop",
        "Service web is for the web, whosever it is",
        service_labels={INSTANCE: "web"},
    ),
    "a part in another spelling": Situation(
        {"app": "shop", "component": "web"},
        [App("web", {"app": "shop", "component": "Web"})],
        "select component=Web",
        "the same part, however the Service is called",
        name="shop-web",
    ),
    "a part that was renamed to a word alike": Situation(
        {"app": "shop", "component": "web"},
        [App("frontend", {"app": "shop", "component": "web-ui"})],
        "select component=web-ui",
        "something speaks for the value itself",
        name="shop-web",
    ),
    "the same release": Situation(
        {NAME: "web", INSTANCE: "prod"},
        [App("db", {NAME: "db", INSTANCE: "prod"}), App("cache", {NAME: "cache", INSTANCE: "prod"})],
        None,
        "to be of one release makes a database no web",
        name="storefront",
    ),
    "a release that is called like the Service": Situation(
        {NAME: "web", INSTANCE: "web"},
        [App("web-db", {NAME: "db", INSTANCE: "web"}), App("web-cache", {NAME: "cache", INSTANCE: "web"})],
        None,
        "the database of release web is no web",
    ),
    "a database alone in a release": Situation(
        {NAME: "web", INSTANCE: "web"},
        [App("web-db", {NAME: "db", INSTANCE: "web"})],
        None,
        "the only pods there are need not be those that were meant",
    ),
    "more of them than anybody would try": Situation(
        {"app": "shop"},
        [App(f"shop-{part}", {"app": f"shop-{part}"}) for part in ("api", "cache", "db", "web")],
        None,
        "every part of the shop is called so",
        name="shop",
    ),
    "another release": Situation(
        {NAME: "web", INSTANCE: "staging"},
        [App("db", {NAME: "db", INSTANCE: "staging"}), App("prod-web", {NAME: "web", INSTANCE: "prod"})],
        f"select {INSTANCE}=prod",
        "the name says what it is, the release only whose",
        name="storefront",
    ),
    "two releases": Situation(
        {"app": "web", "release": "blue"},
        [App("x", {"app": "web", "release": "red"}), App("y", {"app": "web", "release": "green"})],
        None,
        "nobody can tell which",
    ),
    "blue and green": Situation(
        {"app": "web", "color": "green"},
        [App("web-blue", {"app": "web", "color": "blue"}), App("db-blue", {"app": "db", "color": "blue"})],
        "select color=blue",
        "only one color of it is left",
    ),
    "a variant of the Service's name": Situation(
        {"app": "web-green"},
        [App("web-blue", {"app": "web-blue"}), App("db-blue", {"app": "db-blue"})],
        "select app=web-blue",
        "what was and what is there are both the web",
    ),
    "a stale hash": Situation(
        {"app": "web", "pod-template-hash": "7f9c6b5d4"},
        [App("web", {"app": "web"}), App("db", {"app": "db"})],
        "select no pod-template-hash",
        "the hash is of another revision",
    ),
    "a stale hash and letter case": Situation(
        {"app": "Web", "pod-template-hash": "7f9c6b5d4"},
        [App("web", {"app": "web"}), App("db", {"app": "db"})],
        "select app=web,no pod-template-hash",
        "both are wrong at once",
    ),
    "a requirement too many": Situation(
        {"app": "web", "tier": "frontend"},
        [App("web", {"app": "web"}), App("db", {"app": "db", "tier": "data"})],
        "select no tier",
        "nobody carries a tier but the database",
    ),
    "a label on the workload only": Situation(
        {"app": "web", "tier": "frontend"},
        [App("web", {"app": "web"}, own={"app": "web", "tier": "frontend"}), App("db", {"app": "db"})],
        "label the pods tier=frontend in the template of Deployment/web",
        "the label was put on the Deployment, where it does nothing",
    ),
    "all labels on the workload only": Situation(
        {"app": "web"},
        [App("x", {"component": "x"}, own={"app": "web"}), App("db", {"app": "db"})],
        "label the pods app=web in the template of Deployment/x",
        "it is the Deployment that is called app=web",
        name="storefront",
    ),
    "copied from elsewhere": Situation(
        {"app": "hello"},
        [App("web", {"app": "web"}), App("db", {"app": "db"})],
        "select app=web",
        "the selector of an example was left in Service web",
    ),
    "a workload of the Service's name": Situation(
        {"app": "db"},
        [App("db", {"app": "postgres"}), App("web", {"app": "web"})],
        "select app=postgres",
        "Deployment db is what Service db is for",
        name="db",
    ),
    "a workload of the Service's name with keys of its own": Situation(
        {"app": "hello"},
        [App("web", {"component": "ui", "stage": "prod"}), App("db", {"stage": "prod"})],
        "select component=ui,stage=prod,no app",
        "no label of it stands for an application; what it selects by itself is its own",
    ),
    "scaled to zero": Situation(
        {"app": "Web"},
        [App("web", {"app": "web"}, pods=0), App("webb", {"app": "webby"}, pods=5)],
        "select app=web",
        "the same word, although nobody runs there now",
    ),
    "a Job of the same application": Situation(
        {"app": "web", "tier": "fe"},
        [
            App("web-migrate", {"app": "web"}, kind="Job", pods=3),
            App("frontend", {"app": "web", "tier": "customer"}),
        ],
        "select tier=customer",
        "a Job's pods come to an end",
    ),
    "the same word before the Service's name": Situation(
        {"app": "Web"},
        [App("web", {"app": "web-v2"}), App("frontend", {"app": "web"})],
        "select app=web",
        "what is written is there, but for its letter case",
    ),
    "a Job of exactly the name": Situation(
        {"app": "Web"},
        [App("migrate", {"app": "web"}, kind="Job", pods=3), App("frontend", {"app": "web-frontend"})],
        "select app=web-frontend",
        "a Service is for what goes on running",
    ),
    "a name in other spelling": Situation(
        {"app": "hello"},
        [App("webui", {"app": "start"}), App("db", {"app": "db"})],
        "select app=start",
        "Deployment webui is what Service web-ui is for",
        name="web-ui",
    ),
    "only an admin of it": Situation(
        {"app": "hello"},
        [App("x", {"app": "web-admin"}), App("db", {"app": "db"})],
        None,
        "web-admin is not called web, and hello says nothing of an admin",
    ),
    "the same value by chance": Situation(
        {"app": "web", "stage": "prod"},
        [App("web", {"app": "web", "track": "prod"}), App("db", {"app": "db", "stage": "prod"})],
        "select no stage",
        "that a track is called so does not make it a stage",
    ),
    "a hash alone": Situation(
        {"pod-template-hash": "7f9c6b5d4"},
        [App("web", {"app": "web"}), App("db", {"app": "db"})],
        None,
        "without it nothing is asked for",
    ),
    "two names, one of them right": Situation(
        {"app": "web", "run": "nginx"},
        [App("x", {"run": "nginx"}), App("db", {"app": "db"})],
        "select no app",
        "what is left still says which application",
        name="proxy",
    ),
    "who has more pods": Situation(
        {"app": "web"},
        [
            App("shop-web", {"app": "shop-web"}, pods=1, ready=False),
            App("test-web", {"app": "test-web"}, pods=3, ready=False),
        ],
        "select app=test-web",
        "equally near, and none is ready",
    ),
    "who has pods at all": Situation(
        {"app": "web"},
        [
            App("shop-web", {"app": "shop-web"}, pods=0),
            App("test-web", {"app": "test-web"}, pods=1, ready=False),
        ],
        "select app=test-web",
        "equally near, and the other one has none",
    ),
    "keys and values swapped": Situation(
        {"app": "frontend", "tier": "web"},
        [App("x", {"app": "web", "tier": "frontend"}), App("db", {"app": "db", "tier": "data"})],
        "select app=web,tier=frontend",
        "both values are there, each under the other's key",
        name="storefront",
    ),
    "who is ready": Situation(
        {"app": "frontend"},
        [
            App("frontend-a", {"app": "frontend-a"}, pods=5, ready=False),
            App("frontend-b", {"app": "frontend-b"}, pods=2),
        ],
        "select app=frontend-b",
        "equally near, but these serve",
        name="frontend",
    ),
    "one of many, in the plural": Situation(
        {"app": "payments"},
        [App(name, {"app": name}) for name in ("order-api", "payment-api", "user-api")],
        "select app=payment-api",
        "payment is the word, api is what all of them are",
        name="payments",
    ),
    "written together": Situation(
        {"app": "recommendation"},
        [App(name, {"app": name}) for name in ("checkoutservice", "recommendationservice")],
        "select app=recommendationservice",
        "a word that goes on",
        name="recommendation",
    ),
    "words in another order": Situation(
        {"app": "api-users"},
        [App("users-api", {"app": "users-api"}), App("orders-api", {"app": "orders-api"})],
        "select app=users-api",
        "the same words",
        name="users",
    ),
    "a slip in one part": Situation(
        {"app": "shop", "tier": "frontnd"},
        [App(f"shop-{tier}", {"app": "shop", "tier": tier}) for tier in ("backend", "frontend", "data")],
        "select tier=frontend",
        "all are of the shop, and frontend is misspelled",
        name="shop",
    ),
    "a slip before a name": Situation(
        {"app": "posgres"},
        [App("db", {"app": "mysql"}, pods=3), App("postgres", {"app": "postgres"})],
        "select app=postgres",
        "what is written says more than what the Service is called",
        name="db",
    ),
    "a stage cut short": Situation(
        {"app": "web", "stage": "production"},
        [App("web", {"app": "web", "stage": "prod"}), App("canary", {"app": "web", "stage": "test"})],
        "select stage=prod",
        "prod is production, test is not",
    ),
    "the next version": Situation(
        {"app": "web", "version": "v1"},
        [
            App("web-v2", {"app": "web", "version": "v2"}, ready=False),
            App("web-v3", {"app": "web", "version": "v3"}),
        ],
        "select version=v3",
        "one version is as near as the other, but this one serves",
    ),
    "another example's selector, with something alike": Situation(
        {"app": "backend"},
        [App("api", {"app": "api"}), App("backend-worker", {"app": "backend-worker"}, pods=4)],
        "select app=api",
        "Deployment api with its own name, rather than the worker of a backend that is not there",
        name="api",
    ),
    "the parts of a database": Situation(
        {"app": "redis", "role": "slave"},
        [
            App("redis-master", {"app": "redis", "role": "master"}),
            App("redis-replicas", {"app": "redis", "role": "replica"}),
        ],
        "select role=replica",
        "the role was renamed, and the workload is called like the Service",
        name="redis-replicas",
    ),
    "both keys in another case": Situation(
        {"App": "Web"},
        [App("web", {"app": "web"}), App("apps", {"apps": "web"})],
        "select app=web",
        "key and value differ in letter case alone",
    ),
    "only the database of it": Situation(
        {"app": "web-missing"},
        [App("web-db", {"app": "web-db"})],
        None,
        "a database is no web server, whatever it belongs to",
    ),
    "only the database of it, by its own name": Situation(
        {"app": "web"},
        [App("web-postgres", {"app": "web-postgres"}), App("web-redis", {"app": "web-redis"})],
        None,
        "web is yet to be installed, what it stores its data in is there",
    ),
    "only what it belongs to": Situation(
        {"app": "web-db"},
        [App("web", {"app": "web"})],
        None,
        "a web server is no database",
        name="web-db",
    ),
    "another database": Situation(
        {"app": "web-db"},
        [App("web-postgres", {"app": "web-db-postgres"}), App("web", {"app": "web"})],
        "select app=web-db-postgres",
        "postgres is a database",
        name="web-db",
    ),
    "a version beside a database": Situation(
        {"app": "web"},
        [App("web-db", {"app": "web-db"}, pods=3), App("web-v2", {"app": "web-v2"})],
        "select app=web-v2",
        "a version is the same application",
    ),
    "a stage beside a worker": Situation(
        {"app": "web"},
        [App("web-worker", {"app": "web-worker"}, pods=3), App("web-prod", {"app": "web-prod"})],
        "select app=web-prod",
        "the worker works for whom the Service is for",
    ),
    "the only part that serves": Situation(
        {"app": "shop"},
        [App(f"shop-{part}", {"app": f"shop-{part}"}) for part in ("api", "cache", "db", "worker")],
        "select app=shop-api",
        "the others serve the shop, not its users",
        name="shop",
    ),
    "a worker written like it": Situation(
        {"app": "payments"},
        [App("payment-worker", {"app": "payment-worker"})],
        None,
        "a slip in one word makes no server of a worker",
        name="payments",
    ),
    "only the worker of the application": Situation(
        {"app": "shop", "component": "ui"},
        [App("shop-worker", {"app": "shop", "component": "worker"})],
        None,
        "a worker is no UI, though nobody else bears the name of the application",
    ),
    "only the database, and a Service called like the application": Situation(
        {"app": "shop", "component": "web"},
        [App("shop-db", {"app": "shop", "component": "db"})],
        None,
        "a database is not what the shop's users ask",
        name="shop",
    ),
    "only what administers it": Situation(
        {"app": "shop", "component": "web"},
        [App("shop-admin", {"app": "shop", "component": "admin"})],
        None,
        "who asks for the web is not to see the administration",
        name="shop",
    ),
    "only what administers it, for a Service of that": Situation(
        {"app": "shop", "component": "backoffice"},
        [App("shop-management", {"app": "shop", "component": "management"})],
        "select component=management",
        "nobody else bears the name of the application",
        name="admin",
    ),
    "only the database, by another word": Situation(
        {"app": "shop", "role": "mysql"},
        [App("shop-db", {"app": "shop", "role": "db"})],
        "select role=db",
        "MySQL is a database",
        name="shop",
    ),
    "only the worker, for a Service of workers": Situation(
        {"app": "shop", "component": "background"},
        [App("shop-jobs", {"app": "shop", "component": "jobs"})],
        "select component=jobs",
        "jobs are what workers do",
        name="worker",
    ),
    "two versions beside a worker and a database": Situation(
        {"app": "shop", "component": "web"},
        [
            *(App(f"shop-{part}", {"app": "shop", "component": part}) for part in ("db", "worker")),
            *(App(f"shop-{n}", {"app": "shop", "component": f"web-{n}"}) for n in ("v2", "v3")),
        ],
        "select component=web-v2",
        "what does not bear the name leaves it telling",
        name="shop",
    ),
    "a database that is misspelled": Situation(
        {"app": "web-dbb"},
        [App("web-db", {"app": "web-db"}), App("web", {"app": "x"})],
        "select app=web-db",
        "what is written says more than what the Service is called",
        name="storefront",
    ),
    "the metrics of it": Situation(
        {"app": "web-metrics"},
        [App("web", {"app": "web"})],
        "select app=web",
        "an application has a port for its metrics",
        name="web-metrics",
    ),
    "only an exporter": Situation(
        {"app": "redis"},
        [App("redis-exporter", {"app": "redis-exporter"})],
        None,
        "it tells of a redis that is not there",
        name="redis",
    ),
    "nothing alike": Situation(
        {"app": "web"},
        [App("db", {"app": "postgres"}), App("cache", {"app": "redis"})],
        None,
        "a Service must not be pointed at whatever is there",
    ),
}


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
def test_whom_a_person_would_mean_is_offered_first(situation: Situation) -> None:
    """Or nobody, where nobody could tell."""
    titles = [fix.title for fix in situation.finding().fixes]

    assert next(iter(titles), None) == situation.choice, (situation.because, titles)


def test_what_a_service_selects_already_is_no_near_miss() -> None:
    """Nothing differs."""
    snapshot = settled(service(), pod())

    assert near_misses(snapshot, service(), [pod()]) == ()
