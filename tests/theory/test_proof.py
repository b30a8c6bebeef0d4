"""The check of the Coq development: every way of cheating is found, and absence is said."""

import json
import shutil

import pytest

from theory.proof import check as proof_check
from theory.proof import comparison, coq, pins, sources, statements
from theory.proof.check import EXIT_FAIL, EXIT_NOT_RUN, HERE, check, main

needs_coq = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in coq.TOOLS), reason="Coq is not installed"
)

MINIMAL = {
    "_CoqProject": "-Q . CEP\n\nPinned.v\nStatements.v\nExamples.v\nNegativeControls.v\n",
    "Pinned.v": """
(** One is one. *)
Definition one : Prop :=
  1 = 1.
""",
    "Statements.v": "Theorem one : 1 = 1.\nProof. reflexivity. Qed.\n",
    "Examples.v": "(* Axiom, in a comment (* nested *), is no axiom *)\n",
    "NegativeControls.v": """
Module Sum.
(** two in the place of one *)
Definition unaltered : Prop :=
  1 = 1.
Definition altered : Prop :=
  1 = 2.
Ltac proof_script := reflexivity.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof. discriminate. Qed.
End Sum.
""",
    "statements.toml": """
trusted = ["Pinned.v"]

[[theorem]]
name = "one"
file = "Statements.v"
words = "one is one"

[[map]]
statement = "One"
paper = "project"
coq = ["one"]
symbolic = "theorem1"
test = ""
""",
}


@pytest.fixture
def development(tmp_path):
    folder = tmp_path / "proof"
    folder.mkdir()
    for name, text in MINIMAL.items():
        (folder / name).write_text(text, encoding="utf-8")
    pins.write_digests(folder, ["Pinned.v"])
    return folder


@pytest.fixture
def without_coq(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))


def problems(folder):
    report = check(folder)
    assert report.verdict == "fail"
    return "\n".join(report.problems)


def append(folder, name, text):
    path = folder / name
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def replace(folder, name, old, new):
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("planted", "reason"),
    [
        ("Lemma gap : 1 = 2.\nProof. Admitted.\n", "unfinished"),
        ("Lemma gap : 1 = 2.\nProof. admit. Qed.\n", "unfinished"),
        ("Lemma gap : 1 = 2.\nProof. Abort.\n", "unfinished"),
        ("Admit Obligations.\n", "unfinished"),
        ("Axiom gap : 1 = 2.\n", "an axiom"),
        ("Declare Module Gap : Type_of_gap.\n", "an axiom"),
        ("Parameter gap : 1 = 2.\n", "an axiom"),
        ("Conjecture gap : 1 = 2.\n", "an axiom"),
        ("Hypothesis gap : 1 = 2.\n", "outside every section"),
        ("Section A. End A.\nVariable gap : 1 = 2.\n", "outside every section"),
        ("Unset Guard Checking.\n", "switched off"),
        ("#[bypass_check(guard)] Fixpoint f (n : nat) : False := f n.\n", "switched off"),
        ("Set Universe Checking.\n", "switched off"),
        ('Declare ML Module "gap".\n', "loaded into Coq"),
        ("Fail Check gap.\n", "refused command outside"),
    ],
)
def test_each_way_round_a_proof_is_found(development, without_coq, planted, reason):
    append(development, "Examples.v", planted)
    found = problems(development)
    assert "Examples.v:2" in found or "Examples.v:3" in found
    assert reason in found


def test_comments_and_sections_are_read_as_coq_reads_them(development, without_coq):
    append(
        development,
        "Examples.v",
        '(* Admitted *)\nDefinition s := "(* ".\nSection A.\nVariable x : nat.\nEnd A.\n',
    )
    assert check(development).verdict == "not run"


def test_an_assumption_after_a_comment_that_opens_in_a_string_is_found(development, without_coq):
    append(development, "Examples.v", 'Definition s := "(*".\nAxiom gap : False.\n')
    assert "an axiom" in problems(development)


def test_a_file_that_is_not_listed_is_found(development, without_coq):
    (development / "Extra.v").write_text("", encoding="utf-8")
    assert "Extra.v: not listed in _CoqProject" in problems(development)


def test_a_listed_file_of_another_folder_is_found(development, without_coq):
    (development / "inner").mkdir()
    (development / "inner" / "Pinned.v").write_text("", encoding="utf-8")
    append(development, "_CoqProject", "inner/Pinned.v\n")
    assert "inner/Pinned.v: expected a file of the folder itself" in problems(development)


