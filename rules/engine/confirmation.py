"""Confirmation by neighbours (D29): what the sensors around one that warns say of the same condition."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ingest.registry import Registry, Sensor
from ingest.registry.neighbours import nearest
from rules.engine.board import Board
from rules.engine.foresight import Foresight
from rules.engine.interest import Gathered, Truth
from rules.engine.ladder import Ladder
from rules.engine.normal_form import AnyOf, Compiler, Node
from rules.engine.ring import NEVER
from rules.engine.sites import Sites
from rules.engine.standing import standing
from rules.engine.verdict import TRUE, UNKNOWN
from rules.engine.view import Now
from rules.engine.waves import Wave
from rules.grade import Grade
from rules.rule import Confirm, Release

Slots = npt.NDArray[np.intp]


class Word(NamedTuple):
    """What one sensor says anew, by grade: whether it agrees; `rank` and `message` are its reading's."""

    rank: int
    message: int
    slot: int
    changed: dict[Grade, bool]


class Confirmation:
    """The last word of each sensor of the kind on each grade, at the share of its threshold.

    A word stands until a reading denies it. `_doubted` holds, by the slot of each neighbour, the sensors that
    have a grade which is not certain: they are judged again when the neighbour's word turns true.
    """

    def __init__(self, confirm: Confirm, ladder: Ladder, board: Board, registry: Registry) -> None:
        sensors = tuple(registry.sensors[slot] for slot in registry.ranges[ladder.kind.name])
        self.confirm = confirm
        self._ladder = ladder
        self._board = board
        self._support = _support(confirm, ladder, sensors, registry)
        self._any = AnyOf(tuple(self._support.values()))
        board.watch(self._any)
        self._around = nearest(sensors, float(confirm.radius))
        self.words = {grade: np.zeros(len(sensors), np.bool_) for grade in self._support}
        self._doubted: dict[int, set[int]] = {}

    def stirs(self, wave: Wave) -> Truth:
        """Which readings may confirm a sensor whose grade is in doubt; asked before they are taken in."""
        heard = np.isin(wave.slot, [*self._doubted])
        if not heard.any():
            return heard
        ahead = Foresight(self._board, wave)
        may_agree = (
            ahead.may_turn_true(node) & ~self.words[g][wave.slot] for g, node in self._support.items()
        )
        stirring: Truth = heard & np.logical_or.reduce([*may_agree])
        return stirring

    def hear(self, wave: Wave, received: int) -> list[Word]:
        """The words that change with a wave that was taken in, in its order; none is noted yet."""
        wanted = Gathered(self._board, wave, received).true(self._any)
        for words in self.words.values():
            wanted = wanted | words[wave.slot]
        heard: list[Word] = []
        for at in np.flatnonzero(wanted).tolist():
            slot = int(wave.slot[at])
            if changed := self._changed(slot, received):
                heard.append(Word(int(wave.rank[at]), int(wave.message[at]), slot, changed))
        return heard

    def _changed(self, slot: int, received: int) -> dict[Grade, bool]:
        patience = self._ladder.patience(int(self._board.patience[slot]))
        view = Now(self._board, slot, int(self._board.newest[slot]), received, patience, {}, True)
        said = self._ladder.judged(self._support, view)
        known = {grade: verdict == TRUE for grade, verdict in said.items() if verdict != UNKNOWN}
        return {grade: agrees for grade, agrees in known.items() if agrees != self.words[grade][slot]}

    def note(self, word: Word) -> list[int]:
        """Take a word as its sensor's last; returns the sensors in doubt that it may confirm, by slot."""
        for grade, agrees in word.changed.items():
            self.words[grade][word.slot] = agrees
        return self.doubted(word.slot) if any(word.changed.values()) else []

    def lacks(self, slot: int, grade: Grade) -> str:
        """Why the grade of a sensor is not confirmed; empty when it is."""
        around, confirm = self._around[slot], self.confirm
        within = f"within {float(confirm.radius) / 1000:g} km, {confirm.neighbours} demanded"
        if len(around) < confirm.neighbours:
            return f"{_count(len(around), 'neighbour')} {within}"
        agree = int(self.words[grade][around].sum())
        return "" if agree >= confirm.neighbours else f"{_count(agree, 'agreeing neighbour')} {within}"

    def doubt(self, slot: int, doubtful: bool) -> None:
        """Note whether a sensor has a grade that is not certain."""
        for neighbour in self._around[slot].tolist():
            if doubtful:
                self._doubted.setdefault(neighbour, set()).add(slot)
            elif neighbour in self._doubted:
                self._doubted[neighbour].discard(slot)
                if not self._doubted[neighbour]:
                    del self._doubted[neighbour]

    def doubted(self, *neighbours: int) -> list[int]:
        """The sensors with a doubtful grade that the word of these can confirm; without any, all of them."""
        sets = self._doubted.values() if not neighbours else (self._doubted.get(n, set()) for n in neighbours)
        return sorted(set().union(*sets))

    def learn(self, old: "tuple[Confirmation, Slots, Slots] | None", instant: int) -> None:
        """After a reload: the words of sensors that stayed (before, now), and what all of them say now."""
        if old is not None:
            known, here, there = old
            for grade in self.words.keys() & known.words.keys():
                self.words[grade][there] = known.words[grade][here]
        heard = np.flatnonzero(self._board.newest > NEVER)
        for word in self.hear(standing(self._board, self._ladder.columns, heard), instant):
            self.note(word)

    def snapshot(self) -> dict[str, npt.NDArray[np.generic]]:
        return {f"words/{grade}": words for grade, words in self.words.items()}

    def restore(self, state: Mapping[str, npt.NDArray[np.generic]]) -> None:
        for grade, words in self.words.items():
            words[:] = state[f"words/{grade}"]


def _support(
    confirm: Confirm, ladder: Ladder, sensors: Sequence[Sensor], registry: Registry
) -> dict[Grade, Node]:
    """The conditions with every threshold at the share: moved as a margin of what lacks to the whole."""
    eased = Release(0, share=1 - confirm.share)
    sites = Sites(ladder.rule.parameters, registry)
    compiler = Compiler(ladder.rule.id, ladder.kind, tuple(sensors), eased, sites)
    grades = sorted(ladder.rule.grades, reverse=True)
    return {grade: compiler.clearing(ladder.rule.grades[grade]) for grade in grades}


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number in (0, 1) else 's'}"
