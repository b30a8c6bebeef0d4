"""The pinned statements: whatever else a theorem says, it is refused by its name."""

import shutil

import pytest

from theory.proof import comparison, coq, pins, sources, statements
from theory.proof.check import HERE
from theory.proof.statements import Theorem

needs_coq = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in coq.TOOLS), reason="Coq is not installed"
)
LISTED = statements.load(HERE / "statements.toml")


@pytest.fixture
def copy(tmp_path):
    for name in (*LISTED.trusted, pins.DIGESTS_FILE):
        shutil.copy(HERE / name, tmp_path / name)
    return tmp_path


def compiled(folder, files):
    for name, source in files.items():
        (folder / name).write_text(source, encoding="utf-8")
    runs = coq.compile_all(folder, files, jobs=2)
    assert {name: run.output for name, run in runs.items() if not run.ok} == {}


@pytest.fixture(scope="module")
def trusted(tmp_path_factory):
    """The trusted files, compiled once."""
    folder = tmp_path_factory.mktemp("trusted")
    compiled(folder, {name: (HERE / name).read_text(encoding="utf-8") for name in LISTED.trusted})
    return folder


@needs_coq
@pytest.mark.parametrize("nothing", ["True", "ltac:(exact True)"])
def test_each_main_statement_replaced_by_true_fails_by_name(trusted, nothing):
    files = dict.fromkeys((theorem.file for theorem in LISTED.theorems), "")
    for theorem in LISTED.theorems:
        files[theorem.file] += f"Theorem {theorem.name} : {nothing}.\nProof. exact I. Qed.\n"
    compiled(trusted, files)
    found = comparison.compare(trusted, LISTED.theorems)
    assert sorted(found.refused) == sorted(theorem.name for theorem in LISTED.theorems)
    assert {name for name, message in found.refused.items() if '"True"' not in message} == set()


VOCABULARY = "Definition add (n m : nat) : nat := n + m.\n"
STATED = "Definition commutes : Prop :=\n  forall n m : nat, add n m = add m n.\n"
IMPORT = "From CEP Require Import Vocabulary.\nFrom CEP Require Pinned.\n"
TRUE = "Theorem commutes : forall n m : nat, add n m = add m n.\nProof. intros. exact I. Qed."
PROVED = (
    "From Coq Require Import Arith.\n"
    "Theorem commutes : forall n m : nat, add n m = add m n.\nProof. exact Nat.add_comm. Qed.\n"
)
ATTACKS = {
    "in an inner module": (
        "From Coq Require Import Arith.\nModule Hidden.\nTheorem commutes : Pinned.commutes.\n"
        "Proof. exact Nat.add_comm. Qed.\nEnd Hidden.\n"
    ),
    "a section hypothesis generalised": (
        "Section S.\nHypothesis h : Pinned.commutes.\nTheorem commutes : Pinned.commutes.\n"
        "Proof. exact h. Qed.\nEnd S."
    ),
    "a section variable generalised to a case": (
        "Section S.\nVariables (n m : nat) (e : n = m).\n"
        "Theorem commutes : add n m = add m n.\nProof. now rewrite e. Qed.\nEnd S."
    ),
    "a tactic that states another": ("Theorem commutes : ltac:(exact True).\nProof. exact I. Qed."),
    "a definition shadowed": (
        "Definition add (n m : nat) := 0.\n"
        "Theorem commutes : forall n m, add n m = add m n.\nProof. reflexivity. Qed."
    ),
    "a type shadowed": (
        "Inductive nat := O.\nDefinition add (n m : nat) := O.\n"
        "Theorem commutes : forall n m : nat, add n m = add m n.\nProof. reflexivity. Qed."
    ),
    "equality redefined": f"Definition eq (A : Type) (x y : A) := True.\n"
    f'Notation "x = y" := (eq _ x y) : type_scope.\n{TRUE}',
    "a notation redefined": f'Notation "x = y" := True : type_scope.\n{TRUE}',
    "a quantifier redefined": (
        "Notation \"'forall' n m : 'nat' , P\" := True (at level 200, n name, m name).\n"
        "Theorem commutes : forall n m : nat, add n m = add m n.\nProof. exact I. Qed."
    ),
    "a coercion to propositions": (
        "Definition always (n : nat) : Prop := True.\nCoercion always : nat >-> Sortclass.\n"
        "Theorem commutes : forall n m : nat, add n m.\nProof. exact (fun _ _ => I). Qed."
    ),
    "implicit arguments that fix a case": (
        "Arguments add {n} m.\n"
        "Theorem commutes : forall n : nat, add (n := n) n = add (n := n) n.\n"
        "Proof. reflexivity. Qed."
    ),
    "a canonical structure that unifies": (
        "Structure claim := Claim { says : Prop; because : says }.\n"
        "Canonical Structure trivial := Claim True I.\n"
        "Theorem commutes : says trivial.\nProof. exact I. Qed."
    ),
    "a module that bears the name of the pinned file": (
        "Module Pinned.\nDefinition commutes : Prop := True.\nEnd Pinned.\n"
        "Theorem commutes : Pinned.commutes.\nProof. exact I. Qed."
    ),
    "modules that bear its name in full": (
        "Module CEP.\nModule Pinned.\nDefinition commutes : Prop := True.\nEnd Pinned.\nEnd CEP.\n"
        "Export CEP.\nTheorem commutes : Pinned.commutes.\nProof. exact I. Qed."
    ),
    "an instance of it": (
        "Theorem commutes : forall n : nat, add n n = add n n.\nProof. reflexivity. Qed."
    ),
    "another theorem of the same name": (
        "Theorem commutes : add 1 2 = add 2 1.\nProof. reflexivity. Qed."
    ),
    "left out": "Theorem commutes_ : True.\nProof. exact I. Qed.",
}


