"""``python -m reproduce release``: the report of a version, and what the README says from it.

Every number and picture between two lines of the README is the newest release's; nobody types it.
"""

from __future__ import annotations

import argparse
import html
import subprocess
from pathlib import Path

import cep_core
from cep_core.check.verdicts import Verdict
from cep_core.command_line import results_folder
from cep_core.documents import read_json
from cep_core.fields import FieldError, Fields, text
from cep_core.files import write_text
from cep_core.provenance import ROOT
from cep_core.runs.provenance import uncommitted
from cep_core.terminal import say
from reproduce.report.assemble import gather, write_report
from reproduce.report.earlier import MANIFEST, VERDICTS
from reproduce.report.files import PICTURE, link
from reproduce.report.published import counted
from reproduce.report.templates import environment
from reproduce.stages import STAGES

REPORTS = Path("reports")
README = "README.md"
BEGIN = "<!-- the newest report says, written by python -m reproduce release -->"
END = "<!-- end of what the report says -->"


def readme_part(release: Path) -> str:
    """What the README says from a report, as Markdown.

    Args:
        release: the report's folder, in the folder of reports.

    Raises:
        FieldError: it is no report, or one that an earlier version wrote without answers.

    """
    manifest, verdicts = read_json(release / MANIFEST), read_json(release / VERDICTS)
    label = manifest.get("label", text())
    picture = verdicts.table("picture", {})
    where = link(manifest.table("files", {}).values, PICTURE, label)
    template = environment().get_template("readme.md.j2")
    made = template.render(
        label=label,
        written=manifest.get("written", text())[:10],
        verdict=verdicts.get("verdict", text()),
        published=counted(
            row.get("verdict", text()) for row in verdicts.named("published", {}).values()
        ),
        answers=[_answer(answer) for answer in verdicts.tables("answers", 1)],
        picture=_from_readme(where, label) if where else "",
        **{key: picture.get(key, text(0), "") for key in ("caption", "alternative")},
    )
    return html.unescape(made).strip()


def _answer(fields: Fields) -> dict[str, str]:
    points = [
        {"word": point.get("word", text()), "text": point.get("text", text())}
        for point in fields.tables("points", 1)
    ]
    alike = len({point["word"] for point in points}) == 1
    told = [p["text"] if alike else f"*{p['word']}*: {p['text']}" for p in points]
    whole = f"*{points[0]['word']}*. " if alike else ""
    return {
        "question": fields.get("question", text()),
        "told": whole + "<br>".join(told).replace("|", r"\|"),
    }


def _from_readme(where: str, label: str) -> str:
    """A link of a report's page, as the README beside the folder of reports has it."""
    return f"{REPORTS}/{where[3:] if where.startswith('../') else f'{label}/{where}'}"


def with_part(readme: str, part: str) -> str:
    """The README with what it says from a report between its two lines.

    Raises:
        FieldError: it does not have each of the lines once, in their order.

    """
    before, begun, rest = readme.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not begun or not ended or BEGIN in rest or END in after:
        raise FieldError(f"{README}: expected the lines {BEGIN!r} and {END!r}, each once")
    return f"{before}{BEGIN}\n{part}\n{END}{after}"


def release(stages: Path, *, anyway: bool) -> int:
    """Write the report of this version, the README from it, and commit both.

    Args:
        stages: where the stages of the main job left their results.
        anyway: also if not everything passes.

    Raises:
        FieldError: the tree is not a clean checkout, a stage does not pass, a file does not know
            the version, or it has its report; nothing has been written then.

    """
    label, readme = str(cep_core.__version__), ROOT / README
    _expect_ready(label)
    with_part(readme.read_text(encoding="utf-8"), "")
    gathered = gather(stages)
    if gathered.word != Verdict.PASS and not anyway:
        why = "; ".join(gathered.notes()) or "see the report that the main job has written"
        msg = f"{stages}: expected stages that pass (else --anyway), found {gathered.word}: {why}"
        raise FieldError(msg)
    folder, word, _ = write_report(stages, ROOT / REPORTS, label)
    write_text(readme, with_part(readme.read_text(encoding="utf-8"), readme_part(folder)))
    _commit(f"Report {label}", folder.relative_to(ROOT).as_posix(), README)
    say(f"release: {word}, {folder}, committed with {README}")
    return 0


def _expect_ready(label: str) -> None:
    left = uncommitted()
    if left is None:
        raise FieldError(f"{ROOT}: expected a git checkout of the project, found none")
    if left:
        raise FieldError(f"{ROOT}: expected nothing uncommitted, found {', '.join(left[:5])}")
    for name, line in (
        ("CHANGELOG.md", f"\n## {label} "),
        ("CITATION.cff", f"\nversion: {label}\n"),
    ):
        if line not in (ROOT / name).read_text(encoding="utf-8"):
            raise FieldError(f"{name}: expected the line {line.strip()!r}, found none")


def _commit(message: str, *paths: str) -> None:
    for arguments in (("add", "--", *paths), ("commit", "-q", "-m", message, "--", *paths)):
        done = subprocess.run(  # noqa: S603 - fixed arguments
            ["git", "-C", str(ROOT), *arguments],  # noqa: S607 - whichever git the user has
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            why = " ".join((done.stderr or done.stdout).split())
            raise FieldError(f"git {arguments[0]}: expected to commit {', '.join(paths)}: {why}")


def add_command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``release`` to the command line."""
    parser = subparsers.add_parser(
        "release",
        help="write the report of this version and the README's part from it, and commit both",
        description="After the main job has run on a clean tree: writes reports/VERSION from what "
        "its stages left, puts its answers and its picture into README.md, and commits the two.",
    )
    parser.add_argument("--stages", type=results_folder, default=STAGES, metavar="DIR")
    parser.add_argument("--anyway", action="store_true", help="also if not everything passes")
    parser.set_defaults(command=_command)


def _command(arguments: argparse.Namespace) -> int:
    return release(arguments.stages.resolve(), anyway=arguments.anyway)
