"""What a CI job is told: annotations and a summary, where it is GitHub's or an option asks for it."""

import html

import junitparser
import pytest

SEND = ("send", "chat.created", "--channel", "VIBER", "--seed", "7", "--retry", "none", "--speed", "max")
SCENARIO = """\
name: "Mine, and: yours"
subscriber: {respond: [500]}
retry: none
steps:
  - emit: chat.created
    data: {chat: {firstName: "Ann\\n::error::x"}}
  - repeat: 1
    steps:
      - settle: 1m
      - expect: {status: SUCCESS, deliveries: 1}
"""


@pytest.fixture
def job(folder):
    """The variables of a job on GitHub."""
    (folder / "page.md").write_text("# before\n\n")
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(folder / "page.md"),
        "GITHUB_WORKSPACE": str(folder.parent),
    }


def annotations(done):
    return [line for line in (done.out + done.err).splitlines() if line.startswith("::")]


def test_what_failed_is_marked_in_the_scenarios_file(cli, folder, job):
    (folder / "mine.yaml").write_text(SCENARIO)
    done = cli("run", "mine.yaml", "--speed", "max", "--seed", "3", "--json", env=job)
    assert done.code == 1
    first, last = annotations(done)
    place = f"file={folder.name}/mine.yaml"
    assert first.startswith(
        f"::error {place},line=10,title=wexio-sandbox%3A Mine%2C and%3A yours::expected: 1 delivery SUCCESS%0A"
    )
    assert last.startswith(f"::error {place},line=1,")
    assert "%0Athe same again: wexio-sandbox run mine.yaml --seed 3 " in last
    assert done.json[-1]["kind"] == "verdict"  # stdout is what it always is


def test_the_summary_is_added_to_the_jobs_page(cli, folder, job):
    cli(*SEND, env=job)
    cli(*SEND, env=job)
    said = (folder / "page.md").read_text()
    assert said.startswith("# before\n\n")
    assert said.count("✅ wexio-sandbox: PASSED") == 2


def test_a_run_that_passed_marks_nothing(cli, job):
    assert annotations(cli(*SEND, env=job)) == []


def test_a_scenario_that_cannot_be_played_is_marked_where_it_is_wrong(cli, folder, job):
    (folder / "mine.yaml").write_text("name: x\nsteps: [{emit: chat.craeted}]\n")
    done = cli("run", "mine.yaml", env=job)
    assert done.code == 2
    [line] = annotations(done)
    assert line.startswith(f"::error file={folder.name}/mine.yaml,line=2,col=16,endColumn=28::")
    assert line.endswith("::Wexio documents no event called 'chat.craeted'%0Adid you mean chat.created?")
    assert "mine.yaml:2:16: Wexio documents no event" in done.err


WRONG = """\
name: Mine
contacts: {ann: {}}
steps:
  - {emit: chat.created, channel: VIBER, contact: ann}
  - {emit: chat.created, channel: VIBER, contact: ann}
  - emit: chat.craeted
  - {wait: 3}
"""


def suites(path):
    return list(junitparser.JUnitXml.fromfile(str(path)))


def test_a_scenario_that_cannot_be_played_is_an_error_in_junit(cli, folder):
    (folder / "mine.yaml").write_text(WRONG)
    (folder / "report.xml").write_text("of the run before")
    done = cli("run", "no-contact", "mine.yaml", "first-contact", "--junit", "report.xml")
    assert done.code == 2
    assert "mine.yaml:6:11: Wexio documents no event" in done.err
    before, wrong, after = suites(folder / "report.xml")
    assert [suite.name for suite in (before, wrong, after)] == [
        "Chats without a contact",
        "mine.yaml",
        "first-contact",
    ]
    assert [(suite.errors, suite.skipped) for suite in (before, wrong, after)] == [(0, 1), (1, 0), (0, 1)]
    [case] = wrong
    assert (case._elem.get("file"), case._elem.get("line")) == ("mine.yaml", "6")
    [error] = case.result
    assert isinstance(error, junitparser.Error)
    assert error.message == (
        "mine.yaml:6:11: Wexio documents no event called 'chat.craeted' (did you mean chat.created?), and 1 more"
    )
    assert error.text.strip() == done.err.strip()


def test_the_one_that_is_not_there_is_the_error_and_the_others_were_skipped(cli, folder):
    cli("run", "no-contact", "nothing-like-it", "first-contact", "--junit", "report.xml")
    before, wrong, after = suites(folder / "report.xml")
    assert [(suite.errors, suite.skipped) for suite in (before, wrong, after)] == [(0, 1), (1, 0), (0, 1)]
    assert wrong.name == "nothing-like-it"


