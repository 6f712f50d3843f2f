"""Every way into Guestlist, one line each. What happens there is in chalicelib; `wiring` says who does it."""

from chalicelib import http, settings, wiring
from chalicelib.http import ANYONE, FAN, ORGANISER, PLATFORM, SERVICE, STEWARD

app = http.Application("guestlist", allowed_origins=wiring.cors_origins)
app.api.binary_types = ["*/*"]  # pictures reach browsers whatever they accept, and webhooks reach us byte for byte


# Who may call


@app.authorizer(ttl_seconds=60)
def authorise(request):
    return http.authorise(request, wiring.access().principal)


# Messenger


@app.route("/webhooks/messenger", methods=["GET"], who=PLATFORM)
def subscribe_messenger():
    return wiring.messenger().subscribe(app.current_request)


@app.route("/webhooks/messenger", methods=["POST"], who=PLATFORM)
def receive_messenger():
    return wiring.messenger().receive(app.current_request)


@app.route("/webhooks/messenger/data-deletion", methods=["POST"], who=PLATFORM, content_types=[http.FORM])
def delete_messenger_data():
    return wiring.messenger().delete_data(app.current_request)


@app.route("/deletions/{code}", methods=["GET"], who=FAN)
def show_deletion(code):
    return wiring.messenger().deletion_status(code, app.current_request)


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


@app.route("/slack/install", methods=["GET"], who=ANYONE)
def install_in_slack():
    return wiring.slack_install().install(app.current_request)


@app.route("/slack/oauth", methods=["GET"], who=ANYONE)
def finish_in_slack():
    return wiring.slack_install().finish(app.current_request)


# Web chat


@app.route("/chat/{campaign}", methods=["GET"], who=FAN)
def show_chat(campaign):
    return wiring.web_chat().page(campaign, app.current_request)


@app.route("/chat/{campaign}/messages", methods=["POST"], who=FAN)
def say_in_chat(campaign):
    return wiring.web_chat().say(campaign, app.current_request)


@app.route("/chat/{campaign}/messages", methods=["GET"], who=FAN)
def show_transcript(campaign):
    return wiring.web_chat().transcript(campaign, app.current_request)


# Conversations: the queues between the platforms and the dialogue


@app.on_sqs_message(queue=settings.queue("inbound.fifo"), batch_size=10, maximum_concurrency=300)
def bot(event):
    return wiring.bot().handle(event.to_dict(), event.context.get_remaining_time_in_millis)


@app.on_sqs_message(queue=settings.queue("outbound.fifo"), batch_size=10, maximum_concurrency=30)
def sender(event):
    return wiring.sender().handle(event.to_dict(), event.context.get_remaining_time_in_millis)


# Campaigns


@app.route("/campaigns", methods=["GET"], who=(ORGANISER,), scoped=True, authorizer=authorise)
def list_campaigns():
    return wiring.campaigns_api().list(app.current_request)


@app.route("/campaigns", methods=["POST"], who=(ORGANISER,), authorizer=authorise)
def create_campaign():
    return wiring.campaigns_api().create(app.current_request)


@app.route("/campaigns/{campaign}", methods=["GET"], who=(ORGANISER,), authorizer=authorise)
def show_campaign(campaign):
    return wiring.campaigns_api().show(campaign)


@app.route("/campaigns/{campaign}", methods=["PUT"], who=(ORGANISER,), authorizer=authorise)
def replace_campaign(campaign):
    return wiring.campaigns_api().replace(campaign, app.current_request)


@app.route("/campaigns/{campaign}", methods=["PATCH"], who=(ORGANISER,), authorizer=authorise, content_types=http.PATCH)
def patch_campaign(campaign):
    return wiring.campaigns_api().patch(campaign, app.current_request)


@app.route("/campaigns/{campaign}", methods=["DELETE"], who=(ORGANISER,), authorizer=authorise)
def delete_campaign(campaign):
    return wiring.campaigns_api().delete(campaign, app.current_request)


@app.route("/campaigns/{campaign}/state", methods=["POST"], who=(ORGANISER,), authorizer=authorise)
def bring_campaign(campaign):
    return wiring.campaigns_api().bring(campaign, app.current_request)


@app.route("/campaigns/{campaign}/clone", methods=["POST"], who=(ORGANISER,), authorizer=authorise)
def clone_campaign(campaign):
    return wiring.campaigns_api().clone(campaign, app.current_request)


@app.route("/campaigns/{campaign}/preview", methods=["POST"], who=(ORGANISER,), authorizer=authorise)
def preview_campaign(campaign):
    return wiring.campaigns_api().preview(campaign)


