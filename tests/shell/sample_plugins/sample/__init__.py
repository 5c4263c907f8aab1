"""Panels and commands made for the window tests."""

from terminal.api import Panel, Plugin

PLUGIN = Plugin(
    id="sample", title="Sample", summary="Panels made for tests.", commands="sample_plugins.sample.commands",
    panels=(Panel(id="side", title="Filters", widget="sample_plugins.sample.panel:SidePanel", area="left", icon="filter",
                  code="FLT", order=5),
            Panel(id="list", title="List", widget="sample_plugins.sample.panel:ListPanel", area="center", icon="table-2",
                  code="LST", order=10, follows_symbol=True),
            Panel(id="sheet", title="Sheet", widget="sample_plugins.sample.panel:SheetPanel", area="right", icon="file-text",
                  code="DES", order=20, follows_symbol=True),
            Panel(id="hidden", title="Second sheet", widget="sample_plugins.sample.panel:SecondPanel", area="right",
                  icon="layers", code="SEC", order=30, follows_symbol=True),
            Panel(id="broken", title="Broken", widget="sample_plugins.sample.panel:BrokenPanel", area="right",
                  icon="bug", order=40)),
)
