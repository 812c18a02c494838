"""Reads the metrics of a process by Prometheus's own parser of OpenMetrics, which is strict, and writes them to
standard output in Prometheus's older format, which `promtool check metrics` reads.

Usage: metrics.py URL
"""

import sys
import urllib.request

from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.registry import Collector, CollectorRegistry

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class Exposed(Collector):
    def __init__(self, text: str):
        self.families = list(text_string_to_metric_families(text))

    def collect(self):
        return self.families


def main() -> None:
    with urllib.request.urlopen(sys.argv[1], timeout=30) as answer:
        if answer.headers["content-type"] != CONTENT_TYPE:
            sys.exit(f"it calls itself {answer.headers['content-type']}")
        text = answer.read().decode()
    exposed = Exposed(text)
    if len(exposed.families) < 25:
        sys.exit(f"only {len(exposed.families)} families are exposed")
    registry = CollectorRegistry()
    registry.register(exposed)
    sys.stdout.buffer.write(generate_latest(registry))
    print(f"{len(exposed.families)} families, {len(text)} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
