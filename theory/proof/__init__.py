"""The machine-checked proof: a Coq development and the program that checks it.

``python -m theory.proof`` compiles every file, compares each main theorem with its pinned
statement, lists the axioms behind them, re-checks the compiled proofs with ``coqchk`` and
shows that altered statements are refused.  ``README.md`` says what is proved and what is not.
"""
