"""The page on Theorem 1 without symmetry: its example runs, its tables are those of the records."""

import runpy
from pathlib import Path
from statistics import mean

from cep_core.runs.files import read_json, read_results

CHECKOUT = Path(__file__).parents[2]
PAGE = (CHECKOUT / "docs" / "corrected.md").read_text(encoding="utf-8")
EXAMPLE = Path(__file__).parent / "own_asymmetric.py"
SEARCH = CHECKOUT / "reports" / "search" / "corrected-C-VF-1h"
DEVICE = CHECKOUT / "reports" / "device.json"


def test_the_example_runs_and_is_the_one_shown():
    assert f"```python\n{EXAMPLE.read_text(encoding='utf-8')}```" in PAGE
    runpy.run_path(str(EXAMPLE))


def search_rows():
    """Lines of the table of rates, from the committed search."""
    found = {}
    for path in SEARCH.glob("*.json"):
        results = read_results(path)
        spec = results["identity"]["spec"]
        errors = found.setdefault(tuple(spec["learning_rates"]), {})
        errors[spec["angle"]] = results["test_error"][-1]
    return [
        f"| {', '.join(map(str, rates))} | "
        f"{' | '.join(f'{errors[a]:.2f}' for a in sorted(errors))} | {mean(errors.values()):.2f} |"
        for rates, errors in sorted(found.items())
    ]


def test_the_rates_shown_are_those_of_the_search():
    assert len(search_rows()) == 5
    assert "\n".join(search_rows()) in PAGE


def device_rows():
    """Lines of the table of inexact corrections, from the committed measures."""
    return [
        f"| {v['variant']} | {v['neurons']:.2g} | {v['parameters']:.2g} | {v['angle']:.2g} | "
        f"{v['end']['mean']:.1f} |"
        for v in read_json(DEVICE).values["variants"]
    ]


def test_what_a_device_loses_is_what_was_measured():
    assert "\n".join(device_rows()) in PAGE
    found = read_json(DEVICE).values
    assert (found["epochs"], found["seeds"], found["last"]) == (4, [0], 3), "as the page says"
    assert (found["layers"], found["trained_layers"]) == ("784-512-10", "784-128-10")
    assert found["angle"] == 90