@needs_coq
def test_each_attack_on_a_statement_is_refused_by_its_name(tmp_path):
    """One file and one pinned statement for each attack; the one that is proved passes."""
    texts = {**ATTACKS, "no attack": PROVED}
    names = {attack: f"commutes{number}" for number, attack in enumerate(texts)}
    stated = "".join(STATED.replace("commutes", name) for name in names.values())
    files = {"Vocabulary.v": VOCABULARY, "Pinned.v": f"{IMPORT.splitlines()[0]}\n{stated}"}
    for attack, name in names.items():
        files[f"File_{name}.v"] = IMPORT + texts[attack].replace("commutes", name) + "\n"
    compiled(tmp_path, files)
    theorems = [Theorem(name, f"File_{name}.v", "") for name in names.values()]
    found = comparison.compare(tmp_path, theorems)
    assert [attack for attack in ATTACKS if names[attack] not in found.refused] == []
    assert names["no attack"] not in found.refused
    assert (found.axioms, found.foreign) == ((), {})
    assert 'has type "True"' in found.refused[names["a tactic that states another"]]
    assert "was not found in the current" in found.refused[names["in an inner module"]]


@pytest.mark.parametrize(
    ("file", "old", "new", "name"),
    [
        ("Dynamics.v", "(scal (beta : R_AbsRing) (grad_ell (fst z)))", "zero", "nudged_step"),
        ("Dynamics.v", "minus (F z)", "plus (F z)", "nudged_step"),
        ("Dynamics.v", "Variables (s_star : State) (theta", "Variables (theta", pins.CONTEXT),
        ("Spaces.v", "filterdiff (V := R_NormedModule) f (locally p)", "True /\\", "is_gradient"),
        ("Spaces.v", "NormedModule R_AbsRing", "NormedModule C_AbsRing", "NM"),
        ("Network.v", "theta : Param }", "theta : Param; no : False }", "network"),
        ("Vocabulary.v", "/ INR B", "/ 1", "batch_mean"),
        ("Instances.v", "leaky_at 1 (1 / 2)", "leaky_at 0 0", "leaky"),
        ("Pinned.v", "continuous_nearby N -> settled N ->", "False ->", "theorem1"),
        ("Pinned.v", "(opp g_s)", "g_s", "theorem1"),
    ],
)
def test_a_trusted_definition_that_changes_is_named(copy, file, old, new, name):
    text = (copy / file).read_text(encoding="utf-8")
    assert old in text
    (copy / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    found = pins.problems(copy, LISTED.trusted)
    assert [problem for problem in found if f"{file}: {name} is not what" in problem]


def test_a_comment_or_a_line_break_changes_no_digest(copy):
    before = pins.digests(copy, LISTED.trusted)
    path = copy / "Dynamics.v"
    text = path.read_text(encoding="utf-8").replace("Definition ", "(* a remark *)\nDefinition\n  ")
    path.write_text(text, encoding="utf-8")
    assert pins.digests(copy, LISTED.trusted) == before


def test_a_definition_that_comes_or_goes_is_named(copy):
    path = copy / "Instances.v"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Definition hidden", "Definition shown"), encoding="utf-8")
    found = "\n".join(pins.problems(copy, LISTED.trusted))
    assert "Instances.v: shown is not pinned" in found
    assert "Instances.v: hidden is pinned in pinned.toml, but no longer there" in found


@pytest.mark.parametrize(
    "command",
    [
        'Notation "x + y" := x.',
        'Infix "+" := minus.',
        "Coercion always : nat >-> Sortclass.",
        "Canonical Structure trivial := Claim True I.",
        "#[export] Instance strange : Filter (fun P => True).",
        "Hint Resolve I : core.",
        "Existing Class network.",
        "Axiom gap : False.",
        "Parameter gap : False.",
        "Delimit Scope R_scope with nat.",
        "Open Scope nat_scope.",
        "Unset Implicit Arguments.",
        "Set Universe Polymorphism.",
        "Program Definition x : Prop := True.",
        "Definition x : Prop.",
        "Definition x : Prop := ltac:(exact True).",
        "Record r := { field :> Prop }.",
        "Inductive r := Make { field :> Prop }.",
        "Lemma nudge : R. Proof. exact 0. Qed.",
        "Ltac exact x := idtac.",
        "Module Inner.",
        "Import Inner.",
        "Require Import Statements.",
        "From CEP Require Import Statements.",
        "From CEP Require Import Pinned.",
        "From Elsewhere Require Import Thing.",
    ],
)
def test_a_command_that_can_bend_the_meaning_is_not_for_a_trusted_file(copy, command):
    path = copy / "Vocabulary.v"
    path.write_text(path.read_text(encoding="utf-8") + command + "\n", encoding="utf-8")
    pins.write_digests(copy, LISTED.trusted)
    (problem,) = pins.problems(copy, LISTED.trusted)
    assert problem.startswith("Vocabulary.v:")
    assert command[:20] in problem


def test_a_pinned_file_states_only(copy):
    path = copy / pins.STATEMENTS_FILE
    added = "Definition helper (n : nat) : Prop := n = n.\n"
    path.write_text(path.read_text(encoding="utf-8") + added, encoding="utf-8")
    pins.write_digests(copy, LISTED.trusted)
    (problem,) = pins.problems(copy, LISTED.trusted)
    assert "expected a statement" in problem


def test_every_statement_has_words_of_its_own_and_a_comment():
    source = (HERE / pins.STATEMENTS_FILE).read_text(encoding="utf-8")
    names = list(pins.stated(HERE))
    assert [name for name in names if f"*)\nDefinition {name} : Prop :=" not in source] == []
    words = [theorem.statement_in_words for theorem in LISTED.theorems]
    assert sorted({word for word in words if words.count(word) > 1}) == []


def test_the_trusted_files_are_part_of_the_development():
    listed = sources.project_files(HERE)
    assert [name for name in LISTED.trusted if name not in listed] == []
