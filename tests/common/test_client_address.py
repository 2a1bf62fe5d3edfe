"""The address of a client behind proxies: invented headers change nothing."""

import pytest
from django.test import RequestFactory

from classroom_admin.common.client_address import (
    Sender,
    TrustedProxies,
    client_address,
    client_network,
    sender,
)

PROXIES = TrustedProxies.of(["127.0.0.1/32", "10.0.0.0/8", "fd00::/8", "unix"])


def headers(**given: str) -> list[tuple[bytes, bytes]]:
    return [(f"x-forwarded-{name}".encode(), value.encode()) for name, value in given.items()]


@pytest.mark.parametrize("peer", ["203.0.113.9", "2001:db8::1", "unix"])
def test_headers_of_an_untrusted_peer_change_nothing(peer: str) -> None:
    invented = headers(**{"for": "198.51.100.1", "proto": "https", "host": "evil.example"})
    assert sender(peer, invented, TrustedProxies()) == Sender(peer)


@pytest.mark.parametrize(
    ("hops", "address"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("6.6.6.6, 198.51.100.1, 10.1.2.3, 10.9.9.9", "198.51.100.1"),
        ("10.0.0.5", "10.0.0.5"),
        ("198.51.100.1:4711", "198.51.100.1"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("2001:DB8:0::7", "2001:db8::7"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("198.51.100.1, ::ffff:10.0.0.1", "198.51.100.1"),
        ("6.6.6.6, unknown", "127.0.0.1"),
        ("6.6.6.6, <script>, 10.0.0.1", "10.0.0.1"),
        ("", "127.0.0.1"),
        ("unix", "127.0.0.1"),
    ],
)
def test_right_most_untrusted_hop_is_the_client(hops: str, address: str) -> None:
    assert sender("127.0.0.1", headers(**{"for": hops}), PROXIES).address == address


def test_several_headers_are_one_list() -> None:
    several = [*headers(**{"for": "6.6.6.6"}), *headers(**{"for": "198.51.100.1, 10.0.0.1"})]
    assert sender("127.0.0.1", several, PROXIES).address == "198.51.100.1"


@pytest.mark.parametrize("peer", ["127.0.0.1", "::ffff:127.0.0.1", "10.250.0.1", "fd00::9", "unix"])
def test_trusted_peer_names_scheme_and_host(peer: str) -> None:
    named = headers(**{"for": "198.51.100.1", "proto": "https", "host": "school.example"})
    assert sender(peer, named, PROXIES) == Sender("198.51.100.1", "https", "school.example")


def test_last_scheme_counts_and_unknown_schemes_are_ignored() -> None:
    assert sender("127.0.0.1", headers(proto="https, http"), PROXIES).scheme == "http"
    assert sender("127.0.0.1", headers(proto="javascript"), PROXIES).scheme == ""


@pytest.mark.parametrize("wrong", ["10.0.0.0/33", "proxy.example", "10.0.0.1/8", ""])
def test_other_words_are_no_proxies(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"does not appear|host bits"):
        TrustedProxies.of([wrong])


def test_client_address_of_a_request() -> None:
    for given, expected in (("203.0.113.9", "203.0.113.9"), ("::ffff:1.2.3.4", "1.2.3.4"), ("", "")):
        assert client_address(RequestFactory().get("/", REMOTE_ADDR=given)) == expected


def test_network_that_one_client_controls() -> None:
    assert client_network("203.0.113.9") == "203.0.113.9"
    assert client_network("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64"
    assert client_network("") == ""
