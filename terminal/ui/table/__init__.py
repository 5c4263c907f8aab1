"""The table of the terminal: shows any command's `Table`, fast, with the source of every number.

`view` is the widget, `model` what it shows, `header` and `cells` paint, `filters` is the row under the header, `chooser`
picks columns, `menus` and `saved` offer all of it, `export` copies and writes files, `ticks` takes live values.
"""

from terminal.ui.table.look import Action, Look
from terminal.ui.table.view import TableView

__all__ = ["Action", "Look", "TableView"]
