"""The whole of chalicelib ships, so it holds nothing else and nothing big."""

from pathlib import Path

CHALICELIB = Path(__file__).parents[2] / "chalicelib"
SHIPPED = [path for path in CHALICELIB.rglob("*") if path.is_file() and path.suffix != ".pyc"]


LONGEST = {"wiring.py": 650}
"""Lines, where they may be more than 500: wiring is a list of builders, none of which anybody reads for another."""


def test_a_module_can_be_read_in_one_go():
    modules = [path for path in SHIPPED if path.suffix == ".py"]
    assert [path for path in modules if len(path.read_text().splitlines()) > LONGEST.get(path.name, 500)] == []


def test_a_file_of_the_pages_loads_at_once():
    assert [path for path in SHIPPED if path.stat().st_size > 50_000] == []


def test_requirements_are_pinned():
    lines = (CHALICELIB.parent / "requirements.txt").read_text().splitlines()
    required = [line.partition("#")[0].strip() for line in lines if line.partition("#")[0].strip()]
    assert len(required) < 16  # with what they bring along
    assert [line for line in required if "==" not in line] == []
