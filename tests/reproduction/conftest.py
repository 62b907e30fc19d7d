"""All figures, of runs that were never made, drawn once."""

import pytest
from made_site import site_parts, site_runs


@pytest.fixture(scope="session")
def parts():
    return site_parts(site_runs())
