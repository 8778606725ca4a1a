# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of it: `era3d serve` as a process with real workers, killed and started again."""

import http.client
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from era3d.serve.tokens import hash_of, new_token, read_tokens
from tests.backend.serve.conftest import REQUEST, SECONDS, started

TOKEN = "t" * 40


class Client:
    """Talks to a server as a small program would."""

    def __init__(self, told: dict, token: str = "") -> None:
        self.port = told["port"]
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, method: str, path: str, body=None, **headers):
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        client.request(method, f"/v1/{path}", body, self.headers | headers)
        return client.getresponse()

    def submit(self, views, request=REQUEST, **headers) -> str:
        body = b""
        parts = [("request", json.dumps(request).encode())]
        parts += [(path.name, path.read_bytes()) for path in views]
        for name, content in parts:
            file = f'; filename="{name}"' if name != "request" else ""
            head = f'--b\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
            body += head.encode() + content + b"\r\n"
        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = self.ask("POST", "jobs", body + b"--b--\r\n", **kind, **headers)
        content = json.loads(answer.read())
        assert answer.status == 202, content
        return content["id"]

    def follow(self, job: str, since: str = ""):
        """Yield id and event until the stream ends or is cut."""
        answer = self.ask("GET", f"jobs/{job}/events", **{"Last-Event-ID": since})
        place = ""
        try:
            for line in answer:
                key, _, value = line.decode().rstrip("\n").partition(": ")
                if key == "id":
                    place = value
                elif key == "data":
                    yield place, json.loads(value)
        except (http.client.IncompleteRead, ConnectionResetError):
            return

    def until(self, job: str, state: str) -> dict:
        end = time.monotonic() + SECONDS
        while True:
            told = json.loads(self.ask("GET", f"jobs/{job}").read())
            if told["state"] == state:
                return told
            assert time.monotonic() < end, told
            time.sleep(0.05)


def test_a_job_outlives_its_server_and_its_events_are_told_once(tmp_path, views):
    seen = []
    with started(tmp_path) as (told, process):
        client = Client(told)
        job = client.submit(views, REQUEST | {"method": "hull"})
        for place, event in client.follow(job):
            seen.append((place, event))
            if event.get("kind") == "progress":
                process.send_signal(signal.SIGKILL)
                break
    with started(tmp_path) as (told, _):
        client = Client(told)
        *rest, (_, end) = client.follow(job, since=seen[-1][0])
        assert end == {"state": "finished", "message": "", "code": 0}
        seen += rest
        folder = tmp_path / "jobs" / job
        written = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
        assert [event for _, event in seen] == written
        assert written[-1]["kind"] == "done"
        mesh = client.ask("GET", f"jobs/{job}/files/mesh.glb").read()
        assert mesh == (folder / "mesh.glb").read_bytes()
        assert mesh[:4] == b"glTF"

        # The worker is still there: it dies, the next job fails in words, the one after runs.
        again = json.dumps({"from": "mesh"})
        kind = {"Content-Type": "application/json"}
        assert client.ask("POST", f"jobs/{job}/run", again, **kind).status == 202
        client.until(job, "running")
        for place, event in client.follow(job, since=seen[-1][0]):
            if event.get("kind") == "started":
                os.kill(worker_of(tmp_path)["process"], signal.SIGKILL)
                died_at = place
                break
        assert "SIGKILL" in client.until(job, "failed")["message"]
        *_, (_, last), (_, end) = client.follow(job, since=died_at)
        assert (last["kind"], end["state"]) == ("failed", "failed")
        again = json.dumps({"from": "texture"})
        assert client.ask("POST", f"jobs/{job}/run", again, **kind).status == 202
        client.until(job, "finished")
    assert not list(folder.rglob(".tmp-*"))


def worker_of(folder: Path) -> dict:
    return json.loads((folder / "jobs" / ".workers" / "worker-0.json").read_text())


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's table of sockets")
def test_only_this_machine_is_listened_to_and_a_signal_ends_all(tmp_path):
    with started(tmp_path) as (told, process):
        assert Client(told).ask("GET", "health").status == 200
        assert listening(process.pid) == {("0100007F", told["port"])}
        second = subprocess.run(
            [sys.executable, "-m", "era3d", "serve", "--folder", str(tmp_path / "jobs")],
            capture_output=True,
            text=True,
        )
        assert second.returncode == 2
        assert "in use by process" in second.stderr
        process.terminate()
        assert process.wait(30.0) == 0


def listening(process: int) -> set[tuple[str, int]]:
    """Addresses that a process listens on, as Linux writes them."""
    own = {str(each.readlink()) for each in Path(f"/proc/{process}/fd").iterdir()}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            entries = line.split()
            if entries[3] == "0A" and f"socket:[{entries[9]}]" in own:
                address, _, port = entries[1].rpartition(":")
                found.add((address, int(port, 16)))
    return found


def test_a_token_may_come_from_the_environment_and_is_not_passed_on(tmp_path):
    with started(tmp_path, "--host", "0.0.0.0", ERA3D_TOKEN=TOKEN) as (told, _):
        assert Client(told).ask("GET", "metrics").status == 401
        assert Client(told, TOKEN).ask("GET", "metrics").status == 200
    log = (tmp_path / "server.log").read_text()
    assert "unencrypted" in log
    assert TOKEN not in log


def test_tokens_come_and_go_without_a_restart(tmp_path):
    file = tmp_path / "tokens"
    first = new_token(file)
    with started(tmp_path, "--token-file", str(file)) as (told, _):
        second = new_token(file)
        for token in (first, second):
            assert Client(told, token).ask("GET", "metrics").status == 200
        file.write_text(f"{hash_of(second)}\n")
        assert Client(told, first).ask("GET", "metrics").status == 401
        assert Client(told, second).ask("GET", "metrics").status == 200


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes a certificate")
def test_tls_with_a_certificate(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    command += f" -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout {key}"
    subprocess.run([*command.split(), "-out", str(certificate)], check=True, capture_output=True)
    options = ("--certificate", str(certificate), "--key", str(key))
    with started(tmp_path, *options) as (told, _):
        assert told["url"].startswith("https://")
        trusted = ssl.create_default_context(cafile=certificate)
        client = http.client.HTTPSConnection("localhost", told["port"], context=trusted)
        client.request("GET", "/v1/health")
        assert client.getresponse().status == 200


def era3d_serve(*options) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "era3d", "serve", *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)


def test_a_token_is_shown_once(tmp_path):
    done = era3d_serve("--new-token", "--token-file", tmp_path / "tokens")
    assert read_tokens(tmp_path / "tokens") == {hash_of(done.stdout.strip())}


def test_other_addresses_need_a_token(tmp_path):
    done = era3d_serve("--host", "0.0.0.0", "--folder", tmp_path, "--token-file", tmp_path / "none")
    assert done.returncode == 2
    assert "--new-token" in done.stderr
    assert "Traceback" not in done.stderr
