import pytest
from hypothesis import settings

from tests.wheel import built

# pytest --hypothesis-profile=thorough -k hostile
settings.register_profile("thorough", max_examples=2000, deadline=None)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel of the checkout; not to be changed."""
    return built(tmp_path_factory.mktemp("wheel"))
