"""Every way into Guestlist, one line each. What happens there is in chalicelib; `wiring` says who does it."""

from chalicelib import http, settings, wiring
from chalicelib.http import ANYONE, FAN, ORGANISER, PLATFORM, SERVICE, STEWARD

app = http.Application("guestlist", allowed_origins=wiring.cors_origins)
app.api.binary_types = ["*/*"]  # pictures reach browsers whatever they accept, and webhooks reach us byte for byte


# Who may call


@app.authorizer(ttl_seconds=60)
def authorise(request):
    return http.authorise(request, wiring.access().principal)


api = app.by_token(authorise, wiring)  # declares a route: who may call it, and what of wiring answers


# Messenger

api("GET", "/webhooks/messenger", PLATFORM, "messenger.subscribe")


@app.route("/webhooks/messenger", methods=["POST"], who=PLATFORM)
def receive_messenger():
    return wiring.messenger().receive(app.current_request)


@app.route("/webhooks/messenger/data-deletion", methods=["POST"], who=PLATFORM, content_types=[http.FORM])
def delete_messenger_data():
    return wiring.messenger().delete_data(app.current_request)


api("GET", "/deletions/{code}", FAN, "messenger.deletion_status")

# Slack


@app.route("/webhooks/slack/events", methods=["POST"], who=PLATFORM)
def receive_slack_event():
    return wiring.slack().events(app.current_request)


@app.route("/webhooks/slack/commands", methods=["POST"], who=PLATFORM, content_types=[http.FORM])
def receive_slack_command():
    return wiring.slack().commands(app.current_request)


@app.route("/webhooks/slack/interactions", methods=["POST"], who=PLATFORM, content_types=[http.FORM])
def receive_slack_interaction():
    return wiring.slack().interactions(app.current_request)


api("GET", "/slack/install", ANYONE, "slack_install.install")
api("GET", "/slack/oauth", ANYONE, "slack_install.finish")

# Web chat

api("GET", "/chat/{campaign}", FAN, "web_chat.page")
api("POST", "/chat/{campaign}/messages", FAN, "web_chat.say")
api("GET", "/chat/{campaign}/messages", FAN, "web_chat.transcript")

# Conversations: the queues between the platforms and the dialogue


@app.on_sqs_message(queue=settings.queue("inbound.fifo"), batch_size=10, maximum_concurrency=300)
def bot(event):
    return wiring.bot().handle(event.to_dict(), event.context.get_remaining_time_in_millis)


@app.on_sqs_message(queue=settings.queue("outbound.fifo"), batch_size=10, maximum_concurrency=30)
def sender(event):
    return wiring.sender().handle(event.to_dict(), event.context.get_remaining_time_in_millis)


# Whether the platforms still reach us


@app.schedule("cron(0 6 * * ? *)")
def check_channels(event):  # noqa: ARG001  # nothing but the time
    return wiring.channel_checks().handle()


# Campaigns


@app.schedule("rate(5 minutes)")
def run_campaigns(event):
    return wiring.campaign_run().handle(event.context.get_remaining_time_in_millis)


api("GET", "/campaigns", ORGANISER, "campaigns_api.list", scoped=True)
api("POST", "/campaigns", ORGANISER, "campaigns_api.create")
api("GET", "/campaigns/{campaign}", ORGANISER, "campaigns_api.show")
api("PUT", "/campaigns/{campaign}", ORGANISER, "campaigns_api.replace")
api("PATCH", "/campaigns/{campaign}", ORGANISER, "campaigns_api.patch")
api("DELETE", "/campaigns/{campaign}", ORGANISER, "campaigns_api.delete")
api("POST", "/campaigns/{campaign}/state", ORGANISER, "campaigns_api.bring")
api("POST", "/campaigns/{campaign}/clone", ORGANISER, "campaigns_api.clone")
api("POST", "/campaigns/{campaign}/preview", ORGANISER, "campaigns_api.preview")
api("GET", "/campaigns/{campaign}/audit", ORGANISER, "campaigns_api.audit")
api("GET", "/campaigns/{campaign}/links", ORGANISER, "sources_api.links")
api("GET", "/campaigns/{campaign}/qr", ORGANISER, "sources_api.qr")
api("GET", "/campaigns/{campaign}/sources", ORGANISER, "sources_api.counts")
api("PUT", "/campaigns/{campaign}/sources/{source}", ORGANISER, "sources_api.announce")
api("DELETE", "/campaigns/{campaign}/sources/{source}", ORGANISER, "sources_api.withdraw")

# Products

api("GET", "/products", ORGANISER, "products_api.list")
api("POST", "/products", ORGANISER, "products_api.create")
api("GET", "/products/{product}", ORGANISER, "products_api.show")
api("PUT", "/products/{product}", ORGANISER, "products_api.replace")
api("PATCH", "/products/{product}", ORGANISER, "products_api.change")
api("DELETE", "/products/{product}", ORGANISER, "products_api.delete")
api("POST", "/products/{product}/stock", ORGANISER, "products_api.adjust")
api("GET", "/products/{product}/stock", ORGANISER, "products_api.adjustments")

# Orders

api("POST", "/orders", SERVICE, "orders_api.create")
api("GET", "/orders/{order}", (ORGANISER, SERVICE), "orders_api.show")


@app.on_sqs_message(queue=settings.queue("order-processing"), batch_size=10)
def process_order(event):
    return wiring.order_queue().handle(event.to_dict(), event.context.get_remaining_time_in_millis)


