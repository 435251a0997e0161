"""A certificate authority of the test run."""

import ssl
from dataclasses import dataclass

import trustme


@dataclass(frozen=True)
class Authority:
    """A certificate authority of the test run, and what it has signed."""

    ca: trustme.CA

    @property
    def pem(self) -> bytes:
        """The certificate to trust."""
        return self.ca.cert_pem.bytes()

    def server(self, *names: str, clients: bool = False) -> ssl.SSLContext:
        """A context for a server of these names; `clients` asks its clients for a certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(*(names or ("127.0.0.1",))).configure_cert(context)
        if clients:
            context.verify_mode = ssl.CERT_OPTIONAL
            self.ca.configure_trust(context)
        return context
