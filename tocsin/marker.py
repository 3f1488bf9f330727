"""Top-level names like `rules` are generic: make sure each imported package is Tocsin's own."""

import sys
from importlib import import_module
from importlib.util import find_spec

PACKAGES = ("ingest", "rules", "notifiers", "simulators", "console", "tocsin")


def foreign(packages: tuple[str, ...] = PACKAGES) -> list[str]:
    """One sentence for each package that is missing or not ours."""
    findings = []
    for name in packages:
        spec = find_spec(name)
        if spec is None:
            findings.append(f"top-level package '{name}' is missing; install Tocsin again")
        elif getattr(import_module(name), "__project__", None) != "tocsin":
            findings.append(
                f"top-level package '{name}' is {spec.origin}, not Tocsin's; "
                "install Tocsin in an environment of its own"
            )
    return findings


def require_own() -> None:
    """Exit with 3 (environment) unless every package is ours."""
    if findings := foreign():
        sys.stderr.write("\n".join(findings) + "\n")
        raise SystemExit(3)
