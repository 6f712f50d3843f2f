"""A Graph API on this machine that answers as it is told, and remembers what it was asked."""

from tests.fakes.platform import Answer, Platform


class Graph(Platform):
    """`plan` holds the next answers to sends; without one, a send is taken. Sender actions and profiles have their own."""

    def __init__(self):
        super().__init__()
        self.action = Answer()
        self.profile = Answer(200, {"first_name": "Anna"})

    @property
    def sends(self):
        return [asked.body for asked in self.asked if "message" in asked.body]

    @property
    def texts(self):
        return [send["message"].get("text", "📎") for send in self.sends]

    def answer(self, asked):
        if asked.method == "GET":
            return self.profile
        if "sender_action" in asked.body:
            return self.action
        return self.plan.pop(0) if self.plan else Answer(200, {"recipient_id": "1", "message_id": "m_1"})


def error(code, subcode=None, status=400, headers=()):
    problem = {"message": "(#1) Something about 24680", "code": code, "error_subcode": subcode, "fbtrace_id": "Axyz"}
    return Answer(status, {"error": problem}, headers)
