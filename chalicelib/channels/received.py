"""What a platform sent: no value in it is sure to be of its type, or fit to be stored."""


def storable(value: object, limit: int) -> str:
    r"""The text, cut; empty when it is none. Half a surrogate pair (`\ud83d` alone is legal JSON) becomes U+FFFD, as no table stores it."""
    if not isinstance(value, str):
        return ""
    return value[:limit].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
