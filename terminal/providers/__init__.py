"""Data services and how they are asked: routing, budgets, breakers, HTTP; each service in a module of its own."""
