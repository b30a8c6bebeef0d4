"""``cep gducheck``: every answer has its exit code, and every refusal is one line."""

import json
import subprocess
import sys

import pytest

from cep_core.cli import main

HERE = "tests.cases.factories"


@pytest.fixture
def cep(capsys):
    def run(*arguments):
        code = main(["gducheck", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.mark.parametrize(
    ("factory", "code", "verdict"),
    [("right", 0, "pass"), ("wrong", 1, "fail"), ("unsettled", 3, "inconclusive")],
)
def test_a_verdict_is_an_exit_code_in_words_and_in_json(cep, factory, code, verdict):
    assert cep(f"{HERE}:{factory}", "--steps", "4")[0] == code
    found, said, errors = cep(f"{HERE}:{factory}", "--steps", "4", "--json")
    answer = json.loads(said)
    assert (found, answer["verdict"], errors) == (code, verdict, "")
    assert bool(answer["causes"]) == (verdict != "pass")


def test_options_replace_those_of_the_factory(cep):
    _, said, _ = cep(f"{HERE}:right", "--json", "--rule", "EP", "--betas=-1e-2,-1e-3,-1e-4")
    answer = json.loads(said)
    assert answer["betas"] == [-1e-2, -1e-3, -1e-4]
    assert [check["name"] for check in answer["checks"]] == ["in beta, kappa = 0"]
    assert len(answer["parameters"]["tensors"][0]["steps"]) == 10


REFUSED = {
    "no-colon": ("module:function or file.py:function, found 'no-colon'", ()),
    "no.such.module:f": ("expected a module no.such.module, found none", ()),
    "no/such/file.py:f": ("expected a module no/such/file.py, found none", ()),
    f"{HERE}:nothing": ("expected a function nothing in tests.cases.factories, found none", ()),
    f"{HERE}:raising": ("found ZeroDivisionError: division by zero (factories.py, line", ()),
    f"{HERE}:untidy": ("expected among network, x, y, parameters", ()),
    f"{HERE}:empty": ("found no network, x, y", ()),
    f"{HERE}:number": ("expected arguments of gducheck by name, network, x, y", ()),
    f"{HERE}:failing": ("transition: expected it to run", ()),
    f"{HERE}:right": ("rule 'SGD' is not known", ("--rule", "SGD")),
}


@pytest.mark.parametrize("factory", REFUSED)
def test_a_refusal_is_one_line_and_exit_code_2(cep, factory):
    expected, options = REFUSED[factory]
    code, said, errors = cep(factory, *options)
    assert (code, said) == (2, "")
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1
    assert expected in errors
    code, said, _ = cep(factory, *options, "--json")
    assert code == 2
    assert expected in json.loads(said)["error"]


def test_a_failure_deep_in_a_check_names_the_line_of_the_user(cep):
    _, _, errors = cep(f"{HERE}:failing_later")
    assert "RuntimeError: out of patience (factories.py, line" in errors


def test_a_table_and_a_plot_are_written(cep, tmp_path):
    table, plot = tmp_path / "new" / "errors.csv", tmp_path / "errors.png"
    code, _, _ = cep(f"{HERE}:right", "--steps", "3", "--csv", str(table), "--plot", str(plot))
    assert code == 0
    assert table.read_text().startswith("part,tensor,verdict,swept,value,error,noise,order,relmse")
    assert plot.read_bytes().startswith(b"\x89PNG")
    code, said, errors = cep(f"{HERE}:right", "--steps", "3", "--plot", str(tmp_path / "x.doc"))
    assert (code, "GDU property: pass" in said) == (2, True)
    assert "doc" in errors


def test_the_command_from_a_file_in_a_process_of_its_own(tmp_path):
    model = tmp_path / "model.py"
    model.write_text(
        "import torch\nfrom cep_core import PrimitiveNetwork\nfrom beside import decay\n"
        "def phi(x, s, p):\n    return decay(s) + (torch.tanh(s) * p['w'] * x).sum()\n"
        "def make():\n    one = torch.ones(2, 1, dtype=torch.float64)\n"
        "    return {'network': PrimitiveNetwork(phi), 'x': one, 'y': one, 'start': 0 * one,\n"
        "            'parameters': {'w': one[0] / 2}}\n"
    )
    (tmp_path / "beside.py").write_text("def decay(s):\n    return s.square().sum() / 4\n")
    command = [sys.executable, "-m", "cep_core", "gducheck", f"{model}:make", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["verdict"] == "pass"


def test_what_is_there_and_what_is_not_is_said(capsys):
    for arguments, code, words in (
        (["--help"], 0, "gducheck"),
        (["gducheck", "--help"], 0, "exit codes: 0 pass, 1 fail, 2 bad input, 3 inconclusive"),
        (["--version"], 0, "cep-core"),
        ([], 2, "COMMAND"),
        (["gducheck", "a:b", "--betas", "1,x"], 2, "--betas"),
    ):
        with pytest.raises(SystemExit) as left:
            main(arguments)
        said = capsys.readouterr()
        assert left.value.code == code
        assert words in said.out + said.err
