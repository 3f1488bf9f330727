"""What judgement rests on."""

from dataclasses import dataclass

from ingest.kinds import Kinds
from ingest.namespace import Namespace
from ingest.registry import Registry
from rules.rule import Rule


@dataclass(frozen=True, slots=True)
class Basis:
    """`bundle` is the content hash of the texts it was built from, `namespace` where its devices report."""

    bundle: str
    kinds: Kinds
    registry: Registry
    rules: tuple[Rule, ...]
    namespace: Namespace
