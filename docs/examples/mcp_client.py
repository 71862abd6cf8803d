"""Calls a tool of a Tentacular server as you, with the official Python SDK (`pip install mcp`).

    python mcp_client.py https://tentacular.example/mcp whoami
    python mcp_client.py https://tentacular.example/mcp wf_list '{"enclave": "price-watch"}'

It is told where to sign in by the server itself, prints the address, waits for you on loopback, and keeps the tokens for as long
as it runs.
"""

import asyncio
import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

CLIENT = "agents"


class Memory:
    """Keeps the tokens. The client is one that the issuer knows already: nothing is registered."""

    def __init__(self, redirect: str):
        self.tokens: OAuthToken | None = None
        self.client = OAuthClientInformationFull(
            client_id=CLIENT, redirect_uris=[redirect], token_endpoint_auth_method="none"
        )

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client_info):
        self.client = client_info


class Back(BaseHTTPRequestHandler):
    """Where the browser comes back to."""

    def do_GET(self):
        query = parse_qs(urlsplit(self.path).query)
        if "code" not in query:
            self.send_error(400, "there is no code")
            return
        self.server.came = {name: values[0] for name, values in query.items()}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"Signed in. You can close this window.")

    def log_message(self, *_):
        pass


async def main(server: str, tool: str, arguments: dict) -> None:
    listener = HTTPServer(("127.0.0.1", 0), Back)
    listener.came = None
    redirect = f"http://127.0.0.1:{listener.server_port}/callback"

    async def go(address: str) -> None:
        print(f"Sign in here: {address}", file=sys.stderr, flush=True)

    async def come_back() -> AuthorizationCodeResult:
        while listener.came is None:
            await asyncio.to_thread(listener.handle_request)
        came = listener.came
        return AuthorizationCodeResult(code=came["code"], state=came.get("state"), iss=came.get("iss"))

    metadata = OAuthClientMetadata(redirect_uris=[redirect], client_name="an example", scope="openid email")
    sign_in = OAuthClientProvider(server, metadata, Memory(redirect), go, come_back)
    async with httpx2.AsyncClient(auth=sign_in, timeout=60) as http:
        async with Client(streamable_http_client(server, http_client=http)) as client:
            answer = await client.call_tool(tool, arguments)
    if answer.is_error:
        sys.exit(answer.content[0].text)
    print(json.dumps(answer.structured_content, indent=2))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]) if len(sys.argv) > 3 else {}))
