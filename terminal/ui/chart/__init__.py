"""The price chart of the kit. pyqtgraph is imported when the first bars arrive, never with this package."""

from terminal.ui.chart.chart import Chart
from terminal.ui.chart.marks import RANGES, Compared, Marker, PriceLevel, Study, StudyLine

__all__ = ["RANGES", "Chart", "Compared", "Marker", "PriceLevel", "Study", "StudyLine"]