@app.route("/campaigns/{campaign}/audit", methods=["GET"], who=(ORGANISER,), authorizer=authorise)
def show_audit(campaign):
    return wiring.campaigns_api().audit(campaign, app.current_request)


@app.route("/campaigns/{campaign}/links", methods=["GET"], who=(ORGANISER,), authorizer=authorise)
def show_links(campaign):
    return wiring.sources_api().links(campaign)


@app.route("/campaigns/{campaign}/qr", methods=["GET"], who=(ORGANISER,), authorizer=authorise)
def show_qr(campaign):
    return wiring.sources_api().qr(campaign, app.current_request)


@app.route("/campaigns/{campaign}/sources", methods=["GET"], who=(ORGANISER,), authorizer=authorise)
def count_sources(campaign):
    return wiring.sources_api().counts(campaign)


@app.route("/campaigns/{campaign}/sources/{source}", methods=["PUT"], who=(ORGANISER,), authorizer=authorise)
def announce_source(campaign, source):
    return wiring.sources_api().announce(campaign, source, app.current_request)


@app.route("/campaigns/{campaign}/sources/{source}", methods=["DELETE"], who=(ORGANISER,), authorizer=authorise)
def withdraw_source(campaign, source):
    return wiring.sources_api().withdraw(campaign, source, app.current_request)


# Products


@app.route("/products", methods=["GET"], who=(ORGANISER,), authorizer=authorise)
def list_products():
    return wiring.products_api().list(app.current_request)


@app.route("/products", methods=["POST"], who=(ORGANISER,), authorizer=authorise)
def create_product():
    return wiring.products_api().create(app.current_request)


@app.route("/products/{product}", methods=["GET"], who=(ORGANISER,), authorizer=authorise)
def show_product(product):
    return wiring.products_api().show(product)


@app.route("/products/{product}", methods=["PUT"], who=(ORGANISER,), authorizer=authorise)
def replace_product(product):
    return wiring.products_api().replace(product, app.current_request)


@app.route("/products/{product}", methods=["PATCH"], who=(ORGANISER,), authorizer=authorise, content_types=http.PATCH)
def change_product(product):
    return wiring.products_api().change(product, app.current_request)


@app.route("/products/{product}", methods=["DELETE"], who=(ORGANISER,), authorizer=authorise)
def delete_product(product):
    return wiring.products_api().delete(product, app.current_request)


@app.route("/products/{product}/stock", methods=["POST"], who=(ORGANISER,), authorizer=authorise)
def adjust_stock(product):
    return wiring.products_api().adjust(product, app.current_request)


@app.route("/products/{product}/stock", methods=["GET"], who=(ORGANISER,), authorizer=authorise)
def show_adjustments(product):
    return wiring.products_api().adjustments(product, app.current_request)


# Tickets


@app.route("/t/{code}", methods=["GET"], who=FAN)
def show_ticket(code):
    return wiring.tickets_api().page(code, app.current_request)


@app.route("/tickets/redeem", methods=["POST"], who=(STEWARD,), scoped=True, authorizer=authorise)
def redeem_ticket():
    return wiring.tickets_api().redeem(app.current_request)


@app.route("/tickets/keys", methods=["GET"], who=ANYONE)
def show_ticket_keys():
    return wiring.tickets_api().keys()


# Users


@app.route("/users", methods=["POST"], who=(ORGANISER, SERVICE), authorizer=authorise)
def create_user():
    return wiring.users_api().create(app.current_request)


@app.route("/users", methods=["GET"], who=(ORGANISER, SERVICE), authorizer=authorise)
def list_users():
    return wiring.users_api().page(app.current_request)


@app.route("/users/{user}", methods=["GET"], who=(ORGANISER, SERVICE), authorizer=authorise)
def show_user(user):
    return wiring.users_api().show(user)


@app.route("/users/{user}", methods=["PUT"], who=(ORGANISER, SERVICE), authorizer=authorise)
def replace_user(user):
    return wiring.users_api().replace(user, app.current_request)


@app.route("/users/{user}", methods=["PATCH"], who=(ORGANISER, SERVICE), authorizer=authorise, content_types=http.PATCH)
def patch_user(user):
    return wiring.users_api().patch(user, app.current_request)


@app.route("/users/{user}", methods=["DELETE"], who=(ORGANISER, SERVICE), authorizer=authorise)
def delete_user(user):
    return wiring.users_api().delete(user, app.current_request)


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
