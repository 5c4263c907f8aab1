"""The Qt kit that panels may import: theme, task, table, chart, badge, form."""
