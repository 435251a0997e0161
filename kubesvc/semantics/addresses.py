"""IP addresses as the endpoint controllers read and write them."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address


def family_of(address: str) -> str:
    """Return IPv4 or IPv6; what is neither counts as IPv4, as utils.go, getEndpointAddresses, treats it."""
    return "IPv6" if ":" in canonical(address) else "IPv4"


@lru_cache(maxsize=10_000)
def canonical(address: str) -> str:
    """Write an address as the controller does, whatever its spelling (utils/net, ParseIPSloppy)."""
    plain = (
        ".".join(part.lstrip("0") or "0" for part in address.split(".")) if ":" not in address else address
    )
    try:
        parsed = ip_address(plain)
    except ValueError:
        return address
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed)
