"""Amounts as people write them."""


def money(cents: int, language: str) -> str:
    """`€ 1,000.01`, or in Dutch `€ 1.000,01`."""
    written = f"{cents / 100:,.2f}"
    return "€ " + (written.translate(str.maketrans(",.", ".,")) if language == "nl" else written)
