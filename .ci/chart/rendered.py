"""What the chart makes of values, by `helm template`."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).parents[2] / "deploy/helm"
EXAMPLES = sorted((CHART / "examples").glob("*.yaml"))
RELEASE, NAMESPACE = "channel-sessions", "centre"
# Helm takes itself for one of an old Kubernetes when it is built from its module.
KUBERNETES = "1.37.0"

Object = dict[str, Any]


class Refused(Exception):
    """Helm makes nothing of the values, and says why."""


def helm(*arguments: str) -> str:
    ran = subprocess.run(["helm", *arguments], capture_output=True, text=True, timeout=60)
    if ran.returncode != 0:
        raise Refused(ran.stdout + ran.stderr)
    return ran.stdout


def template(example: str | None, *, release: str = RELEASE, **values: Any) -> list[Object]:
    """The objects that the chart makes of an example, with other values by their paths: settings__AUTHN="oidc"."""
    arguments = ["template", release, str(CHART), "--namespace", NAMESPACE, "--kube-version", KUBERNETES]
    if example:
        arguments += ["--values", str(CHART / "examples" / f"{example}.yaml")]
    for path, value in values.items():
        arguments += ["--set-json", f"{path.replace('__', '.')}={json.dumps(value)}"]
    return [found for found in yaml.safe_load_all(helm(*arguments)) if found]


def of(objects: list[Object], kind: str, name: str = RELEASE) -> Object:
    """The one of a kind with a name."""
    found = [one for one in objects if (one["kind"], one["metadata"]["name"]) == (kind, name)]
    assert len(found) == 1, f"{len(found)} of {kind} {name}"
    return found[0]


def workloads(objects: list[Object]) -> Iterator[tuple[Object, Object]]:
    """What has pods, with the template of those."""
    for one in objects:
        if one["kind"] in ("Deployment", "Job"):
            yield one, one["spec"]["template"]


def container(pod: Object) -> Object:
    (only,) = pod["spec"]["containers"]
    return only


def env(pod: Object) -> dict[str, str]:
    """The variables that have values, and not references to some."""
    return {one["name"]: one["value"] for one in container(pod)["env"] if "value" in one}


def files(pod: Object) -> dict[str, tuple[str, str]]:
    """The paths of files in the container: each with the Secret or ConfigMap that it comes from, and its key there."""
    volumes = {one["name"]: one for one in pod["spec"].get("volumes", [])}
    found = {}
    for mount in container(pod).get("volumeMounts", []):
        volume = volumes[mount["name"]]
        source = volume.get("secret") or volume.get("configMap")
        name = source.get("secretName") or source.get("name")
        for item in source.get("items", []):
            found[f"{mount['mountPath']}/{item['path']}"] = (name, item["key"])
    return found
