"""What a job inherits."""

from gitops_auditor.execution.environment import inherited, job_environment

AMBIENT = {
    "PATH": "/bin",
    "LC_ALL": "C.UTF-8",
    "DATABASE_URL": "postgresql://user:password@host/name",
    "GITOPS_TOKEN": "treasure",
    "HOME": "/root",
}


def test_a_job_inherits_nothing_but_what_is_allowed() -> None:
    made = job_environment(inherited(AMBIENT), {}, home="/job")
    assert set(made) == {"PATH", "LC_ALL", "HOME", "TMPDIR", "TERM", "CI"}
    assert made["HOME"] == "/job"


def test_what_a_job_is_given_wins() -> None:
    made = job_environment(inherited(AMBIENT), {"PATH": "/mine", "NEW": "1"}, home="/job")
    assert (made["PATH"], made["NEW"]) == ("/mine", "1")


def test_a_job_always_has_a_path() -> None:
    assert "/usr/bin" in job_environment({}, {}, home="/job")["PATH"]


def test_a_job_finds_the_machines_certificates_and_proxies_but_nobodys_password() -> None:
    ambient = {
        "PIP_CERT": "/etc/ca.pem",
        "GIT_SSL_CAINFO": "/etc/ca.pem",
        "https_proxy": "http://proxy:3128",
        "NO_PROXY": "localhost",
        "HTTP_PROXY": "http://user:treasure@proxy:3128",
    }
    made = job_environment(inherited(ambient), {}, home="/job")
    assert set(ambient) - set(made) == {"HTTP_PROXY"}
    assert "treasure" not in str(made)
