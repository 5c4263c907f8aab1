"""The user's own positions: what was done (`transactions`), what is held and earned (`lots`), how well it went (`returns`)."""
