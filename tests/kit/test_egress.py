"""A-13: what may be called from here, and that it is checked where the connection is made."""

from __future__ import annotations

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from hudhud.kit.egress import Egress, Failed, Refused, check_url, read_networks
from hudhud.kit.errors import HudhudError, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PRIVATE = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255"),
    *("::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1", "fec0::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254"),
    *("64:ff9b::7f00:1", "2002:7f00:1::1", "2001:0:4136:e378:8000:63bf:80ff:fffe", "2001:db8::1"),
]


class Counter(HTTPServer):
    hits = 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.server.hits += 1  # type: ignore[attr-defined]
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def inside() -> Iterator[Counter]:
    """Serve something that nobody outside shall reach."""
    server = Counter(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def post(url: str, answers: Sequence[Sequence[str]] = (), allowed: str = "") -> int | HudhudError:
    """Call an address once for each answer of the resolver; return the last status, or what was raised."""

    async def call() -> int | HudhudError:
        asked = iter(answers)
        egress = Egress(read_networks(allowed), resolve=(lambda _host, _port: next(asked))) if answers else Egress(read_networks(allowed))
        try:
            for _ in answers or [()]:
                answer = await egress.post(url, {}, b"{}", limit=10, total_s=2.0)
        except HudhudError as error:
            return error
        finally:
            await egress.close()
        return answer.status

    return asyncio.run(call())


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_stands_for_a_private_address_is_not_called(address: str) -> None:
    assert isinstance(post("https://shop.example.com/", [[address]]), Refused)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0177.0.0.1", "0x7f000001", "127.1", "[::1]", "[::ffff:127.0.0.1]", "localhost"]
)
def test_no_way_of_writing_it_leads_inside(inside: Counter, host: str) -> None:
    for scheme in ("http", "https"):
        assert isinstance(post(f"{scheme}://{host}:{inside.server_port}/"), HudhudError)
    assert inside.hits == 0


def test_a_name_that_answers_otherwise_a_moment_later_gains_nothing(inside: Counter) -> None:
    url = f"http://rebinding.example.com:{inside.server_port}/"
    # Asked once for a connection, which goes to that answer: the second call uses it, and the second answer is never asked for.
    assert post(url, [["127.0.0.1"], ["10.0.0.1"]], allowed="127.0.0.1") == 200
    assert inside.hits == 2
    # Where some answers are public and some are not, only the public ones are called.
    assert isinstance(post(url, [["93.184.216.34", "127.0.0.1"]]), Refused)
    assert isinstance(post(url, [["127.0.0.1"]]), Refused)
    assert inside.hits == 2


def test_other_ports_of_public_hosts_and_plain_http_to_them_are_refused() -> None:
    told = [post(f"https://a.example.com:{port}/", [["93.184.216.34"]]) for port in (22, 25, 5432, 6379)]
    assert [str(one) for one in told] == [f"port {port} is not one of 80, 443, 8080, 8443" for port in (22, 25, 5432, 6379)]
    assert str(post("http://a.example.com/", [["93.184.216.34"]])) == "a.example.com is on the public internet: use https"
    assert isinstance(post("https://a.example.com/", [[]]), Failed)


@pytest.mark.parametrize(
    "url",
    [*("", "example.com", "//example.com", "ftp://example.com", "file:///etc/passwd", "https://", "https://a:b@example.com", "https://ex ample.com"),
     *("https://example.com:99999", "https://example.com:22", "http://example.com", "https://10.0.0.1", "https://[::1]/", "https://päike.ee")],
)  # fmt: skip
def test_an_address_that_cannot_be_called_is_refused_when_it_is_written_down(url: str) -> None:
    with pytest.raises(InvalidInput, match=r"^url: "):
        check_url("url", url, ())


def test_what_the_operator_allows_may_be_written_down() -> None:
    allowed = read_networks("10.0.0.0/8, fd00::/8")
    for url in ("http://10.0.0.1:5678/hook", "http://n8n:5678/hook", "https://[fd00::1]/", "https://example.com/a?b=c"):
        assert check_url("url", url, allowed) == url
    with pytest.raises(InvalidInput, match="HUDHUD_PRIVATE_NETWORKS"):
        read_networks("10.0.0.0/33")
    with pytest.raises(InvalidInput):
        check_url("url", "http://192.168.1.1/", allowed)
