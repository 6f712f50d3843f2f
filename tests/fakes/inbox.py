"""Where webhooks put messages, in memory."""

from chalicelib.dialogue.model import Message
from chalicelib.errors import Unavailable


class MemoryInbox:
    """`kept` is what it has; where it `refuses`, nothing is."""

    def __init__(self):
        self.kept = []
        self.refuses = False

    def accept(self, messages):
        if self.refuses:
            raise Unavailable("The queue refuses")
        self.kept += messages

    def forget(self, conversation, code, at):
        self.accept([Message(conversation, code, at, kind="deletion")])
