"""Connects to an MCP server with the official Python client, lists its tools and calls some of them.

Reads {"url", "token", "calls": [{"name", "arguments"}], "mode": "auto" | "legacy"} from standard input;
writes {"tools": [...], "results": [{"error": bool, "text": [...], "structured": ...}]}.
"""

import asyncio
import json
import sys

import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client


async def main():
    task = json.load(sys.stdin)
    headers = {"Authorization": f"Bearer {task['token']}"}
    async with httpx2.AsyncClient(headers=headers, timeout=120) as http:
        async with Client(streamable_http_client(task["url"], http_client=http), mode=task.get("mode", "auto")) as client:
            tools = await client.list_tools()
            results = []
            for call in task["calls"]:
                result = await client.call_tool(call["name"], call["arguments"])
                results.append(
                    {
                        "error": bool(result.is_error),
                        "text": [part.text for part in result.content if part.type == "text"],
                        "structured": result.structured_content,
                    }
                )
            json.dump({"tools": [tool.name for tool in tools.tools], "results": results}, sys.stdout)


asyncio.run(main())
