"""The derivation notebook becomes a page: text, formulas as MathML, results, folded code."""

import json

from cep_core.check.verdicts import Verdict
from reproduce import derivation


def test_formulas_are_set_as_mathml_and_text_as_html():
    page = derivation.text_to_html("# Title\n\nSee $J^T$ and $$\\kappa G$$ <script>x</script>")
    assert "<h1>Title</h1>" in page
    assert page.count("<math") == 2
    assert 'display="block"' in page
    assert "<msup>" in page
    assert "<script>" not in page


def test_an_executed_notebook_keeps_text_results_and_code(tmp_path):
    cells = [
        {"cell_type": "markdown", "source": ["Text with $x$"]},
        {"cell_type": "code", "source": ["silent = 1"], "outputs": []},
        {
            "cell_type": "code",
            "source": ["show(a < b)"],
            "outputs": [
                {"output_type": "display_data", "data": {"text/latex": [r"$\displaystyle s^0$"]}},
                {"output_type": "stream", "text": ["1 < 2\n"]},
                {"output_type": "execute_result", "data": {"text/plain": ["<object>"]}},
            ],
        },
    ]
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    page = derivation.notebook_to_html(path)
    assert page.count("<math") == 2
    assert "<pre>1 &lt; 2\n</pre>" in page
    assert "&lt;object&gt;" in page
    assert page.count("<details>") == 1
    assert "show(a &lt; b)" in page
    assert "silent" not in page


def test_a_notebook_that_fails_is_a_fail_with_its_reason(tmp_path, monkeypatch):
    def failing(*_):
        raise derivation.NotebookError("derivation.ipynb: cell 3: AssertionError: does not hold")

    monkeypatch.setattr(derivation, "run_notebook", failing)
    (check,) = derivation.derive(tmp_path / "out")
    assert check.verdict is Verdict.FAIL
    assert "cell 3" in check.reason
    assert not (tmp_path / "out").exists()


def cell(kind, source, **fields):
    return {"cell_type": kind, "source": [source], **fields}


def ran(*outputs):
    return cell("code", "show()", outputs=list(outputs), execution_count=1)


def test_a_section_that_is_missing_or_has_not_run_is_no_pass(tmp_path):
    formula = {"output_type": "stream", "text": ["J"]}
    cells = [
        cell("markdown", "# Title"),
        cell("code", "import x", outputs=[], execution_count=1),
        cell("markdown", "## 1. Two linear maps\n\nText."),
        ran(),
        cell("markdown", "More text"),
        ran(formula),
        cell("markdown", "## 2. The nudged phase"),
        ran(),
        cell("markdown", "## 3. Any primitive function"),
        ran(formula),
        cell("code", "show()", outputs=[], execution_count=None),
    ]
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    found = derivation.sections_of(path)
    verdicts = {
        title: derivation.check_section(title, found.get(title)).verdict
        for title in derivation.SECTIONS
    }
    assert verdicts["Two linear maps"] is Verdict.PASS
    assert verdicts["The nudged phase"] is Verdict.FAIL
    assert verdicts["Any primitive function"] is Verdict.FAIL
    assert verdicts["The order of the limits"] is Verdict.NOT_RUN


def test_the_notebook_has_the_sections_that_are_expected():
    sections = derivation.sections_of(derivation.NOTEBOOKS / derivation.NOTEBOOK)
    assert set(derivation.SECTIONS) <= sections.keys()
