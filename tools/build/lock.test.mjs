import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { withLock } from "./lock.mjs";

const folder = mkdtempSync(join(tmpdir(), "townlake-lock-"));
after(() => rmSync(folder, { recursive: true }));

test("one holder at a time", async () => {
  const path = join(folder, "one");
  let inside = 0;
  await Promise.all(Array.from({ length: 5 }, () => withLock(path, async () => {
    inside += 1;
    assert.equal(inside, 1);
    await sleep(20);
    inside -= 1;
  })));
  assert.equal(existsSync(path), false);
});

test("a failure lets go of the lock", async () => {
  const path = join(folder, "failing");
  await assert.rejects(withLock(path, async () => {
    throw new Error("no");
  }), /no/);
  assert.equal(await withLock(path, async () => "free"), "free");
});

test("a lock of a process that is gone counts for nothing", async () => {
  const path = join(folder, "stale");
  const { pid } = spawnSync("true");
  writeFileSync(path, String(pid));
  assert.equal(await withLock(path, async () => "taken"), "taken");
});
