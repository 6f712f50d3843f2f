from chalicelib.channels.recent import Recent


def test_the_one_that_was_set_longest_ago_is_forgotten():
    recent = Recent[str, int](2)
    recent["a"], recent["b"] = 1, 2
    recent["a"] = 3
    recent["c"] = 4
    assert recent == {"a": 3, "c": 4}
