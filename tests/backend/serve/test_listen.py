# SPDX-FileCopyrightText: 2026 Era3D for Blender contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real socket, and clients that do not behave."""

import contextlib
import http.client
import json
import socket
import time

import pytest

from era3d.errors import InputError
from era3d.serve.listen import Address, configuration, listen
from tests.backend.serve.conftest import Server as Puppets
from tests.backend.serve.conftest import listening

LIMITS = {
    "header_seconds": 0.5,
    "upload_patience": 0.5,
    "upload_rate": 1e6,
    "upload_bytes": 2**22,
    "connections": 20,
}


@pytest.fixture
def port(tmp_path):
    """The port of a server in a thread."""
    with listening(Puppets(tmp_path / "jobs", limits=LIMITS)) as port:
        yield port


@contextlib.contextmanager
def connected(port):
    with socket.create_connection(("127.0.0.1", port), timeout=20.0) as connection:
        yield connection


def answered(connection) -> tuple[int, dict]:
    """Read an answer to its end, and see that the server closes."""
    content = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := connection.recv(2**16):
            content += chunk
    head, _, body = content.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def is_alive(port) -> bool:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=20.0)
    client.request("GET", "/v1/health")
    return client.getresponse().status == 200


def test_a_header_that_never_ends_is_cut(port):
    for flood in (b"X-Many: %d\r\n" * 3000, b"X-Long: " + b"x" * 100_000):
        with connected(port) as connection:
            connection.sendall(b"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n" + flood)
            status, told = answered(connection)
        assert status == 431
        assert told["error"]
    assert is_alive(port)


@pytest.mark.parametrize("begin", [b"", b"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n"])
def test_a_header_that_does_not_come_is_not_waited_for(port, begin):
    with connected(port) as connection:
        began = time.monotonic()
        connection.sendall(begin)
        assert answered(connection)[0] == 408
    assert time.monotonic() - began < 10.0
    assert is_alive(port)


def test_a_second_header_is_not_waited_for_either(port):
    with connected(port) as connection:
        connection.sendall(b"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert b"200 OK" in connection.recv(2**16)
        connection.sendall(b"GET /v1/health HT")
        assert answered(connection)[0] == 408


def test_a_body_that_trickles_is_cut(port):
    with connected(port) as connection:
        connection.sendall(
            b"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\n\r\n--b"
        )
        status, told = answered(connection)
    assert status == 408
    assert "too slowly" in told["error"]
    assert is_alive(port)


@pytest.mark.parametrize("request_line", [b"GET /v1/health", b"POST /nothing"])
@pytest.mark.parametrize("length", [b"Content-Length: 1000000", b"Transfer-Encoding: chunked"])
def test_a_body_that_nobody_reads_does_not_keep_the_connection(port, request_line, length):
    with connected(port) as connection:
        began = time.monotonic()
        head = request_line + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n" + length
        connection.sendall(head + b"\r\n\r\n")
        assert connection.recv(2**16)
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - began < 10.0:
                connection.sendall(b"1\r\nx\r\n")
                time.sleep(0.05)
        assert time.monotonic() - began < 10.0
    assert is_alive(port)


def test_ten_gigabytes_are_refused_before_they_come(port):
    with connected(port) as connection:
        connection.sendall(
            b"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10000000000\r\n\r\n"
        )
        assert answered(connection)[0] == 413


def test_a_client_that_writes_on_still_learns_why_it_was_refused(port):
    head = b"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n"
    head += b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    part = b'--b\r\nContent-Disposition: form-data; name="picture"; filename="x"\r\n\r\n'
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    sent = 0
    with connected(port) as connection:
        connection.sendall(head + b"%x\r\n" % len(part) + part + b"\r\n")
        with contextlib.suppress(ConnectionError):
            while sent < 2**30:
                connection.sendall(chunk)
                sent += 0x10000
                if connection_has_answer(connection):
                    break
        assert sent < 2**30
        assert answered(connection)[0] == 413


def connection_has_answer(connection) -> bool:
    connection.setblocking(False)
    try:
        return bool(connection.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False
    finally:
        connection.settimeout(20.0)


def test_a_client_that_leaves_in_the_middle_is_no_fault_of_ours(port, caplog):
    with connected(port) as connection:
        connection.sendall(
            b"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\n\r\n--b"
        )
        time.sleep(0.2)
    time.sleep(0.2)
    assert is_alive(port)
    assert "Traceback" not in caplog.text


def test_a_version_in_strange_digits_is_another_version(port):
    with connected(port) as connection:
        head = b"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        connection.sendall(head + b"Era3D-Protocol: \xb2\r\n\r\n")
        status, told = answered(connection)
    assert status == 409
    assert "update the client" in told["error"]


def test_no_request_at_all_is_refused(port):
    with connected(port) as connection:
        connection.sendall(b"\x16\x03\x01 no HTTP\r\n\r\n")
        assert answered(connection)[0] == 400
    assert is_alive(port)


def test_too_many_connections_are_turned_away_and_places_come_free(port):
    with contextlib.ExitStack() as stack:
        for _ in range(LIMITS["connections"]):
            stack.enter_context(connected(port))
        time.sleep(0.1)
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=20.0)
        client.request("GET", "/v1/health")
        assert client.getresponse().status == 503
        time.sleep(2 * LIMITS["header_seconds"])
        assert is_alive(port)


def test_a_connection_that_stays_open_is_answered_at_once(port):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=20.0)
    client.connect()
    client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
    seconds = []
    for _ in range(30):
        began = time.monotonic()
        client.request("GET", "/v1/health")
        client.getresponse().read()
        seconds.append(time.monotonic() - began)
    # With Nagle's algorithm each takes the 40 ms after which the other side acknowledges.
    assert min(seconds[5:]) < 0.03


def test_a_port_that_is_taken_is_said():
    with listen(Address(port=0)) as taken:
        taken.listen()
        with pytest.raises(InputError, match="another --port"):
            listen(Address(port=taken.getsockname()[1]))


def test_a_certificate_that_is_none_is_said(tmp_path):
    made = Puppets(tmp_path / "jobs")
    path = tmp_path / "cert.pem"
    path.write_text("none")
    with pytest.raises(InputError, match="certificate"):
        configuration(made.app, Address(certificate=path, key=path), made.settings.limits)