def test_no_secret_of_a_wrong_file_is_in_what_is_kept_of_it(cli, folder, job):
    (folder / "mine.yaml").write_text(
        "name: Mine\nconnections:\n"
        "- {name: a, url: http://127.0.0.1:1/, auth: {type: HMAC, secret: whsec_hunter2hunter2, foo: 1}}\n"
        "- {name: b, url: http://127.0.0.1:1/, auth: {type: BASIC, username: u, password: 12345678}}\n"
        "- {name: c, url: '127.0.0.1:99999?token=hunter3'}\n"
        "steps: [{emit: chat.created}]\n"
    )
    done = cli("run", "mine.yaml", "--junit", "o.xml", "--summary", "o.md", env=job)
    assert done.code == 2
    assert done.err.count("secret: whsec_hunter2hunter2") == 1  # whoever has written it sees their line
    marked = "\n".join(annotations(done))
    kept = [(folder / name).read_text() for name in ("o.xml", "o.md", "page.md")]
    for text in (marked, *kept):
        assert "foo" in text
        for secret in ("hunter2", "12345678", "hunter3"):
            assert secret not in text


def test_a_scenario_that_cannot_be_played_is_in_the_summary_and_on_the_jobs_page(cli, folder, job):
    (folder / "mine.yaml").write_text(WRONG)
    cli("run", "mine.yaml", "--summary", "mine.md", env=job)
    written = (folder / "mine.md").read_text()
    assert (folder / "page.md").read_text() == f"# before\n\n{written}"
    assert written.startswith("<h3>❌ wexio-sandbox: NOT PLAYED</h3>")
    for said in ("mine.yaml:6:11", "called 'chat.craeted'", "did you mean chat.created?", "mine.yaml:7:12"):
        assert said in html.unescape(written)


@pytest.mark.parametrize(
    ("arguments", "config", "name", "says"),
    [
        (("run", "nothing-like-it"), "", "nothing-like-it", "there is no scenario nothing-like-it"),
        (("run", "no-contact"), "retry: twice", "no-contact", "wexio-sandbox.yaml:1:8: 'twice' is none of"),
        (("send", "chat.exploded"), "", "send chat.exploded", "Wexio documents no event called"),
        (("send", "chat.created"), "retry: twice", "send chat.created", "wexio-sandbox.yaml:1:8: 'twice'"),
        (
            ("run", "no-contact", "--report", "gone/x"),
            "",
            "Chats without a contact",
            "--report: gone/x cannot",
        ),
    ],
    ids=["no-such-file", "configuration", "event", "configuration-of-send", "another-file"],
)
def test_whatever_keeps_a_run_from_beginning_is_in_the_files(cli, folder, arguments, config, name, says):
    (folder / "wexio-sandbox.yaml").write_text(config)
    done = cli(*arguments, "--junit", "report.xml", "--summary", "mine.md")
    assert done.code in (2, 3)
    [suite] = suites(folder / "report.xml")
    [case] = suite
    assert (suite.name, suite.errors) == (name, 1)
    assert case.result[0].message.startswith(says)
    assert says.rpartition(": ")[2].partition(" ")[0] in html.unescape((folder / "mine.md").read_text())


@pytest.mark.parametrize("path", ["gone/report.xml", "/proc/report.xml"])
def test_what_is_refused_is_told_even_where_junit_cannot_be_written(cli, folder, path):
    (folder / "mine.yaml").write_text(WRONG)
    done = cli("run", "mine.yaml", "--junit", path, "--summary", "mine.md")
    assert done.code == 2
    assert "mine.yaml:6:11: Wexio documents no event" in done.err


def test_lint_marks_a_file_by_its_place_in_the_repository(cli, folder, job):
    (folder / "mine.yaml").write_text("name: x\nsteps: [{emit: chat.craeted}]\n")
    [line] = annotations(cli("lint", "--format", "github", "mine.yaml", env=job))
    assert line.startswith(f"::error file={folder.name}/mine.yaml,line=2,")
    [line] = annotations(cli("lint", "--format", "github", "mine.yaml"))
    assert line.startswith("::error file=mine.yaml,line=2,")


