from cep_core.testing import parametrize_gdu
from resistors import circuit


@parametrize_gdu([circuit], rules=["EP", "C-EP", "C-VF"])
def test_the_updates_are_those_of_backpropagation(gdu):
    gdu.check()
