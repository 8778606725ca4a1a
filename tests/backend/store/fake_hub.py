# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of the Hugging Face hub as the library asks for, on a local port, with faults."""

import contextlib
import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

LARGE = 10_000


@dataclass
class FakeHub:
    """A hub with one model.

    Attributes
    ----------
    repository, commit : str
    files : dict of str to bytes
        Those of at least `LARGE` bytes are kept apart, with a SHA-256, as the hub does.
    cut_after : dict of str to list of int
        Of a file, after how many bytes its next connections break.
    corrupt : set of str
        Files of which another byte is sent than the listing says.
    stall_after : dict of str to int
        Of a file, after how many bytes nothing more comes; ``stalled`` tells that it happened.
    ignores_ranges : bool
    answer : int
        Status of every answer, if not 200.
    requests : list
        Method, file and Range of every request for a file.
    """

    repository: str
    commit: str
    files: dict[str, bytes]
    cut_after: dict[str, list[int]] = field(default_factory=dict)
    corrupt: set[str] = field(default_factory=set)
    ignores_ranges: bool = False
    answer: int = 200
    error_code: str = ""
    requests: list = field(default_factory=list)
    stall_after: dict[str, int] = field(default_factory=dict)
    stalled: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def serving(self):
        """Serve while the block runs; gives the address."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": self}))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()

    def describe(self) -> dict:
        siblings = []
        for name, content in self.files.items():
            git = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            entry = {"rfilename": name, "size": len(content), "blobId": git}
            if len(content) >= LARGE:
                digest = hashlib.sha256(content).hexdigest()
                entry["lfs"] = {"size": len(content), "sha256": digest, "pointerSize": 130}
            siblings.append(entry)
        about = {"id": self.repository, "modelId": self.repository, "sha": self.commit}
        return about | {"private": False, "tags": [], "downloads": 0, "siblings": siblings}


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.respond(body=False)

    def do_GET(self):
        self.respond(body=True)

    def respond(self, body):
        hub, path = self.hub, unquote(urlsplit(self.path).path)
        if hub.answer != 200:
            return self.refuse(hub.answer, hub.error_code)
        if path.startswith("/api/models/"):
            if not path.startswith(f"/api/models/{hub.repository}"):
                return self.refuse(404, "RepoNotFound")
            if path != f"/api/models/{hub.repository}/revision/{hub.commit}":
                return self.refuse(404, "RevisionNotFound")
            return self.send(json.dumps(hub.describe()).encode(), {}, body)
        name = path.removeprefix(f"/{hub.repository}/resolve/{hub.commit}/")
        if name not in hub.files:
            return self.refuse(404, "EntryNotFound")
        return self.send_file(name, body)

    def refuse(self, status, code):
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def send(self, content, headers, body, status=200):
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)

    def send_file(self, name, body):
        hub, content = self.hub, self.hub.files[name]
        wanted = self.headers.get("Range")
        hub.requests.append((self.command, name, wanted))
        large = len(content) >= LARGE
        git = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        etag = hashlib.sha256(content).hexdigest() if large else git
        headers = {"X-Repo-Commit": hub.commit, "ETag": f'"{etag}"', "Accept-Ranges": "bytes"}
        if large:
            headers |= {"X-Linked-Etag": f'"{etag}"', "X-Linked-Size": str(len(content))}
        if name in hub.corrupt:
            content = content[:-1] + bytes([content[-1] ^ 1])
        status, start = 200, 0
        if wanted and not hub.ignores_ranges:
            status, start = 206, int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        cuts = hub.cut_after.get(name)
        if body and cuts:
            return self.send_part(content[start:], headers, status, cuts.pop(0))
        if body and name in hub.stall_after:
            self.send_part(content[start:], headers, status, hub.stall_after.pop(name))
            hub.stalled.set()
            return self.connection.recv(1)  # returns when the other side hangs up
        return self.send(content[start:], headers, body, status)

    def send_part(self, content, headers, status, count):
        """Promise all and send some."""
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:count])
        self.wfile.flush()
        self.close_connection = True
