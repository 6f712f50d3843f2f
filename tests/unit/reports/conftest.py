import pytest

from tests.unit.reports.office import Office


@pytest.fixture
def office():
    return Office()
