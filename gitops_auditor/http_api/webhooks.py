"""Calls of other systems: GitHub's webhooks, and reports on runs that are carried out elsewhere."""

import hmac
import json
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs

from pydantic import SecretStr
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gitops_auditor.errors import MalformedRequest, Unauthenticated, Unavailable
from gitops_auditor.identity import Principal, Role
from gitops_auditor.pipelines.starting.deliveries import DeliveryInbox
from gitops_auditor.pipelines.starting.github_events import is_genuine, read_event

GITHUB_PATH: Final = "/api/webhooks/github"
REPORTER: Final = Principal(name="pipelines:report", role=Role.OPERATOR, kind="token")
"""Whoever shows GITOPS_TOKEN. It is accepted at the address for reports and nowhere else."""

_REPORT_PATH = re.compile(r"/api/(?:v2/)?pipelines/[^/]+/webhook", re.DOTALL)
_DELIVERY = re.compile(r"[A-Za-z0-9-]{1,100}")
_EVENT = re.compile(r"[a-z_]{1,100}")
_FORM = "application/x-www-form-urlencoded"


class GithubWebhook:
    """Answers GitHub: 202 once what it sent is kept, and the same when it sends that again.

    Without a secret everything is refused.
    """

    def __init__(self, inbox: DeliveryInbox, secret: SecretStr) -> None:
        self._inbox = inbox
        self._secret = secret.get_secret_value()

    async def answer(self, request: Request) -> Response:
        """Answer one delivery.

        Raises Unavailable without a secret and when it cannot be kept, Unauthenticated for another
        signature than the body's, MalformedRequest, InvalidRequest, HTTPException 415.
        """
        if not self._secret:
            raise Unavailable(
                "GitHub's webhooks cannot be checked: there is no secret.",
                hint="Set GITHUB_WEBHOOK_SECRET to the secret of the webhook at GitHub.",
            )
        body = await request.body()
        if not is_genuine(body, request.headers.get("x-hub-signature-256", ""), self._secret):
            raise Unauthenticated(
                "The signature does not fit the body.",
                hint="Give the webhook at GitHub the secret that GITHUB_WEBHOOK_SECRET has.",
            )
        delivery = _header(request, "x-github-delivery", _DELIVERY)
        event = _header(request, "x-github-event", _EVENT)
        notice = read_event(event, _payload(request, body))
        await self._inbox.accept(delivery, event, notice, body)
        return JSONResponse({"delivery": delivery, "status": "accepted"}, 202)


class ReportBodies:
    """ASGI middleware: the body of a report is JSON also where curl's default calls it a form."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if is_report(scope):
            headers = [item for item in scope["headers"] if not _calls_it_a_form(*item)]
            scope = {**scope, "headers": headers}
        await self._app(scope, receive, send)


def is_report(scope: Scope) -> bool:
    """Whether a request reports on a run: POST /api/pipelines/{pipeline_id}/webhook."""
    return (
        scope["type"] == "http"
        and scope["method"] == "POST"
        and _REPORT_PATH.fullmatch(scope["path"]) is not None
    )


def reporter_of(scope: Scope, token: str, secret: SecretStr) -> Principal | None:
    """REPORTER when the request is a report and shows GITOPS_TOKEN, which must not be empty."""
    expected = secret.get_secret_value().encode("utf-8")
    # Headers are decoded as Latin-1: this gives the bytes that were sent.
    shown = token.encode("latin-1", "replace")
    if expected and is_report(scope) and hmac.compare_digest(shown, expected):
        return REPORTER
    return None


def _header(request: Request, name: str, form: re.Pattern[str]) -> str:
    value = request.headers.get(name, "")
    if form.fullmatch(value) is None:
        raise MalformedRequest(
            f"The header {name} is missing, or not what GitHub sends.",
            hint="Send it as GitHub does.",
        )
    return value


def _payload(request: Request, body: bytes) -> Mapping[str, object]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in {"application/json", _FORM}:
        raise HTTPException(415)
    try:
        text = _form_field(body) if media_type == _FORM else body.decode("utf-8")
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        raise MalformedRequest(
            "The payload is not JSON in UTF-8, or it is nested too deeply.",
            hint="Choose the content type application/json for the webhook.",
        ) from None
    if not isinstance(parsed, dict):
        raise MalformedRequest("The payload is not a JSON object.", hint="Send one JSON object.")
    return parsed


def _form_field(body: bytes) -> str:
    fields = parse_qs(body.decode("ascii"), strict_parsing=True, errors="strict", max_num_fields=10)
    return fields.get("payload", [""])[0]


def _calls_it_a_form(name: bytes, value: bytes) -> bool:
    return name == b"content-type" and value.lower().startswith(_FORM.encode("ascii"))
