"""What the README shows works as shown."""

import re
from pathlib import Path

from reproduce.command_line import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_example_of_a_model_of_ones_own_passes(capsys):
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})
    assert capsys.readouterr().out.startswith("GDU property: pass")


def test_the_example_of_training_runs(tmp_path, capsys):
    (line,) = re.findall(r"python -m reproduce (run .*)", README)
    words = line.split()
    words[words.index("--epochs") + 1] = "1"
    words[words.index("--out") + 1] = str(tmp_path / "run")
    assert main(words) == 0
    assert (tmp_path / "run" / "results.json").exists()


def test_every_file_that_the_readme_links_to_exists():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
