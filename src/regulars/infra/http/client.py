"""Which address a request came from: the peer, unless the peer is a proxy we were told of."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


def client_ip(request: HttpRequest) -> str:
    """The client's address. ``X-Forwarded-For`` counts only from a proxy in REGULARS_PROXIES,
    and then its last entry that is not itself such a proxy: whatever stands before is hearsay."""
    peer = str(request.META.get("REMOTE_ADDR") or "")
    if not _is_proxy(peer):
        return peer
    told = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    for address in reversed(told):
        if not _is_address(address):
            return peer
        if not _is_proxy(address):
            return address
    return peer


def is_loopback(request: HttpRequest) -> bool:
    """Whether the request was made on this machine, and not passed on by a proxy on it."""
    if any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip")):
        return False
    peer = str(request.META.get("REMOTE_ADDR") or "")
    return _is_address(peer) and ip_address(peer).is_loopback


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_proxy(text: str) -> bool:
    if not _is_address(text):
        return False
    address = ip_address(text)
    return any(address in ip_network(network, strict=False) for network in settings.PROXIES)
