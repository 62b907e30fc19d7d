"""Whether a Ray cluster answers: found out in seconds, where Ray itself tries for minutes."""

import os
import re
import socket

from headstart.errors import ConfigError

__all__ = ["reachable"]

ANSWER_SECONDS = 5.0
GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\x04\0\0\0\0\0"
"""How a client of gRPC, which Ray's head speaks, begins (RFC 9113, 3.4): the preface and empty settings."""
SETTINGS, HEADER = 4, 9
"""The type of frame that a server of HTTP/2 answers with first, and bytes of a frame before its content."""


def reachable(address: str) -> str:
    """``HOST:PORT`` of the cluster at ``address``, which may be ``auto``.

    Raises ``ConfigError`` if nothing like Ray answers there within a few seconds.
    """
    if address.startswith("ray://"):
        raise ConfigError(
            f"--address {address} is of Ray's client, which headstart does not use: run it on a machine of the "
            "cluster, with --address auto"
        )
    place = _found() if address == "auto" else address
    if not re.fullmatch(r"[^:\s/]+:\d{1,5}", place):
        raise ConfigError(f"--address {address} is not HOST:PORT, as in 10.0.0.1:6379, nor auto")
    if not _answers(place):
        raise ConfigError(
            f"no Ray cluster answers at {place}: see that `ray start --head` runs there and that its port is open"
        )
    return place


def _found() -> str:
    from ray._private.services import get_ray_address_from_environment

    try:
        place = get_ray_address_from_environment("auto", None)
    except ConnectionError:
        place = None
    if place is None:
        raise ConfigError(
            "no Ray runs on this machine for --address auto: begin with `ray start --head`, or give HOST:PORT"
        )
    return str(place)


def _answers(place: str) -> bool:
    host, _, port = place.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), ANSWER_SECONDS) as connection:
            if os.environ.get("RAY_USE_TLS", "0") != "0":
                return True  # it does not speak before it is shown a certificate
            connection.settimeout(ANSWER_SECONDS)
            connection.sendall(GREETING)
            answer = connection.recv(HEADER)
    except (OSError, OverflowError):
        return False
    return len(answer) == HEADER and answer[3] == SETTINGS
