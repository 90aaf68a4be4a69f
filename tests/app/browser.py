"""Browsers and API clients that talk to the web process in this process."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

PASSWORD = "hoopoe-flies-first"


@dataclass
class Browser:
    """A browser with cookies and, unless told otherwise, the CSRF token; or an API client with a key."""

    key: str = ""
    workspace: int | None = None
    forged: bool = False
    client: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True, SERVER_NAME="localhost"))

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Send one request; return status and parsed body."""
        headers = {}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        elif not self.forged:
            if "csrftoken" not in self.client.cookies:
                self.client.get("/api/v1/setup")
            headers["X-CSRFToken"] = self.client.cookies["csrftoken"].value
        if self.workspace:
            headers["X-Workspace"] = str(self.workspace)
        data = b"" if body is None else json.dumps(body).encode()
        url = path if path.startswith("/") else f"/api/v1/{path}"
        answer = self.client.generic(method, url, data, "application/json", headers=headers)
        is_json = answer.headers.get("Content-Type", "").startswith("application/json")
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        return answer.status_code, json.loads(content) if is_json else content

    def sign_in(self, email: str, password: str = PASSWORD) -> int:
        """Sign in with a password; return the status."""
        return self.ask("POST", "/_allauth/browser/v1/auth/login", {"email": email, "password": password})[0]
