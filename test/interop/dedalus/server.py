"""An MCP server written for Dedalus. It uses the framework as it is published; what it needs to know of
its surroundings comes from the three DEDALUS_ variables and from its arguments."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from dedalus_mcp import (
    AuthorizationConfig,
    Connection,
    HttpMethod,
    HttpRequest,
    JWTValidator,
    JWTValidatorConfig,
    MCPServer,
    SecretKeys,
    get_context,
    tool,
)

github = Connection("github", secrets=SecretKeys(token="GITHUB_TOKEN"))


@tool(description="Who the API says you are")
async def whoami() -> dict[str, Any]:
    answer = await get_context().dispatch(HttpRequest(method=HttpMethod.GET, path="/user"))
    return answer.model_dump(mode="json")


@tool(description="Calls the API")
async def call_api(
    path: str,
    method: str = "GET",
    body: dict[str, Any] | list[Any] | str | None = None,
    timeout_ms: int | None = None,
) -> dict[str, Any]:
    request = HttpRequest(method=HttpMethod(method), path=path, body=body, timeout_ms=timeout_ms)
    answer = await get_context().dispatch(github, request)
    return answer.model_dump(mode="json")


@tool(description="Sends the same request three times at once")
async def call_thrice(tell_apart: bool) -> dict[str, Any]:
    def request(number: int) -> HttpRequest:
        headers = {"X-Attempt": str(number)} if tell_apart else None
        return HttpRequest(method=HttpMethod.GET, path="/user", headers=headers)

    context = get_context()
    answers = await asyncio.gather(*(context.dispatch("github", request(n)) for n in range(3)))
    return {"answers": [answer.model_dump(mode="json") for answer in answers]}


@tool(description="Needs a scope that nobody grants", required_scopes=["admin"])
async def nuke() -> str:
    return "gone"


def make_server(args: argparse.Namespace) -> MCPServer:
    if args.auto:
        return MCPServer("interop", connections=[github], authorization_server=args.issuer)
    server = MCPServer(
        "interop",
        connections=[github],
        authorization=AuthorizationConfig(
            enabled=True,
            authorization_servers=[args.issuer],
            required_scopes=["tools:call"],
            require_dpop=args.require_dpop,
        ),
    )
    server.set_authorization_provider(
        JWTValidator(
            JWTValidatorConfig(
                jwks_uri=f"{args.issuer}/.well-known/jwks.json",
                issuer=args.issuer,
                audience=args.audience,
            )
        )
    )
    return server


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--issuer", required=True)
    parser.add_argument("--audience")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--require-dpop", action="store_true")
    parser.add_argument("--auto", action="store_true", help="let the framework configure itself")
    args = parser.parse_args()
    server = make_server(args)
    server.collect(whoami, call_api, call_thrice, nuke)
    asyncio.run(server.serve(host="127.0.0.1", port=args.port, log_level="warning", verbose=False))


main()
