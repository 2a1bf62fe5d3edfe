"""Addresses of servers."""

import pytest

from classroom_admin.common.addresses import is_loopback, is_web_address


def test_loopback_hosts_are_recognised():
    assert all(map(is_loopback, ["localhost", "sim.localhost", "127.0.0.1", "127.9.9.9", "::1"]))
    assert not any(map(is_loopback, ["0.0.0.0", "::", "10.0.0.1", "school.example", "localhost.example", ""]))


@pytest.mark.parametrize("url", ["https://api.agora.io", "http://[::1]:80/a?b", "http://host:8080"])
def test_web_address_has_a_host(url):
    assert is_web_address(url)


@pytest.mark.parametrize(
    "url",
    ["", "api.agora.io", "ftp://host", "https://", "https://host:99999", "https://host:x", "http://[::1"],
)
def test_other_addresses_are_no_web_address(url):
    assert not is_web_address(url)
