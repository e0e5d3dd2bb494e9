"""The variables of a job: few of the platform's own, then what the job was given."""

from collections.abc import Iterable, Mapping

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


def job_environment(
    ambient: Mapping[str, str],
    given: Mapping[str, str],
    *,
    home: str,
    also_inherit: Iterable[str] = (),
) -> dict[str, str]:
    """The variables of one job; `given` wins over what is inherited from `ambient`.

    `home`, a folder that the job may write, is its HOME and TMPDIR.
    """
    wanted = INHERITED | set(also_inherit)
    inherited = {
        name: value
        for name, value in ambient.items()
        if name in wanted or name.startswith("LC_") or _is_plain_proxy(name, value)
    }
    fixed = {"CI": "true", "HOME": home, "TMPDIR": home, "TERM": "dumb"}
    return {"PATH": _PATH, **inherited, **fixed, **given}


def _is_plain_proxy(name: str, value: str) -> bool:
    return name.lower() in PROXIES and "@" not in value
