"""Rules of what the chart makes, beyond the schemas. Each is a function that fails with what is wrong."""

from collections.abc import Callable

from rendered import EXAMPLES, NAMESPACE, RELEASE, Object, container, env, files, of, template, workloads

RULES: list[Callable[[], None]] = []


def rule(check: Callable[[], None]) -> Callable[[], None]:
    RULES.append(check)
    return check


def examples() -> list[tuple[str, list[Object]]]:
    return [(path.stem, template(path.stem)) for path in EXAMPLES]


@rule
def pods_are_restricted() -> None:
    """As Kubernetes' Pod Security Standard "restricted" has it, and more."""
    for example, objects in examples():
        for one, pod in workloads(objects):
            where, spec, only = f"{example}: {one['metadata']['name']}", pod["spec"], container(pod)
            assert spec["securityContext"]["runAsNonRoot"] is True, where
            assert spec["securityContext"]["runAsUser"] > 0, where
            assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, where
            assert spec["automountServiceAccountToken"] is False, where
            assert spec["enableServiceLinks"] is False, where
            assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys(), where
            assert only["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, where
            assert only["resources"]["requests"]["memory"] and only["resources"]["limits"]["memory"], where


@rule
def secrets_are_references() -> None:
    for example, objects in examples():
        assert not [one for one in objects if one["kind"] in ("Secret", "ConfigMap")], example
        for one, pod in workloads(objects):
            where, found = f"{example}: {one['metadata']['name']}", files(pod)
            assert "DATABASE_URL" not in env(pod), where
            named = {name: value for name, value in env(pod).items() if value.startswith("/etc/channel-sessions/")}
            assert named or env(pod)["INSECURE"] == "true", where
            # Whatever a variable names is mounted, and nothing else is but the authority that the URL may name.
            assert set(named.values()) <= found.keys(), f"{where}: {named} of {found}"
            unnamed = found.keys() - set(named.values())
            assert unnamed <= {"/etc/channel-sessions/database-ca/ca.crt"}, f"{where}: {unnamed}"
            for mount in container(pod)["volumeMounts"]:
                assert mount["readOnly"] and "subPath" not in mount, f"{where}: {mount}"
    job = of(template("api-keys"), "Job", f"{RELEASE}-migrate")["spec"]["template"]
    assert files(job)[env(job)["DATABASE_URL_FILE"]] == ("channel-sessions-database-owner", "url")
    serve = of(template("api-keys"), "Deployment")["spec"]["template"]
    assert files(serve)[env(serve)["DATABASE_URL_FILE"]] == ("channel-sessions-database", "url")


@rule
def probes_fit() -> None:
    def probes(example: str, name: str = RELEASE, **values: object) -> tuple[Object, Object, Object]:
        only = container(of(template(example, **values), "Deployment", name)["spec"]["template"])
        return only["startupProbe"], only["livenessProbe"], only["readinessProbe"]

    for example, name, scheme in (("oidc", RELEASE, "HTTPS"), ("insecure", RELEASE, "HTTP"),
                                  ("mutual-tls", f"{RELEASE}-gateway", "HTTPS")):
        startup, liveness, readiness = probes(example, name)
        for probe, path in ((startup, "/healthz"), (liveness, "/healthz"), (readiness, "/readyz")):
            assert probe["httpGet"] == {"path": path, "port": "http", "scheme": scheme}, f"{example}: {probe}"
        # /readyz takes up to 3 s to say no.
        assert readiness["timeoutSeconds"] > 3
        # A process that is stuck for less than that is not restarted.
        assert liveness["periodSeconds"] * liveness["failureThreshold"] >= 60
    # The kubelet has no certificate: it asks beside the metrics, where there are some.
    for probe, path in zip(probes("mutual-tls"), ("/healthz", "/healthz", "/readyz")):
        assert probe["httpGet"] == {"path": path, "port": "metrics", "scheme": "HTTP"}
    for probe in probes("mutual-tls", metrics__enabled=False):
        assert probe["tcpSocket"] == {"port": "http"} and "httpGet" not in probe


@rule
def a_stop_has_the_time_that_it_may_take() -> None:
    for values, seconds in (
        ({}, 10 + 2 * 15 + 5),
        ({"settings__LAME_DUCK": "1m30s", "settings__DRAIN_TIMEOUT": "1h"}, 90 + 2 * 3600 + 5),
        ({"settings__LAME_DUCK": "0s", "settings__DRAIN_TIMEOUT": "1501ms"}, 4 + 5),
    ):
        pod = of(template("oidc", **values), "Deployment")["spec"]["template"]["spec"]
        assert pod["terminationGracePeriodSeconds"] == seconds, f"{values}: {pod['terminationGracePeriodSeconds']}"
        assert "lifecycle" not in pod["containers"][0]
    gateway = of(template("mutual-tls", gateway__settings__LAME_DUCK="20s"), "Deployment", f"{RELEASE}-gateway")
    assert gateway["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 20 + 30 + 5


@rule
def the_tables_are_migrated_in_one_of_two_ways() -> None:
    by_job, at_start = template("oidc"), template("migration-at-start")
    job = of(by_job, "Job", f"{RELEASE}-migrate")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert container(job["spec"]["template"])["args"] == ["migrate"]
    # The hook is there before everything else, so it uses nothing that the chart makes.
    assert "serviceAccountName" not in job["spec"]["template"]["spec"]
    assert not [one for one in at_start if one["kind"] == "Job"]
    # The program itself gives up after an hour.
    assert job["spec"]["activeDeadlineSeconds"] > 3600
    assert of(at_start, "Deployment")["spec"]["progressDeadlineSeconds"] > 3600
    assert of(by_job, "Deployment")["spec"]["progressDeadlineSeconds"] < 3600
    switched = of(template("oidc", settings__ROW_LEVEL_SECURITY=True), "Job", f"{RELEASE}-migrate")
    assert env(switched["spec"]["template"])["ROW_LEVEL_SECURITY"] == "on"


@rule
def settings_arrive_as_they_were_meant() -> None:
    meant = {"REFLECTION": (False, "off"), "INSECURE": (False, "false"), "MEMORY_BUDGET": (268435456, "268435456"),
             "MAX_ATTRIBUTES": (20, "20"), "OTEL_TRACES_SAMPLER_ARG": (0.01, "0.01"), "VALUE_RULES": ("lenient", "lenient")}
    values = {f"settings__{name}": value for name, (value, _) in meant.items()}
    found = env(of(template("oidc", **values), "Deployment")["spec"]["template"])
    for name, (_, text) in meant.items():
        assert found[name] == text, f"{name} is {found[name]}"
    assert found["MAX_CONNECTION_AGE"] == "5m" and found["LAME_DUCK"] == "10s"
    assert found["METRICS_ADDR"] == "0.0.0.0:9464"
    off = env(of(template("oidc", metrics__enabled=False), "Deployment")["spec"]["template"])
    assert off["METRICS_ADDR"] == "off"


@rule
def selectors_find_what_they_are_meant_for() -> None:
    for example, objects in examples():
        pods = {one["metadata"]["name"]: pod for one, pod in workloads(objects)}

        def found(labels: dict[str, str]) -> list[str]:
            return [name for name, pod in pods.items() if labels.items() <= pod["metadata"]["labels"].items()]

        for one in objects:
            where, spec = f"{example}: {one['kind']} {one['metadata']['name']}", one["spec"]
            owner = one["metadata"]["name"].removesuffix("-headless").removesuffix("-metrics")
            if one["kind"] == "Service":
                assert found(spec["selector"]) == [owner], f"{where}: {found(spec['selector'])}"
                ports = {port["name"] for port in container(pods[owner])["ports"]}
                assert {port["targetPort"] for port in spec["ports"]} <= ports, where
            elif one["kind"] in ("Deployment", "PodDisruptionBudget"):
                assert found(spec["selector"]["matchLabels"]) == [owner], where
            elif one["kind"] == "NetworkPolicy":
                assert found(spec["podSelector"]["matchLabels"]) == [owner], where
                named = {port["port"] for rule in spec.get("ingress", []) for port in rule["ports"]}
                assert named <= {port["name"] for port in container(pods[owner]).get("ports", [])}, where
            elif one["kind"] == "HorizontalPodAutoscaler":
                assert spec["scaleTargetRef"]["name"] == owner and owner in pods, where
                assert "replicas" not in of(objects, "Deployment", owner)["spec"], where


@rule
def metrics_are_read_by_whom_the_policy_lets_in() -> None:
    def who(objects: list[Object]) -> list[Object]:
        rules = of(objects, "NetworkPolicy")["spec"]["ingress"]
        return [rule.get("from") for rule in rules if any(port["port"] == "metrics" for port in rule["ports"])]

    assert who(template("oidc")) == []
    peers = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
    assert who(template("oidc", networkPolicy__metrics=peers)) == [peers]


@rule
def the_service_monitor_is_this_one() -> None:
    objects = template("everything", fullnameOverride="")
    monitor = of(objects, "ServiceMonitor")
    selected = {"app.kubernetes.io/name": "channel-sessions", "app.kubernetes.io/instance": RELEASE,
                "channel-sessions/metrics": "true"}
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    assert monitor["spec"] == {
        "jobLabel": "app.kubernetes.io/name",
        "targetLabels": ["app.kubernetes.io/component"],
        "selector": {"matchLabels": selected},
        "namespaceSelector": {"matchNames": [NAMESPACE]},
        "endpoints": [{"port": "metrics", "path": "/metrics", "interval": "30s", "scrapeTimeout": "10s"}],
    }
    services = [one for one in objects if one["kind"] == "Service"]
    found = [one["metadata"]["name"] for one in services if selected.items() <= one["metadata"]["labels"].items()]
    assert sorted(found) == [f"{RELEASE}-gateway-metrics", f"{RELEASE}-metrics"], found


@rule
def names_fit_whatever_the_release_is_called() -> None:
    # The longest that Helm takes.
    objects = template("everything", release="r" * 53, fullnameOverride="", metrics__serviceMonitor__enabled=False)
    names = [(one["kind"], one["metadata"]["name"]) for one in objects]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 63 for _, name in names), names
