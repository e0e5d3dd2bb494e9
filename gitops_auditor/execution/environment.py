"""The variables of a job: few of the platform's own, then what the job was given."""

from collections.abc import Mapping

INHERITED = frozenset(
    {
        "CURL_CA_BUNDLE",
        "GIT_SSL_CAINFO",
        "LANG",
        "LANGUAGE",
        "NODE_EXTRA_CA_CERTS",
        "PATH",
        "PIP_CERT",
        "REQUESTS_CA_BUNDLE",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
        "TZ",
    }
)
"""Variables that a job inherits when they are set; those that begin with `LC_` too, and PROXIES."""
PROXIES = frozenset({"all_proxy", "http_proxy", "https_proxy", "no_proxy"})
"""Inherited, also in capitals, unless somebody's name and password are in the address."""
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def inherited(ambient: Mapping[str, str]) -> dict[str, str]:
    """What jobs inherit of the platform's own variables."""
    return {
        name: value
        for name, value in ambient.items()
        if name in INHERITED or name.startswith("LC_") or _is_plain_proxy(name, value)
    }


def job_environment(
    inherited: Mapping[str, str], given: Mapping[str, str], *, home: str
) -> dict[str, str]:
    """The variables of one job; `given` wins over what is inherited.

    `home`, a folder that the job may write, is its HOME and TMPDIR.
    """
    fixed = {"CI": "true", "HOME": home, "TMPDIR": home, "TERM": "dumb"}
    return {"PATH": _PATH, **inherited, **fixed, **given}


def _is_plain_proxy(name: str, value: str) -> bool:
    return name.lower() in PROXIES and "@" not in value
