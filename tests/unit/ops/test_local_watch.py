import os

import pytest

from ops.local.watch import snapshot


@pytest.fixture
def project(tmp_path):
    for name in ("app.py", "chalicelib/pages/chat.html", ".chalice/config.json", "infra/resources.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("old")
    return tmp_path


@pytest.mark.parametrize(
    "name", ["app.py", "chalicelib/pages/chat.html", ".chalice/config.json", "infra/resources.yaml"]
)
def test_a_change_of_what_the_application_is_made_of_is_noticed(project, name):
    before = snapshot(project)
    os.utime(project / name, ns=(1, 1))
    assert snapshot(project) != before


def test_a_new_file_and_a_removed_one_are_noticed(project):
    before = snapshot(project)
    (project / "chalicelib" / "new.py").write_text("")
    assert snapshot(project) != before
    (project / "chalicelib" / "new.py").unlink()
    assert snapshot(project) == before


def test_bytecode_and_tests_are_not_watched(project):
    before = snapshot(project)
    for folder in ("chalicelib/__pycache__", "tests", ".chalice/deployed"):
        (project / folder).mkdir(parents=True)
        (project / folder / "file").write_text("")
    assert snapshot(project) == before
