"""All that a judge goes on with under another basis, built while the judge that is still at work goes on.

To build it takes seconds in a city, to hand over what is known a fraction of that. It is made of the two
bases alone, so whether somebody made it beforehand changes nothing of what is judged.
"""

from dataclasses import dataclass, field

from ingest.decode import Decoder
from ingest.gaps import Gaps
from ingest.quality import QualityControl
from ingest.registry.moves import Moves, slot_moves
from ingest.screening import Screen
from rules.engine import Engine
from rules.engine.moved import Moved, moved
from tocsin.basis import Basis


@dataclass(frozen=True, slots=True, eq=False)
class Successor:
    """Fresh parts on `basis`, and where the sensors of the basis `before` (its bundle) are on it.

    `remains` are the parts of the judge before, once it has taken over.
    """

    before: str
    basis: Basis
    decoder: Decoder
    screen: Screen
    gaps: Gaps
    quality: QualityControl
    engine: Engine
    moved: Moves
    in_engine: Moved
    remains: list[object] = field(default_factory=list)

    @classmethod
    def of(cls, before: Basis, engine: Engine, basis: Basis) -> "Successor":
        """Any thread may build it; of the engine on `before` only that is read which never changes."""
        kinds, registry = basis.kinds, basis.registry
        successor = Engine(kinds, registry, basis.rules)
        return cls(
            before.bundle,
            basis,
            Decoder(kinds, registry, basis.namespace),
            Screen(registry),
            Gaps(registry),
            QualityControl(kinds, registry),
            successor,
            slot_moves(before.registry, registry),
            moved(engine, successor),
        )
