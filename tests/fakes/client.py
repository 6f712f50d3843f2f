"""A service of AWS that notes what it is asked, and fails as it is told."""


class Client:
    def __init__(self, *failures):
        self.asked = []
        self._failures = list(failures)

    def call(self, operation, **parameters):
        self.asked.append((operation, parameters))
        if self._failures and (failure := self._failures.pop(0)):
            raise failure
        return {}