@app.schedule("rate(5 minutes)")
def sweep_orders(event):
    return wiring.order_sweeper().handle(event.context.get_remaining_time_in_millis)


@app.on_dynamodb_record(stream_arn=settings.stream("orders"), batch_size=100, starting_position="TRIM_HORIZON")
def publish_changes(event):
    return wiring.publisher().publish(event.to_dict())


@app.on_sqs_message(queue=settings.queue("send-email"), batch_size=10, maximum_concurrency=2)
def send_email(event):
    return wiring.receipts().handle(event.to_dict(), event.context.get_remaining_time_in_millis)


@app.on_sqs_message(queue=settings.queue("update-inventory"), batch_size=10, maximum_concurrency=10)
def update_inventory(event):
    return wiring.inventory().handle(event.to_dict(), event.context.get_remaining_time_in_millis)


@app.on_sqs_message(queue=settings.queue("notify-warehouse"), batch_size=10, maximum_concurrency=10)
def notify_warehouse(event):
    return wiring.warehouse().handle(event.to_dict(), event.context.get_remaining_time_in_millis)


@app.on_sqs_message(queue=settings.queue("alert"), batch_size=10, maximum_concurrency=10)
def raise_alert(event):
    return wiring.alert().handle(event.to_dict(), event.context.get_remaining_time_in_millis)


# Mails

api("GET", "/unsubscribe/{token}", FAN, "unsubscribe_page.show")


@app.on_sqs_message(queue=settings.queue("mail-events"), batch_size=10, maximum_concurrency=2)
def receive_mail_events(event):
    return wiring.mail_events().handle(event.to_dict(), event.context.get_remaining_time_in_millis)


@app.route("/unsubscribe/{token}", methods=["POST"], who=FAN, content_types=[http.FORM, http.FORM_DATA])
def unsubscribe(token):
    return wiring.unsubscribe_page().change(token, app.current_request)


# Reports

api("GET", "/reports/{campaign}/{date}", ORGANISER, "reports_api.show")


@app.schedule("cron(0/15 * * * ? *)")  # 08:00 is at 02:15 UTC in Kathmandu
def send_daily_report(event):
    return wiring.report_rounds().make(event.context.get_remaining_time_in_millis)


@app.on_sqs_message(queue=settings.queue("reports"), batch_size=1, maximum_concurrency=2)
def mail_report(event):
    return wiring.report_queue().handle(event.to_dict(), event.context.get_remaining_time_in_millis)


# The steps of infra/order_workflow.asl.json


@app.lambda_function()
def validate_order(event, _context):
    return wiring.order_steps().validate(event)


@app.lambda_function()
def pay_order(event, _context):
    return wiring.order_steps().pay(event)


@app.lambda_function()
def reserve_order(event, _context):
    return wiring.order_steps().reserve(event)


@app.lambda_function()
def place_order(event, _context):
    return wiring.order_steps().place(event)


@app.lambda_function()
def undo_order(event, _context):
    return wiring.order_steps().undo(event)


@app.lambda_function()
def notify_order(event, _context):
    return wiring.order_steps().notify(event)


# Payments

api("GET", "/payments/{order}", FAN, "payment_page.show")


@app.route("/webhooks/stripe", methods=["POST"], who=PLATFORM)
def receive_stripe():
    return wiring.stripe_webhook().receive(app.current_request)


@app.route("/payments/{order}", methods=["POST"], who=FAN, content_types=[http.FORM])
def take_payment(order):
    return wiring.payment_page().take(order, app.current_request)


# Statistics: what the streams of tables tell, counted

api("GET", "/campaigns/{campaign}/stats", ORGANISER, "statistics_api.show")
in_tens = {"starting_position": "TRIM_HORIZON", "maximum_batching_window_in_seconds": 10}


@app.on_dynamodb_record(stream_arn=settings.stream("campaigns"), **in_tens)
def count_changes(event):
    return wiring.counter("count-changes-dlq").handle(event.to_dict())


@app.on_dynamodb_record(stream_arn=settings.stream("conversations"), **in_tens)
def count_turns(event):
    return wiring.counter("count-turns-dlq").handle(event.to_dict())


@app.on_dynamodb_record(stream_arn=settings.stream("orders"), **in_tens)
def count_orders(event):
    return wiring.counter("count-orders-dlq").handle(event.to_dict())


# Tickets

api("GET", "/t/{code}", FAN, "tickets_api.page")


@app.route("/tickets/keys", methods=["GET"], who=ANYONE)
def show_ticket_keys():
    return wiring.tickets_api().keys()


api("POST", "/tickets/redeem", STEWARD, "tickets_api.redeem", scoped=True)

# Users

api("POST", "/users", (ORGANISER, SERVICE), "users_api.create")
api("GET", "/users", (ORGANISER, SERVICE), "users_api.page")
api("GET", "/users/{user}", (ORGANISER, SERVICE), "users_api.show")
api("PUT", "/users/{user}", (ORGANISER, SERVICE), "users_api.replace")
api("PATCH", "/users/{user}", (ORGANISER, SERVICE), "users_api.patch")
api("DELETE", "/users/{user}", (ORGANISER, SERVICE), "users_api.delete")

# The service itself


@app.route("/health", methods=["GET"], who=ANYONE)
def health():
    return http.json_response(wiring.health())


@app.route("/openapi.json", methods=["GET"], who=ANYONE)
def show_openapi():
    return wiring.openapi().show()


@app.route("/static/{name}", methods=["GET"], who=ANYONE)
def show_static(name):
    return wiring.static(name, http.query(app.current_request).get("v", ""))
