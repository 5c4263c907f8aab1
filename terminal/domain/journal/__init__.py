"""The journal: what was decided and predicted, what became of it, and what can be learned from that. Pure."""
