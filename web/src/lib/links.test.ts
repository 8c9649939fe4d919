import { expect, test } from "vitest";
import { pieces } from "./links";

const here = ["http://127.0.0.1:8787"];

test("addresses in a message become links, our own become paths", () => {
  expect(pieces("Ask at http://127.0.0.1:8787/requests/new?table=a.b.c. Or read https://x.example/y", here)).toEqual([
    { text: "Ask at " },
    { text: "http://127.0.0.1:8787/requests/new?table=a.b.c", href: "/requests/new?table=a.b.c" },
    { text: ". Or read " },
    { text: "https://x.example/y", href: "https://x.example/y" },
  ]);
});

test("a lookalike origin is not ours", () => {
  expect(pieces("http://127.0.0.1:87871/x", here)[0]?.href).toBe("http://127.0.0.1:87871/x");
});

test("a message without addresses is one piece", () => {
  expect(pieces("plain", here)).toEqual([{ text: "plain" }]);
});
