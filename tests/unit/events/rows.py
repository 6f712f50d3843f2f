"""Rows of the table `orders`, and their changes as the stream tells them."""

from chalicelib.aws.tables import _attributes


def an_order(pk="order#o-1", **changes):
    return {
        "pk": pk,
        "sk": "order",
        "orderId": pk.removeprefix("order#"),
        "status": "PLACED",
        "customerId": "u-1",
        "items": [{"productId": "vip", "quantity": 2, "name": "VIP package", "priceCents": 5000}],
        "totalCents": 10_000,
        "currency": "EUR",
        "paymentMethod": "pm_card_visa",
        "createdAt": 1_796_000_000_000,
        "updatedAt": 1_796_000_000_123,
        "version": 3,
        **changes,
    }


def changed(new, old=None, number=1):
    """The record of a change from `old` to `new`; None is no item."""
    images = {name: _attributes(row) for name, row in (("NewImage", new), ("OldImage", old)) if row}
    keys = _attributes({name: (new or old)[name] for name in ("pk", "sk")})
    kind = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
    place = {"Keys": keys, "SequenceNumber": str(number), "StreamViewType": "NEW_AND_OLD_IMAGES", **images}
    return {"eventID": f"e{number}", "eventName": kind, "eventSource": "aws:dynamodb", "dynamodb": place}


def placed(number=1, **changes):
    """An order's change to PLACED."""
    new = an_order(pk=f"order#o-{number}", **changes)
    return changed(new, {**new, "status": "ACCEPTED"}, number)
