"""A day at the merchandise stand, by the client beside this file.

While `make run` runs:

python docs/examples/merchandise.py http://127.0.0.1:8000 local-organiser-token
"""

import sys
import uuid

from guestlist import Conflict, Guestlist, Problem


def main(url: str, token: str) -> None:
    guestlist = Guestlist(url, token)

    shirt = guestlist.create("/products", {"name": "Tour shirt", "priceCents": 1999, "stock": 50})
    path = f"/products/{shirt['productId']}"
    print(f"made       {shirt['name']}, {shirt['stock']} in stock")

    delivery = str(uuid.uuid4())  # from the delivery note: booked once, however often this is run for it
    for _ in range(2):
        shirt = guestlist.create(f"{path}/stock", {"delta": 30, "reason": "Delivered"}, key=delivery)
    print(f"delivered  once, though sent twice: {shirt['stock']} in stock")

    shirt = guestlist.update(path, lambda product: {"priceCents": min(product["priceCents"], 1499)})
    print(f"on sale    for {shirt['priceCents'] / 100:.2f} {shirt['currency']}")

    try:
        guestlist.create(f"{path}/stock", {"delta": -100, "reason": "Taken to the stand"})
    except Conflict as problem:
        print(f"refused    {problem.detail} (reason: {problem.members['reason']})")

    try:
        guestlist.create("/products", {"name": "", "priceCents": "19.99"})
    except Problem as problem:
        print(f"refused    {problem}")

    for adjustment in guestlist.every(f"{path}/stock", limit=2):
        print(f"history    {adjustment['at']} {adjustment['delta']:+} {adjustment['reason']} ({adjustment['by']})")

    guestlist.delete(path)
    print(f"deleted    {shirt['productId']} among them: {shirt in list(guestlist.every('/products'))}")


if __name__ == "__main__":
    main(*sys.argv[1:])
