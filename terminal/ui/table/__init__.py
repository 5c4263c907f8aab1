"""The table of the terminal: shows any command's `Table`, fast, with the source of every number.

`view` is the widget (menus, mouse, `keys`), over `arranged` (columns, order, filters, groups), over `painted`. `model` and
`told` hold values and words, `cells` and `header` paint them, `filters` is the row under the titles, `chooser` picks columns,
`menus` and `saved` offer it all, `export` copies and writes files, `ticks` takes live values.
"""

from terminal.ui.table.look import Action, Look
from terminal.ui.table.view import TableView

__all__ = ["Action", "Look", "TableView"]
