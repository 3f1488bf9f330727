"""All that a judge goes on with under another basis, built while the judge that is still at work goes on.

To build it takes seconds in a city, to hand over what is known a fraction of that. It is made of the two
bases alone, so whether somebody made it beforehand changes nothing of what is judged.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ingest.decode import Decoder
from ingest.gaps import Gaps
from ingest.quality import QualityControl
from ingest.registry.moves import Moves, slot_moves
from ingest.screening import Screen
from rules.engine import Engine
from rules.engine.reload import Moves as KindMoves
from rules.engine.reload import moves
from tocsin.basis import Basis


@dataclass(frozen=True, slots=True, eq=False)
class Successor:
    """Fresh parts on `basis`, and where the sensors of the basis `before` (its bundle) are on it.

    `alike`: kinds, sensors and zones are the same on both, and only rules differ.
    """

    before: str
    basis: Basis
    decoder: Decoder
    screen: Screen
    gaps: Gaps
    quality: QualityControl
    engine: Engine
    moved: Moves
    moved_by_kind: Mapping[str, KindMoves]
    alike: bool

    @classmethod
    def of(cls, before: Basis, basis: Basis) -> "Successor":
        """Any thread may build it."""
        kinds, registry = basis.kinds, basis.registry
        engine = Engine(kinds, registry, basis.rules)
        return cls(
            before.bundle,
            basis,
            Decoder(kinds, registry, basis.namespace),
            Screen(registry),
            Gaps(registry),
            QualityControl(kinds, registry),
            engine,
            slot_moves(before.registry, registry),
            {board.kind.name: moves(_ids(before, board.kind.name), board.ids) for board in engine.boards},
            (before.kinds, before.registry) == (kinds, registry),
        )


def _ids(basis: Basis, kind: str) -> list[str]:
    slots = basis.registry.ranges.get(kind, range(0))
    return [sensor.id for sensor in basis.registry.sensors[slots.start : slots.stop]]