def test_a_listed_file_that_is_missing_is_found(development, without_coq):
    append(development, "_CoqProject", "Gone.v\n")
    assert "Gone.v: listed in _CoqProject, but there is no such file" in problems(development)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('coq = ["one"]', 'coq = ["two"]', "the map names two, which is no main theorem"),
        ('name = "one"', 'name = "two"', "there is no theorem two in Statements.v"),
        ('name = "one"', 'name = "two"', "two has no statement in Pinned.v"),
        ('name = "one"', 'name = "two"', "one of Pinned.v is not listed"),
        ('file = "Statements.v"', 'file = "Examples.v"', "there is no theorem one in Examples.v"),
        ('["Pinned.v"]', '["Pinned.v", "Gone.v"]', "trusted: there is no file Gone.v"),
        ('["Pinned.v"]', "[]", "expected Pinned.v among the files"),
        ('coq = ["one"]', "coq = []", "one has no row in the map"),
        ('"theorem1"', '"theorem9"', "'theorem9' is no statement of python -m theory"),
    ],
)
def test_a_map_that_names_the_wrong_thing_is_found(development, without_coq, old, new, reason):
    replace(development, "statements.toml", old, new)
    assert reason in problems(development)


def test_a_map_with_a_field_missing_is_named(development):
    replace(development, "statements.toml", 'paper = "project"\n', "")
    with pytest.raises(ValueError, match="paper = None, expected a text"):
        check(development)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("Fail Definition", "Definition", "its refusal"),
        ("Proof. proof_script. Qed.", "Proof. reflexivity. Qed.", "its acceptance"),
        ("Module Sum.", "Module Other.", "there are no negative controls"),
    ],
)
def test_a_control_that_is_none_is_found(development, without_coq, old, new, reason):
    replace(development, "NegativeControls.v", old, new)
    assert reason in problems(development)


def test_without_coq_the_report_says_not_run_and_how_to_install(
    without_coq, monkeypatch, tmp_path, capsys, development
):
    monkeypatch.setattr(proof_check, "check", lambda: check(development))
    target = tmp_path / "deep" / "report.json"
    assert main(["--json", str(target)]) == 0
    assert "libcoq-coquelicot" in capsys.readouterr().out
    written = json.loads(target.read_text(encoding="utf-8"))
    assert written["verdict"] == "not run"
    assert "coqc" in written["reason"]
    assert written["theorems"][0]["verdict"] == "not run"
    assert main(["--require-coq"]) == EXIT_NOT_RUN


def test_axioms_are_read_from_print_assumptions():
    listing = """Axioms:
ClassicalDedekindReals.sig_forall_dec
  : forall P : nat -> Prop, (forall n : nat, {P n} + {~ P n}) -> bool
gap : 1 = 2
"""
    names = comparison.parse_axioms(listing)
    assert names == ["ClassicalDedekindReals.sig_forall_dec", "gap"]
    assert [comparison.allowed(name) for name in names] == [True, False]
    assert not comparison.allowed("sic")
    assert comparison.parse_axioms("Closed under the global context") == []
    with pytest.raises(ValueError, match="not an answer"):
        comparison.parse_axioms("Error: no such theorem")


def test_the_summary_of_coqchk_is_read():
    summary = """
* Axioms:
    Coq.Logic.Classical_Prop.classic
    CEP.Statements.classic

* Constants/Inductives relying on type-in-type: <none>

* Constants/Inductives relying on unsafe (co)fixpoints: CEP.Statements.loop

* Inductives whose positivity is assumed: <none>
"""
    axioms, found = coq.parse_context(summary)
    assert axioms == ["Coq.Logic.Classical_Prop.classic", "CEP.Statements.classic"]
    assert found == [
        "coqchk: axiom CEP.Statements.classic",
        "coqchk: Constants/Inductives relying on unsafe (co)fixpoints: CEP.Statements.loop",
    ]
    assert coq.parse_context("")[1]


def test_the_development_itself_passes_every_check_that_needs_no_coq(without_coq):
    report = check()
    assert report.problems == ()
    assert report.verdict == "not run"


def test_the_readme_says_what_is_stated_and_what_is_not_proved():
    text = (HERE / "README.md").read_text(encoding="utf-8")
    for part in statements.markdown(statements.load(HERE / "statements.toml")).values():
        assert part
        assert f"\n{part}\n" in text


