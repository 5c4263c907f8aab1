"""Technical indicators over bars, for one series or for many symbols at once.

Classic indicators come from TA-Lib, the rest from numpy. A kernel takes float64 arrays of one symbol, oldest first, and
gives arrays of the same length with NaN where the window is not full; it never looks past the value's own row (tests cut
the data short to prove it). After a bar with an unknown input an indicator begins anew, as if the bars began there.
"""

from terminal.domain.indicators.catalogue import INDICATORS, SERIES, read_study
from terminal.domain.indicators.evaluation import compute, series, slices
from terminal.domain.indicators.model import Array, Indicator, Output, Parameter, Series, Value

__all__ = [
    "INDICATORS", "SERIES", "Array", "Indicator", "Output", "Parameter", "Series", "Value", "compute", "read_study", "series",
    "slices",
]  # fmt: skip
