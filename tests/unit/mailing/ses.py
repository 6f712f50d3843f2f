"""Events as SES documents them: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-examples.html ."""

import copy
import json

ANNA = "anna@example.org"

BOUNCE = {
    "eventType": "Bounce",
    "bounce": {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [
            {
                "emailAddress": ANNA,
                "action": "failed",
                "status": "5.1.1",
                "diagnosticCode": "smtp; 550 5.1.1 user unknown",
            }
        ],
        "timestamp": "2026-12-05T00:41:02.669Z",
        "feedbackId": "01000157c44f053b-61b59c11-9236-11e6-8f96-7be8aexample-000000",
        "reportingMTA": "dsn; mta.example.com",
    },
    "mail": {
        "timestamp": "2026-12-05T00:40:02.012Z",
        "source": "Guestlist <tickets@guestlist.example>",
        "sendingAccountId": "123456789012",
        "messageId": "EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000",
        "destination": [ANNA],
        "tags": {"ses:configuration-set": ["guestlist-prod-mails"]},
    },
}
COMPLAINT = {
    "eventType": "Complaint",
    "complaint": {
        "complainedRecipients": [{"emailAddress": ANNA}],
        "timestamp": "2026-12-06T00:41:02.669Z",
        "feedbackId": "01000157c44f053b-61b59c11-9236-11e6-8f96-7be8aexample-000000",
        "userAgent": "Amazon SES Mailbox Simulator",
        "complaintFeedbackType": "abuse",
        "arrivalDate": "2026-12-06T00:41:02.669Z",
    },
    "mail": BOUNCE["mail"],
}


def bounce(address=ANNA, **changes):
    event = copy.deepcopy(BOUNCE)
    event["bounce"]["bouncedRecipients"][0]["emailAddress"] = address
    event["bounce"] |= changes
    return json.dumps(event)


def complaint(address=ANNA, **changes):
    event = copy.deepcopy(COMPLAINT)
    event["complaint"]["complainedRecipients"][0]["emailAddress"] = address
    event["complaint"] |= changes
    return json.dumps(event)