def test_a_warning_is_marked_as_one(cli, folder, job):
    (folder / "mine.yaml").write_text(
        "name: x\ncontacts: {ann: {}}\nsteps:\n  - {emit: chat.created, channel: VIBER, contact: ann}\n"
        "  - {emit: chat.created, channel: VIBER, contact: ann}\n"
    )
    done = cli("run", "mine.yaml", "--speed", "max", env=job)
    assert done.code == 0
    [line] = annotations(done)
    assert line.startswith(f"::warning file={folder.name}/mine.yaml,line=5,")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run", "nothing-like-it"), "there is no scenario nothing-like-it"),
        (("send", "chat.exploded"), "Wexio documents no event called 'chat.exploded'"),
        ((*SEND, "--junit", "gone/x"), "--junit: gone/x cannot be written: no such folder"),
    ],
)
def test_what_is_refused_is_marked_without_a_place(cli, job, arguments, says):
    [line] = annotations(cli(*arguments, env=job))
    assert line.startswith(f"::error title=wexio-sandbox::{says}")


def test_a_shipped_scenario_has_no_file_to_mark(cli, receiving, job):
    done = cli("run", "no-contact", "--to", receiving(lambda seen: 410).url, "--speed", "max", env=job)
    assert annotations(done)
    assert [line for line in annotations(done) if "file=" in line] == []


@pytest.mark.parametrize(
    ("variables", "option", "marked"),
    [
        pytest.param({}, (), False, id="nowhere"),
        pytest.param({"GITHUB_ACTIONS": "true"}, (), True, id="on GitHub"),
        pytest.param({"GITHUB_ACTIONS": "false"}, (), False, id="told that it is not GitHub"),
        pytest.param({"GITHUB_ACTIONS": "true"}, ("--ci", "none"), False, id="on GitHub, and not wanted"),
        pytest.param({}, ("--ci", "github"), True, id="wanted elsewhere"),
        pytest.param({"WEXIO_SANDBOX_CI": "github"}, (), True, id="wanted by a variable"),
    ],
)
def test_github_is_told_where_it_is_github_or_somebody_says_so(cli, receiving, variables, option, marked):
    done = cli(*SEND, "--to", receiving(lambda seen: 500).url, *option, env=variables)
    assert bool(annotations(done)) is marked


def test_at_most_ten_are_marked_as_github_shows_no_more(cli, folder, job):
    expects = "\n".join("  - expect: {status: FAILED, deliveries: 9}" for _ in range(20))
    (folder / "mine.yaml").write_text(f"name: x\nsteps:\n  - emit: chat.created\n{expects}\n")
    assert len(annotations(cli("run", "mine.yaml", "--speed", "max", env=job))) == 10


def test_a_page_that_cannot_be_written_fails_nothing(cli, job):
    done = cli(*SEND, env=job | {"GITHUB_STEP_SUMMARY": "/nowhere/page.md"})
    assert done.code == 0
    [line] = annotations(done)
    assert line.startswith(
        "::warning title=wexio-sandbox::GITHUB_STEP_SUMMARY: /nowhere/page.md cannot be written"
    )


def test_summary_names_a_file_that_is_written_anew(told, folder):
    (folder / "mine.md").write_text("before")
    assert told(*SEND, summary="mine.md").code == 0
    assert (folder / "mine.md").read_text().startswith("<h3>✅ wexio-sandbox: PASSED</h3>")


def test_the_jobs_own_page_is_added_to_once(cli, folder, job):
    cli(*SEND, "--summary", folder / "page.md", env=job)
    said = (folder / "page.md").read_text()
    assert said.startswith("# before")
    assert said.count("<h3>") == 1


def test_a_run_out_of_time_is_summarised_and_marked(cli, folder, job):
    done = cli(
        "send",
        "chat.created",
        "--to",
        "http://127.0.0.1:9/",
        "--max-wait",
        "300ms",
        "--junit",
        "x.xml",
        env=job,
    )
    assert done.code == 1
    [line] = annotations(done)
    assert "expected: the whole run within 300ms (--max-wait)%0Aactual: 1 PENDING" in line
    assert "❌ wexio-sandbox: FAILED" in (folder / "page.md").read_text()
    assert (folder / "x.xml").read_text().count(
        ": connect: no connection to 127.0.0.1:9"
    ) == 3  # failure, case, suite


def test_files_that_are_asked_for_have_names_of_their_own(cli):
    done = cli(*SEND, "--report", "x", "--summary", "./x")
    assert (done.code, done.err) == (2, "error: --report and --summary name the same file\n")
