"""TLS as kubectl does it: the context for a target, and the name of the check that failed."""

import os
import re
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from kubesvc.client.target import ClientCertificate, Tls
from kubesvc.errors import CredentialError, KubeconfigError
from kubesvc.model.text import one_line

_CERTIFICATE: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)

# OpenSSL's verify codes (x509_vfy.h), in the words of Go's x509 errors, which kubectl prints.
_EXPIRED: Final = 10
_NOT_YET_VALID: Final = 9
_NAMES: Final = (62, 64)
_UNKNOWN_CA: Final = (18, 19, 20, 21)


def context_for(tls: Tls, certificate: ClientCertificate | None) -> ssl.SSLContext:
    """Return a context that trusts exactly the given CA, or the system where none is given (transport.go).

    X509_STRICT, which newer Pythons set by default, stays off: kubectl does not check it, and old cluster CAs
    fail it ("Missing Authority Key Identifier").

    Raises:
        KubeconfigError: The CA cannot be loaded.
        CredentialError: The client certificate cannot be loaded.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # Go: whatever is in the file is a root
    context.hostname_checks_common_name = False
    if tls.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif tls.ca_data or tls.ca_file:
        _trust(context, tls)
    else:
        context.load_default_certs()
    if certificate is not None:
        _present(context, certificate)
    return context


def _trust(context: ssl.SSLContext, tls: Tls) -> None:
    try:
        blocks = _CERTIFICATE.findall(tls.ca_data or Path(tls.ca_file).read_bytes())
        if not blocks:
            raise ValueError("unable to parse bytes as PEM block")  # noqa: TRY301 - as ssl itself would raise it
        context.load_verify_locations(cadata=b"\n".join(blocks).decode("ascii"))
    except OSError as error:  # ssl.SSLError is one
        reason = "failed to parse certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise _bad_ca(tls, reason or "cannot be read") from None
    except ValueError as error:
        raise _bad_ca(tls, str(error)) from None


def _bad_ca(tls: Tls, reason: str) -> KubeconfigError:
    where = "certificate-authority-data" if tls.ca_data else one_line(tls.ca_file)
    return KubeconfigError(f"unable to load root certificates: {where}: {one_line(reason)}")


def _present(context: ssl.SSLContext, certificate: ClientCertificate) -> None:
    def no_password() -> str:
        raise ValueError("the key is encrypted")  # else OpenSSL would ask at the terminal

    try:
        cert = certificate.cert_data or Path(certificate.cert_file).read_bytes()
        key = certificate.key_data or Path(certificate.key_file).read_bytes()
        with _file_of(key + b"\n" + cert) as path:
            context.load_cert_chain(path, password=no_password)
    except (OSError, ValueError) as error:
        known = isinstance(error, ValueError) or not isinstance(error, ssl.SSLError)
        reason = str(error) if known else "certificate and key do not belong together, or are no PEM"
        raise CredentialError(f"the client certificate cannot be used: {one_line(reason)}") from None


@contextmanager
def _file_of(secret: bytes) -> Generator[str]:
    """Give a key the path OpenSSL insists on: in memory where possible, else briefly in a private file."""
    if hasattr(os, "memfd_create") and Path("/proc/self/fd").is_dir():
        descriptor = os.memfd_create("key")
        path = f"/proc/self/fd/{descriptor}"
    else:
        from tempfile import mkstemp

        descriptor, path = mkstemp()
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(secret)
            stream.flush()
            yield path
    finally:
        if not path.startswith("/proc/"):
            Path(path).unlink()


def explain(error: ssl.SSLError, server_name: str) -> tuple[str, str]:
    """Return what failed in kubectl's words, and a hint."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _explain_certificate(error, server_name)
    reason = error.reason or ""
    if reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"}:
        return (
            "http: server gave HTTP response to HTTPS client",
            "Something that does not speak TLS answers on this port: check the port, or a proxy in between.",
        )
    if "ALERT" in reason and ("CERTIFICATE" in reason or "UNKNOWN_CA" in reason):
        return (
            f"remote error: tls: {reason.lower().replace('_', ' ')}",
            "The server does not accept the client certificate of this user.",
        )
    return f"tls: {one_line(reason.lower().replace('_', ' ') or str(error))}", ""


def _explain_certificate(error: ssl.SSLCertVerificationError, server_name: str) -> tuple[str, str]:
    failed = "tls: failed to verify certificate: x509: "
    if error.verify_code in _UNKNOWN_CA:
        return (
            f"{failed}certificate signed by unknown authority",
            "The kubeconfig has the certificate authority of another server: was the cluster rebuilt?",
        )
    if error.verify_code in _NAMES:
        return (
            f"{failed}certificate is not valid for {one_line(server_name)}",
            "tls-server-name in the kubeconfig, or --tls-server-name, gives the name the certificate is for.",
        )
    if error.verify_code in {_EXPIRED, _NOT_YET_VALID}:
        return (
            f"{failed}certificate has expired or is not yet valid",
            "The server's certificate must be renewed; if only one machine says so, check its clock.",
        )
    return f"{failed}{one_line(error.verify_message)}", ""
