"""How much of a thing to buy: by what may be lost, by how much it swings, by an edge, or by what the market says."""
