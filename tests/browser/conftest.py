"""Visitors, each with a browser of their own."""

import pytest


@pytest.fixture
def visitor(chromium):
    """A new visitor's empty page, by playwright's options; every complaint of it fails the test, but for what is `expected`.

    It is one more page of the visitor who has the page `of`. Ask for it behind what serves the pages, which then outlives them.
    """
    complaints, contexts = [], []

    def visitor(expected=lambda _said: False, of=None, **options):
        def heard(said):
            if said.type == "error" and not expected(said.text):
                complaints.append(said.text)

        context = of.context if of else chromium.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", heard)
        return page

    yield visitor
    for context in contexts:
        context.close()
    assert complaints == []
