"""The machine-checked proof: a Coq development and the program that checks it.

``python -m theory.proof`` compiles every file, re-checks the compiled proofs with
``coqchk``, lists the axioms behind each main theorem and shows that altered statements
are refused.  ``README.md`` says what is proved and what is not.
"""
