"""HTTP connections to an org: proxies and certificates as the user set them, and addresses that can be one."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import requests

from kevasync.errors import UsageError
from kevasync.salesforce.failures import QuietUrls
from kevasync.salesforce.oauth import SalesforceCredentials

__all__ = ["address", "http_session"]


def http_session(credentials: SalesforceCredentials) -> requests.Session:
    """Connections that heed proxies and certificate settings, and nothing else of the environment.

    With `trust_env`, requests would let REQUESTS_CA_BUNDLE beat our setting, and replace our token by a .netrc entry.
    """
    QuietUrls.install()
    http = requests.Session()
    http.trust_env = False
    http.proxies.update(requests.utils.get_environ_proxies(credentials.instance_url or credentials.login_url))
    bundle = credentials.ca_bundle or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if bundle:
        if not Path(bundle).exists():
            raise UsageError("salesforce-certificate", f"The certificate file {bundle} does not exist")
        http.verify = str(bundle)
    return http


def address(url: str | None) -> str:
    """scheme://host[:port] of the org; raises UsageError for anything else."""
    parts = urlsplit((url or "").strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise UsageError("salesforce-bad-address", f"The org's instance_url is {url!r}" if url else "No instance_url")
    return f"{parts.scheme}://{parts.netloc}"
