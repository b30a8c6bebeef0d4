"""The pytest helper, used as other projects use it."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from cep_core import C_EP, EP, GDUError, Verdict, pytest_plugin
from cep_core.testing import GDUCase, parametrize_gdu
from tests.cases import factories


@parametrize_gdu([factories.right, factories.problem], rules=[EP, "C-EP"], steps=3)
def test_models_by_rules(gdu):
    assert len(gdu.check().parameters.tensors[0].steps) == 3


@parametrize_gdu(
    {"Hopfield": factories.wrong},
    argument="case",
    marks={"Hopfield": pytest.mark.xfail(raises=GDUError, strict=True)},
)
def test_a_wrong_model_raises(case):
    case.check()


def cases_of(mark):
    return {p.id: p.values[0] for p in mark.args[1]}


def test_every_pair_is_a_test_with_a_name():
    found = cases_of(parametrize_gdu([factories.right, factories.wrong], rules=[EP, C_EP], steps=2))
    assert list(found) == ["right-EP", "right-C-EP", "wrong-EP", "wrong-C-EP"]
    assert found["wrong-EP"] == GDUCase("wrong", factories.wrong, EP, {"steps": 2})
    assert list(cases_of(parametrize_gdu({"a": factories.right}))) == ["a"]


def test_an_answer_can_be_looked_at_and_asked_differently():
    (case,) = cases_of(parametrize_gdu([factories.wrong], steps=3)).values()
    result = case.result(steps=2)
    assert result.verdict is Verdict.FAIL
    assert len(result.parameters.tensors[0].steps) == 2
    with pytest.raises(GDUError, match=r"(?s)GDU property: fail.*likely cause: .*2.5 times"):
        case.check()


def test_what_cannot_be_parametrised_is_refused():
    for models, rules in (([], [EP]), ({"a": factories.right}, []), ([factories.right] * 2, [EP])):
        with pytest.raises(ValueError, match="models, rules: expected at least one of each"):
            parametrize_gdu(models, rules=rules)
    with pytest.raises(ValueError, match=r"marks: expected names among right, found left"):
        parametrize_gdu([factories.right], marks={"left": pytest.mark.skip})


def test_another_project_needs_one_import(tmp_path):
    test = tmp_path / "test_own.py"
    test.write_text(
        "from cep_core.testing import parametrize_gdu\n"
        "from tests.cases.factories import right, wrong\n"
        "@parametrize_gdu([right, wrong], steps=2, betas=(1e-2, 1e-3, 1e-4))\n"
        "def test_own(gdu):\n    gdu.check()\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null"]
    done = subprocess.run([*command, str(test)], capture_output=True, text=True, check=False)
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert "test_own[wrong]" in done.stdout


def asked(models, rules=()):
    return SimpleNamespace(getoption={"--cep-model": list(models), "--cep-rule": list(rules)}.get)


def test_the_plugin_refuses_what_it_cannot_find():
    for models, rules, said in (
        (["nowhere.at_all:model"], (), "factory: expected a module nowhere.at_all"),
        (["tests.cases.factories:right"], ["EEP"], "rule 'EEP' is not known; expected one of"),
    ):
        with pytest.raises(pytest.UsageError, match=said):
            pytest_plugin.pytest_collection_modifyitems(None, asked(models, rules), [])


def test_the_plugin_costs_nothing_where_no_model_is_given():
    nothing = "import sys, cep_core.pytest_plugin; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", nothing], check=True)
    items = []
    pytest_plugin.pytest_collection_modifyitems(None, asked([]), items)
    assert items == []
