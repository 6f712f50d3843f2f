"""What the mail of an order says."""

MAIL = {
    "en": {
        "subject": "Your order {order_id}",
        "title": "Thank you for your order",
        "paid": "It is paid, and yours. Please keep this mail: it is your receipt.",
        "order": "Order",
        "what": "What",
        "number": "Number",
        "price": "Price",
        "sum": "Sum",
        "total": "Total",
    },
    "nl": {
        "subject": "Je bestelling {order_id}",
        "title": "Bedankt voor je bestelling",
        "paid": "Ze is betaald en van jou. Bewaar deze mail: het is je bon.",
        "order": "Bestelling",
        "what": "Wat",
        "number": "Aantal",
        "price": "Prijs",
        "sum": "Som",
        "total": "Totaal",
    },
}


def money(cents: int, language: str) -> str:
    """`€ 1,000.01`, or in Dutch `€ 1.000,01`."""
    written = f"{cents / 100:,.2f}"
    return "€ " + (written.translate(str.maketrans(",.", ".,")) if language == "nl" else written)
