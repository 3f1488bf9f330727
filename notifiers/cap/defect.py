"""What is wrong with a document, and the types its rules share."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias
from xml.etree import ElementTree as ET


@dataclass(frozen=True, slots=True)
class Defect:
    """`element` is its name, or its path from the alert; `way_out` what to write instead."""

    element: str
    reason: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.element}: {self.reason}; {self.way_out}"


@dataclass(frozen=True, slots=True)
class Limits:
    """What the caller allows: `largest` is the size of an area in square kilometres."""

    largest: float


Rule: TypeAlias = Callable[[ET.Element, Limits], Iterator[Defect]]
