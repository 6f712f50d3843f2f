"""A stage's secrets in memory, as `ops.stages.Secrets` hands them to a command."""


class MemorySecrets:
    def __init__(self, values=None):
        self.values = values or {}

    def id(self, name):
        return f"guestlist/prod/{name}"

    def read(self, name):
        return self.values.get(name, {})

    def write(self, name, value):
        self.values[name] = value
