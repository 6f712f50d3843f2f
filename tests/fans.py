"""What fans of the simulator do alike on every platform."""

import time

import requests


class Fan:
    """A fan whose platform the simulator calls `channel`, and `address` there."""

    def __init__(self, run, channel, address):
        self.run = run
        self._query = {"channel": channel, "to": address}
        self._seen = 0

    def messages(self):
        return requests.get(f"{self.run.simulator}/messages", params=self._query, timeout=10).json()

    def reads(self, count=1):
        """The next `count` messages."""
        deadline = time.monotonic() + 20
        while len(messages := self.messages()) < self._seen + count:
            assert time.monotonic() < deadline, f"only {messages[self._seen :]} came"
            time.sleep(0.02)
        read = messages[self._seen : self._seen + count]
        self._seen += count
        return read

    def answers(self, question, campaign):
        """Answers the question rightly, by the button where there is one."""
        asked = next(q for q in campaign["questions"] if q["text"]["en"] in question["text"])
        if asked["kind"] == "text":
            return self.types(asked["accept"]["en"][0])
        title = next(choice["text"]["en"] for choice in asked["choices"] if choice["id"] == asked["answer"])
        [payload] = [choice["payload"] for choice in question["choices"] if choice["title"] == title]
        return self.presses(title, payload)
