"""What the mail of an order says."""

MAIL = {
    "en": {
        "subject": "Your order {order_id}",
        "title": "Thank you for your order",
        "paid": "It is paid, and yours. Please keep this mail: it is your receipt.",
        "order": "Order",
        "what": "What",
        "sum": "Sum",
        "total": "Total",
    },
    "nl": {
        "subject": "Je bestelling {order_id}",
        "title": "Bedankt voor je bestelling",
        "paid": "Ze is betaald en van jou. Bewaar deze mail: het is je bon.",
        "order": "Bestelling",
        "what": "Wat",
        "sum": "Som",
        "total": "Totaal",
    },
}
