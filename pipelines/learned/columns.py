"""What the models' features are made of: columns by name, a value a block."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.arrays import Floats, Ints

# A value for each block, or one for all.
Column = NDArray[Any] | float
Columns = dict[str, Column]
Vector = list[float]
Matrix = NDArray[np.float32]

# Numpy's own logarithm differs in the last bit from processor to processor.
_LOGARITHMS = np.array([math.log1p(number) for number in range(1 << 15)])


def log1p(numbers: Ints) -> Floats:
    """The logarithm of 1 + each number, the same to the last bit everywhere."""
    found = _LOGARITHMS.take(numbers, mode="clip")
    large = numbers >= len(_LOGARITHMS)
    if large.any():
        found[large] = [math.log1p(number) for number in numbers[large].tolist()]
    return found
