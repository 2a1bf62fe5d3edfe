"""What is said about addresses that can't be listened on."""

import socket
import threading

import pytest

from classroom_admin.runtime import ports


@pytest.fixture
def taken():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen(1)
        yield holder.getsockname()[1]


def test_taken_port_gives_a_one_line_error_with_a_fix(taken):
    with pytest.raises(ports.PortProblem) as said:
        ports.check_free("127.0.0.1", taken)
    assert str(said.value) == f"Port {taken} is taken. Choose another with PORT={taken + 1}."


def test_free_port_is_the_preferred_one_where_that_is_free(taken):
    port = ports.free_port()
    ports.check_free("127.0.0.1", port)
    assert ports.free_port(port) == port
    assert ports.free_port(taken) != taken


def test_port_that_is_being_closed_is_waited_for():
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    holder.listen(1)
    port = holder.getsockname()[1]
    threading.Timer(0.2, holder.close).start()
    ports.wait_free("127.0.0.1", port, within_s=10)


@pytest.mark.parametrize(
    ("host", "port", "words"),
    [
        ("127.0.0.1", 0, "PORT is 0"),
        ("127.0.0.1", 70000, "from 1 to 65535"),
        ("192.0.2.1", 8000, "not an address of this machine"),
        ("no such host", 8000, "which is not an address"),
    ],
)
def test_impossible_address_is_reported(host, port, words):
    with pytest.raises(ports.PortProblem, match=words):
        ports.check_free(host, port)
