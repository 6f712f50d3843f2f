"""`make run`: the whole application on one machine, without an account (docs/local.md)."""
