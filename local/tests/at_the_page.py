"""What people do at the local workspace's page, for scripts that are its bots."""

import json
import os
import urllib.parse
import urllib.request

BASE, SECRET = os.environ["BASE"], os.environ["SECRET"]
PATIENCE = 20


def people(person, path, **fields):
    """Does something as a person, by the page."""
    request = urllib.request.Request(
        f"{BASE}/as/{person}/{path}",
        data=urllib.parse.urlencode(fields).encode(),
        headers={"Authorization": f"Bearer {SECRET}", "Accept": "application/json"},
    )
    return json.load(urllib.request.urlopen(request, timeout=PATIENCE))