def test_the_readme_is_renewed_between_its_marks(tmp_path):
    readme = tmp_path / "README.md"
    listed = statements.load(HERE / "statements.toml")
    parts = statements.markdown(listed)
    marked = ["\nwhat stood here\n".join(statements.README_MARK).format(x, x) for x in parts]
    readme.write_text("\n".join(["before", *marked, "after\n"]), encoding="utf-8")
    statements.renew_readme(readme, listed)
    renewed = readme.read_text(encoding="utf-8")
    assert renewed.startswith("before\n")
    assert renewed.endswith("\nafter\n")
    assert "what stood here" not in renewed
    assert all(f"\n{part}\n" in renewed for part in parts.values())
    readme.write_text("no marks\n", encoding="utf-8")
    with pytest.raises(ValueError, match="expected the marks"):
        statements.renew_readme(readme, listed)


def test_the_readme_links_every_file():
    text = (HERE / "README.md").read_text(encoding="utf-8")
    assert [name for name in sources.project_files(HERE) if f"[`{name}`]({name})" not in text] == []


def test_the_map_names_tests_that_exist():
    root = HERE.parents[1]
    rows = statements.load(HERE / "statements.toml").rows
    assert [row.test for row in rows if row.test and not (root / row.test).is_file()] == []


def test_every_control_of_the_development_is_also_refuted():
    controls, found = sources.controls(HERE)
    assert found == []
    assert [control.name for control in controls if not control.refuted] == []


@needs_coq
def test_a_sound_development_passes(development):
    report = check(development)
    assert (report.verdict, report.problems) == ("pass", ())
    assert [item.verdict for item in report.theorems] == ["pass"]
    assert report.axioms == ()
    assert (report.results, report.files) == (3, 4)
    assert report.theorems[0].statement == "Definition one : Prop :=\n  1 = 1."
    (control,) = report.negative_controls
    assert control.refused
    assert control.refuted
    assert 'Unable to unify "2" with "1"' in control.message
    assert sorted(path.name for path in development.iterdir()) == sorted([*MINIMAL, "pinned.toml"])


@needs_coq
def test_a_control_that_is_not_refused_fails(development):
    replace(development, "NegativeControls.v", "1 = 2.\nLtac", "2 = 2.\nLtac")
    replace(
        development,
        "NegativeControls.v",
        "Theorem refuted : ~ altered.\nProof. discriminate. Qed.\n",
        "",
    )
    assert "has not failed" in problems(development)


@needs_coq
def test_a_proof_that_does_not_compile_fails(development):
    replace(development, "Statements.v", "1 = 1", "1 = 2")
    found = problems(development)
    assert "Statements.v: " in found
    assert "one: Statements.v does not prove what Pinned.v states" in found


@needs_coq
def test_a_theorem_that_states_something_else_fails_by_name(development):
    replace(development, "Statements.v", "1 = 1", "2 = 2")
    report = check(development)
    assert report.verdict == "fail"
    assert report.theorems[0].verdict == "fail"
    (problem,) = report.problems
    assert "one: Statements.v does not prove what Pinned.v states" in problem
    assert 'has type "2 = 2"' in problem


@needs_coq
def test_an_axiom_of_another_library_is_not_allowed(development):
    replace(
        development,
        "Statements.v",
        "Theorem one : 1 = 1.\nProof. reflexivity. Qed.",
        "From Coq Require Import ClassicalEpsilon.\n"
        "Theorem one : 1 = 1.\nProof.\n"
        "exact (f_equal (fun _ => 1) (eq_refl (epsilon (inhabits 0) (fun n => n = 1)))).\nQed.",
    )
    found = problems(development)
    assert "one rests on" in found
    assert "coqchk: axiom Coq.Logic.ClassicalEpsilon" in found


@needs_coq
def test_the_command_line_fails_when_the_check_fails(development, monkeypatch, capsys):
    append(development, "Examples.v", "Axiom gap : 1 = 2.\n")
    monkeypatch.setattr(proof_check, "check", lambda: check(development))
    assert main([]) == EXIT_FAIL
    assert "verdict: fail" in capsys.readouterr().out


@needs_coq
def test_coq_that_gives_no_answer_refuses_nothing(development, monkeypatch):
    (control,) = sources.controls(development)[0]
    monkeypatch.setattr(coq, "TIME_LIMIT_S", 0.001)
    with pytest.raises(RuntimeError, match="stopped before the altered statement"):
        coq.refusal(development, control)


@needs_coq
def test_a_control_that_cannot_be_stated_refuses_nothing(development):
    replace(development, "NegativeControls.v", "1 = 2.\nLtac", "no_such_number = 2.\nLtac")
    (control,) = sources.controls(development)[0]
    with pytest.raises(RuntimeError, match="no_such_number"):
        coq.refusal(development, control)
