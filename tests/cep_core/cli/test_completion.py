"""``cep completion``: what a shell offers at a TAB, and what is said without shtab."""

import subprocess

import pytest

from cep_core.cli import main

OFFERED = """
source {script}
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMP_LINE="{words}"
_shtab_cep "" "${{COMP_WORDS[COMP_CWORD]}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def offered(script, words):
    asked = OFFERED.format(script=script, words=words)
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=False)
    return done.stdout.split()


def test_bash_offers_commands_rows_and_options(tmp_path, capsys):
    assert main(["completion", "bash"]) == 0
    script = tmp_path / "cep"
    script.write_text(capsys.readouterr().out)
    assert offered(script, "cep t") == ["tolerance", "train"]
    assert "C-EP-1h" in offered(script, "cep train C-")
    assert "--stochastic" in offered(script, "cep tolerance --st")
    assert offered(script, "cep train C-EP-1h --engine f") == ["fast"]


def test_zsh_has_a_script_too(capsys):
    assert main(["completion", "zsh"]) == 0
    assert capsys.readouterr().out.startswith("#compdef cep")


def test_without_shtab_it_says_what_to_install(capsys, monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr("cep_core.libraries.import_module", missing)
    assert main(["completion", "bash"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        "error: completion needs shtab, which is not installed: pip install shtab\n"
    )


def test_another_shell_is_refused(capsys):
    with pytest.raises(SystemExit) as left:
        main(["completion", "fish"])
    assert left.value.code == 2
    assert "invalid choice: 'fish'" in capsys.readouterr().err
