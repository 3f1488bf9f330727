"""Stretches of equal values in an array in which equal values stand together."""

from typing import Any

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.intp]


def starts(*columns: npt.NDArray[Any]) -> Indices:
    """Where each stretch begins; of several arrays of one length, where any of them changes."""
    begins = np.ones(len(columns[0]), np.bool_)
    if len(begins) > 1:
        np.not_equal(columns[0][1:], columns[0][:-1], out=begins[1:])
        for column in columns[1:]:
            begins[1:] |= column[1:] != column[:-1]
    return begins.nonzero()[0]


def sizes(begins: Indices, whole: int) -> Indices:
    """How long each stretch is, of an array of the length `whole`."""
    ends = np.empty_like(begins)
    ends[:-1] = begins[1:]
    ends[-1:] = whole
    return ends - begins
