"""What a program does with the published Dedalus clients, one step per line: a JSON object on standard
input, its outcome as a JSON object on standard output."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

import httpx
from dedalus_labs.lib.crypto import encrypt_credentials, fetch_encryption_key_sync
from dedalus_mcp import Connection, JWTValidator, JWTValidatorConfig, SecretKeys, SecretValues
from dedalus_mcp.auth.dpop import DPoPAuth, generate_dpop_keypair, generate_dpop_proof
from dedalus_mcp.client import BearerAuth, MCPClient
from dedalus_mcp.client.auth import (
    ClientCredentialsAuth,
    TokenExchangeAuth,
    discover_authorization_server,
)

keys: dict[str, Any] = {}


async def discover(resource_url: str) -> dict[str, Any]:
    async with httpx.AsyncClient() as client:
        found = await discover_authorization_server(client, resource_url)
    return asdict(found)


async def validate(token: str, issuer: str, audience: str) -> dict[str, Any]:
    config = JWTValidatorConfig(
        jwks_uri=f"{issuer}/.well-known/jwks.json", issuer=issuer, audience=audience
    )
    context = await JWTValidator(config).validate(token)
    return {"subject": context.subject, "scopes": context.scopes, "claims": context.claims}


async def encrypt(issuer: str, base_url: str, header_format: str, token: str) -> dict[str, Any]:
    with httpx.Client() as client:
        key = fetch_encryption_key_sync(client, f"{issuer}/")
    connection = Connection(
        "github",
        secrets=SecretKeys(token="GITHUB_TOKEN"),
        base_url=base_url,
        auth_header_format=header_format,
    )
    credential = SecretValues(connection, token=token).values_for_encryption()
    return {"key_size": key.key_size, "envelope": encrypt_credentials(key, credential)}


async def new_key(name: str) -> dict[str, Any]:
    keys[name], _ = generate_dpop_keypair()
    return {"thumbprint": DPoPAuth("", keys[name]).thumbprint}


async def redeem(url: str, form: dict[str, str], key: str | None = None) -> dict[str, Any]:
    proof = {"DPoP": generate_dpop_proof(keys[key], "POST", url)} if key else {}
    async with httpx.AsyncClient() as client:
        answer = await client.post(url, data=form, headers=proof)
    return {"status": answer.status_code, "body": answer.json()}


async def authenticate(auth: dict[str, Any], url: str) -> httpx.Auth:
    kind, options = auth["kind"], {name: value for name, value in auth.items() if name != "kind"}
    if kind == "bearer":
        return BearerAuth(options["token"])
    if kind == "dpop":
        return DPoPAuth(options["token"], keys[options["key"]])
    flow = {"client_credentials": ClientCredentialsAuth, "token_exchange": TokenExchangeAuth}[kind]
    made = await flow.from_resource(resource_url=url, **options)
    await made.get_token()
    return made


async def use(url: str, auth: dict[str, Any], calls: list[list[Any]]) -> dict[str, Any]:
    """Connects, lists the tools and calls some: each call is a name and its arguments."""
    async with await MCPClient.connect(url, auth=await authenticate(auth, url)) as client:
        listed = await client.list_tools()
        results = [await client.call_tool(name, arguments) for name, arguments in calls]
    return {
        "tools": [tool.name for tool in listed.tools],
        "results": [
            {
                "is_error": result.isError,
                "text": "\n".join(part.text for part in result.content if part.type == "text"),
            }
            for result in results
        ],
    }


steps: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
    step.__name__: step for step in (discover, validate, encrypt, new_key, redeem, use)
}


def innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def main() -> None:
    for line in iter(sys.stdin.readline, ""):
        message = json.loads(line)
        try:
            outcome: dict[str, Any] = {"result": await steps[message.pop("step")](**message)}
        except Exception as error:
            inner = innermost(error)
            outcome = {"error": {"type": type(inner).__name__, "message": str(inner)}}
        print(json.dumps(outcome), flush=True)


asyncio.run(main())
