"""`GET /openapi.json`: every way in over HTTP, described (https://spec.openapis.org/oas/v3.1.1.html).

`catalogue` lists the routes, a module of entries for each group; `entry` has the words of an entry; `document` makes the document.
A route that `app.py` declares and the catalogue lacks, or says otherwise about its method or roles, fails tests/unit/openapi.

To describe a route, add an `Entry` to the group's module (a new group: to `catalogue.py`, too):

    Entry(
        "PUT", "/users/{userId}", "Replace a user", (ORGANISER, SERVICE),
        parameters=(USER_ID, IF_MATCH),
        body={http.JSON: UserBody},                     # the very type that `validation.decode` is given
        example={"email": "anna@example.org", "name": "Anna"},
        answers={
            200: Answer("The user as it is now", {http.JSON: UserShown}, {http.JSON: {…}}, (ETAG,)),
            404: problem("There is no such user"),
            409: problem("Another user has this e-mail address", reason="email_taken"),
        },
    )

What follows from these is added by itself: 401 and 403 where there are roles; 400, 413 and 415 where there is a body; 400 where there are
parameters in the query or the headers; 412 with IF_MATCH; 409 and 422 with IDEMPOTENCY_KEY; 503 everywhere.

tests/e2e/test_openapi_fuzz.py calls each route with what the document allows and with what it does not, and fails on an answer that the
document does not have. So say every limit in the type. A route that must refuse with 400 what no schema can forbid (fields compared with
each other) goes into KNOWS_MORE there; a parameter whose value only an answer of ours can give, into MADE_UP.
"""
