import chalice

from ops.local.functions import Context, Function, declared

CONFIG = {
    "version": "2.0",
    "app_name": "guestlist",
    "lambda_timeout": 30,
    "lambda_memory_size": 512,
    "stages": {"local": {"lambda_functions": {"bot": {"lambda_timeout": 20}}}},
}


def application():
    app = chalice.Chalice("guestlist")

    @app.on_sqs_message(queue="guestlist-local-inbound.fifo", batch_size=10, maximum_concurrency=30)
    def bot(event):
        pass

    @app.schedule("rate(1 hour)")
    def report(event):
        pass

    @app.on_dynamodb_record(stream_arn="arn:aws:dynamodb:eu-west-1:0:table/guestlist-local-campaigns/stream/x")
    def count(event):
        pass

    @app.authorizer()
    def authorise(request):
        pass

    return app


def test_every_handler_but_http_s_is_a_function_with_its_trigger():
    triggers = {name: function.trigger for name, function in declared(application(), CONFIG).items()}
    assert triggers == {
        "bot": {"kind": "queue", "queue": "guestlist-local-inbound.fifo", "batch": 10, "window": 0, "concurrency": 30},
        "report": {"kind": "schedule", "expression": "rate(1 hour)"},
        "count": {"kind": "stream", "table": "guestlist-local-campaigns", "batch": 100, "start": "LATEST"},
    }


def test_a_function_has_its_own_timeout_or_that_of_all():
    functions = declared(application(), CONFIG)
    assert (functions["bot"].timeout, functions["bot"].memory) == (20, 512)
    assert functions["report"].timeout == 30


def test_a_handler_s_time_runs_out():
    now = 100.0
    context = Context(Function("bot", 20, 512, {}), "request-1", clock=lambda: now)
    assert context.get_remaining_time_in_millis() == 20_000
    now += 19.5
    assert context.get_remaining_time_in_millis() == 500
    now += 10
    assert context.get_remaining_time_in_millis() == 0
