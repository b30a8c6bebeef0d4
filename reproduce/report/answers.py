"""What the first screen answers: a question, and points with the evidence that each rests on.

A point is stated only where its evidence passes; otherwise it says what its evidence says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cep_core.check.verdicts import Check, Verdict, combine
from reproduce.report.published import rows_of
from reproduce.report.standing import NOT_RUN, PARTIAL, STALE, worst

if TYPE_CHECKING:
    from reproduce.report.assemble import Gathered


LEAST = 1e-5
"""A smaller deviation is the error of a nudge of 1e-6, not one of the property."""


@dataclass(frozen=True)
class Evidence:
    """Checks of a stage, and what is said of them: a verdict, *stale* or *partial*."""

    checks: tuple[Check, ...]
    word: str

    def of(self, *keys: str) -> list[float]:
        """Every number that the checks hold under these keys, one inside the other."""
        found: list[Any] = [check.numbers for check in self.checks]
        for key in keys:
            found = [value[key] for value in found if isinstance(value, dict) and key in value]
        flat = [v for x in found for v in (x.values() if isinstance(x, dict) else [x])]
        return [float(value) for value in flat if isinstance(value, int | float)]

    def counted(self) -> str:
        """``7 of 9 checks fail``, or what else there is to say."""
        if not self.checks:
            return "not run"
        for verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.NOT_RUN):
            some = [check for check in self.checks if check.verdict is verdict]
            if some:
                does = {"fail": "fail", "not run": "were not run"}.get(verdict, "are inconclusive")
                return f"{len(some)} of {len(self.checks)} checks {does}, e.g. {some[0].name}"
        return self.word


@dataclass(frozen=True)
class Point:
    """One sentence of an answer, its word and the section that shows why."""

    word: str
    text: str
    section: str


@dataclass(frozen=True)
class Answer:
    """A question and its points; ``word`` is the worst of them."""

    question: str
    points: tuple[Point, ...]

    @property
    def word(self) -> str:
        """What is said of the whole answer."""
        return worst(point.word for point in self.points)

    @property
    def one_word(self) -> bool:
        """Whether the same is said of every point."""
        return len({point.word for point in self.points}) == 1


def evidence(gathered: Gathered, stage: str, *groups: str) -> Evidence:
    """The checks of a stage whose names begin with one of these groups; all without a group."""
    standing = gathered.stages[stage]
    if standing is None:
        return Evidence((), NOT_RUN)
    checks = tuple(
        check
        for check in standing.stage.checks
        if not groups or check.name.partition("/")[0] in groups
    )
    words = [str(combine(check.verdict for check in checks))]
    words += [STALE] if standing.stale else []
    words += [PARTIAL] if standing.partial else []
    return Evidence(checks, worst(words))


def _point(found: Evidence, claim: str, section: str, says: Callable[[], str]) -> Point:
    """The claim with its numbers, where the evidence passes; else what the evidence says."""
    if found.word == Verdict.PASS:
        return Point(found.word, says(), section)
    return Point(found.word, f"{claim}: not shown by this run ({found.counted()}).", section)


def _spread(values: Sequence[float], form: str = ".3g") -> str:
    low, high = min(values), max(values)
    shown = [f"{low:{form}}", f"{high:{form}}"]
    return shown[0] if shown[0] == shown[1] else f"{shown[0]} to {shown[1]}"


def _right(gathered: Gathered) -> Answer:
    proved = evidence(gathered, "theory", "theorem1", "topologies")
    measured = evidence(gathered, "verify", "theorem1")
    machine = evidence(gathered, "proof")
    levels = [check.name.split("/")[1] for check in proved.checks]
    points = [
        _point(
            proved,
            "Theorem 1 in exact arithmetic",
            "proofs",
            lambda: (
                "Yes. At every step Δ → −∇, as first η and then β vanish, for every network "
                f"with a primitive function, at rest: {len(levels)} cases, "
                f"{levels.count('symbolic')} for every weight, input and activation at once."
            ),
        ),
        _point(
            measured,
            "Theorem 1 in float64",
            "statements",
            lambda: (
                f"In float64 the error falls with order {_spread(measured.of('orders'), '.2f')} "
                "in β and κ (expected: 1), for EP, C-EP and C-VF, in "
                f"{len(measured.checks)} cases."
            ),
        ),
    ]
    if machine.checks:
        said = f"{len(machine.checks) - 1} theorems are machine-checked in Coq."
        points.append(_point(machine, "The Coq development", "machine", lambda: said))
    return Answer("Is the theorem right?", tuple(points))


def _sense(gathered: Gathered) -> Answer:
    joint = evidence(gathered, "theory", "joint_limit")
    same = evidence(gathered, "theory", "augmented")
    run = evidence(gathered, "verify", "augmented")
    centred = evidence(gathered, "verify", "centred")
    both = Evidence(same.checks + run.checks, worst([same.word, run.word]))
    return Answer(
        "In what sense?",
        (
            _point(
                joint,
                "The order of the limits",
                "proofs",
                lambda: (
                    "In the paper's order of limits, η before β. At a fixed ratio κ = η/β, as "
                    "in training, the updates follow BPTT of another network, with Jacobian J + κG."
                ),
            ),
            _point(
                both,
                "C-EP as EP in an augmented primitive function",
                "statements",
                lambda: (
                    "And without any limit: C-EP is EP in an augmented primitive function, for "
                    f"every β, η and step (states agree to {max(run.of('states')):.1e} in float64)."
                ),
            ),
            _point(
                centred,
                "The centred estimator's order",
                "statements",
                lambda: (
                    "The error of one nudge is of order β, of the mean of ±β of order "
                    f"{_spread(centred.of('order'))}."
                ),
            ),
        ),
    )


def _stops(gathered: Gathered) -> Answer:
    stable = evidence(gathered, "verify", "stability")
    untied = evidence(gathered, "verify", "asymmetry")
    published = evidence(gathered, "verify", "published")
    void = evidence(gathered, "verify", "inconclusive")

    def bounds() -> str:
        return "; ".join(
            f"{check.numbers['largest stable kappa']:.3g} ({_setting(check)})"
            for check in stable.checks
            if check.name.endswith("784-512-10")
        )

    return Answer(
        "Where does it stop?",
        (
            _point(
                stable,
                "The largest stable κ",
                "statements",
                lambda: (
                    "At κ = η/β above a bound that is known before training, where the nudged "
                    f"phase diverges. 784-512-10, initial weights: κ < {bounds()}."
                ),
            ),
            _point(
                untied,
                "C-VF with untied weights",
                "statements",
                lambda: (
                    "At untied backward weights: C-VF is then off by (Jᵗ − (Jᵀ)ᵗ) ∂ℓ/∂s, "
                    f"{_by_angle(untied)}."
                ),
            ),
            _point(
                published,
                "The dynamics of the published code",
                "statements",
                lambda: (
                    "In the dynamics of the published code: a relative error of "
                    f"{_spread(published.of('plateau'), '.1g')} stays, however small β and η are."
                ),
            ),
            _point(
                void,
                "Comparisons that prove nothing",
                "statements",
                lambda: (
                    f"Where nothing can be told ({', '.join(_void(void))}) the checker answers "
                    "inconclusive."
                ),
            ),
        ),
    )


def _setting(check: Check) -> str:
    setting = check.name.split("/")[1]
    return f"{setting}, dt = {check.numbers['dt']:g}" if "dt" in check.numbers else setting


def _by_angle(untied: Evidence) -> str:
    parts = []
    for check in untied.checks:
        angle = check.name.partition("Ψ = ")[2]
        deviation = max(check.numbers["deviation by step"])
        parts.append(f"{deviation:.1g} at {angle}" if deviation > LEAST else f"not at {angle}")
    return ", ".join(parts)


def _void(void: Evidence) -> list[str]:
    return [check.name.partition("/")[2] for check in void.checks]


def _published(gathered: Gathered) -> Answer:
    figures = evidence(gathered, "figures")

    def drawn() -> str:
        return f"{len(figures.checks)} theorem figures come out, each beside its exact counterpart."

    rows = rows_of(gathered.details("trainings"))
    listed = [Point(row.word, row.told, "published") for row in rows]
    return Answer(
        "Do the published numbers come out?",
        (*listed, _point(figures, "The theorem figures", "figures", drawn)),
    )


NEW = (
    ("corrected", "C-VF corrected in phase 2 follows BPTT without symmetric weights"),
    ("joint_limit", "what C-EP follows at a fixed ratio κ, and no limit of η"),
    ("augmented", "C-EP is EP in an augmented primitive function, exactly"),
    ("stability", "the largest stable κ, known before any training"),
    ("error_bound", "a bound on the error at given β and κ, close to the error"),
    ("float_run", "a certificate for the run in floating point itself"),
    ("topologies", "the theorem beyond chains of layers"),
)
"""Statements that are not in the paper, by their group."""


def _new(gathered: Gathered) -> Answer:
    points = [
        Point(found.word, text[0].upper() + text[1:] + ".", "proofs")
        for group, text in NEW
        if (found := evidence(gathered, "theory", group)).checks
    ]
    machine = evidence(gathered, "proof")
    if machine.checks:
        points.append(
            Point(machine.word, "A machine-checked proof of all main theorems.", "machine")
        )
    return Answer("What is new here?", tuple(points) or (Point(NOT_RUN, "Not run.", "proofs"),))


def answers(gathered: Gathered) -> list[Answer]:
    """The answers of the first screen, in their order."""
    return [
        _right(gathered),
        _sense(gathered),
        _stops(gathered),
        _published(gathered),
        _new(gathered),
    ]
