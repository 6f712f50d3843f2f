"""What goes wrong while packaging."""

import click


class Unbuildable(click.ClickException):
    """The package cannot be made; the message says why, and what to do."""
