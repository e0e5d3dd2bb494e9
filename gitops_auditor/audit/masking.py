"""Takes secrets out of what is recorded, and makes it fit for canonical JSON (RFC 8785)."""

import math
import re
from collections.abc import Mapping, Sequence

from gitops_auditor.errors import JsonValue

MASK = "***"
MAX_TEXT = 4096
MAX_ITEMS = 1000
MAX_DEPTH = 32
_LARGEST_INTEGER = 2**53 - 1

_SECRET_NAME = re.compile(
    r"(?:^|_)(?:tokens?|passwords?|passwd|passphrase|pwd|secrets?|authorization|auth|cookies?"
    r"|credentials?|(?:api|access|private|secret|signing|encryption|deploy|ssh)_?keys?|key|pat|jwt"
    r"|bearer|dsn)$"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_SECRET_TEXT = (
    # Credentials inside a URL; a plain user name is kept for what follows `ssh://` and the like.
    (re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^\s/@:]*:[^\s/@]*@"), rf"\1{MASK}@"),
    (re.compile(r"(https?://)[^\s/@:]+@"), rf"\1{MASK}@"),
    (re.compile(r"(?i)\b(bearer|basic|token)(\s+)[A-Za-z0-9._~+/=-]{8,}"), rf"\1\2{MASK}"),
    (
        re.compile(
            r"(?i)\b([A-Za-z0-9_-]*(?:password|passwd|secret|token|api_?key|access_?key))"
            r"(\s*[=:]\s*)[^\s&;,'\"]+"
        ),
        rf"\1\2{MASK}",
    ),
    (
        re.compile(
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
            re.DOTALL,
        ),
        MASK,
    ),
    # Tokens that name their issuer.
    (
        re.compile(
            r"\b(?:goa_|gh[pousr]_|github_pat_|glpat-|glptt-|xox[abeoprs]-|sk-|sk_live_|rk_live_"
            r"|npm_|pypi-|dop_v1_|hf_|shpat_|AIza|ya29\.|AGE-SECRET-KEY-)[A-Za-z0-9_.\-]{8,}"
        ),
        MASK,
    ),
    (re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"), MASK),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"), MASK),
)


def masked(parameters: Mapping[str, object]) -> dict[str, JsonValue]:
    """A copy without secrets, whatever their depth, and with bounded size.

    A text under a name that means a secret (`password`, `apiKey`, `GITHUB_TOKEN`) becomes `***`, as
    do texts that look like one: URL credentials, authorization headers, tokens, private keys.
    """
    return _masked_mapping(parameters, secret=False, depth=0)


def masked_text(text: str) -> str:
    """A text with what looks like a secret replaced by `***`."""
    for pattern, replacement in _SECRET_TEXT:
        text = pattern.sub(replacement, text)
    # A lone surrogate has no UTF-8 form.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret."""
    plain = _CAMEL.sub("_", name).lower().replace("-", "_").replace(".", "_")
    return _SECRET_NAME.search(plain) is not None


def _masked_mapping(
    mapping: Mapping[str, object], *, secret: bool, depth: int
) -> dict[str, JsonValue]:
    kept: dict[str, JsonValue] = {}
    for name, value in list(mapping.items())[:MAX_ITEMS]:
        inner = secret or is_secret_name(str(name))
        kept[masked_text(str(name))] = _masked(value, secret=inner, depth=depth + 1)
    if len(mapping) > MAX_ITEMS:
        kept["..."] = f"{len(mapping) - MAX_ITEMS} more"
    return kept


def _masked(value: object, *, secret: bool, depth: int) -> JsonValue:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return _number(value)
    if depth > MAX_DEPTH:
        return "..."
    if isinstance(value, Mapping):
        return _masked_mapping(value, secret=secret, depth=depth)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return _masked_sequence(value, secret=secret, depth=depth)
    return MASK if secret else _text(str(value))


def _masked_sequence(values: Sequence[object], *, secret: bool, depth: int) -> list[JsonValue]:
    kept = [_masked(value, secret=secret, depth=depth + 1) for value in values[:MAX_ITEMS]]
    if len(values) > MAX_ITEMS:
        kept.append(f"... {len(values) - MAX_ITEMS} more")
    return kept


def _number(value: float) -> JsonValue:
    if isinstance(value, int):
        return value if abs(value) <= _LARGEST_INTEGER else str(value)
    return value if math.isfinite(value) else str(value)


def _text(text: str) -> str:
    shown = masked_text(text)
    if len(shown) <= MAX_TEXT:
        return shown
    return f"{shown[:MAX_TEXT]}... ({len(shown)} characters)"
