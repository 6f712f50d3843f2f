"""A stage's secrets in memory."""

from chalicelib.errors import Unavailable


class OneSecret:
    """The only one that is read; without members, it has no value."""

    def __init__(self, name, members):
        self._name = name
        self._members = members

    def get(self, name):
        assert name == self._name
        if self._members is None:
            raise Unavailable("The secret has no value")
        return self._members


class ReadSecrets:
    """As the application reads them."""

    def __init__(self, values):
        self._values = values

    def get(self, name):
        return self._values[name]


class MemorySecrets:
    """As `ops.stages.Secrets` hands them to a command."""

    def __init__(self, values=None):
        self.values = values or {}

    def id(self, name):
        return f"guestlist/prod/{name}"

    def read(self, name):
        return self.values.get(name, {})

    def write(self, name, value):
        self.values[name] = value
