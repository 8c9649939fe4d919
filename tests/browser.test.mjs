// The web pages in Chromium: sign in, ask, meet a refusal, review as Rui, ask again as Ana.
// Screenshots are kept in `test-artifacts/`.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import chromium from "@sparticuz/chromium";
import puppeteer from "puppeteer-core";
import { root } from "../tools/paths.mjs";
import { browserOf } from "./support/clients.mjs";
import { startTestPlatform } from "./support/platform.mjs";

const ARTEFACTS = join(root, "test-artifacts");
const CONTACTS = "postgres.crm.contacts";
/** What a function service needs; with them, a second browser context ends the browser. */
const ONE_PROCESS = ["--single-process", "--no-zygote"];

/** @type {Awaited<ReturnType<typeof startTestPlatform>>} */
let platform;
/** @type {import("puppeteer-core").Browser} */
let browser;
/** Words of the browser's console that nobody should ever see. @type {string[]} */
const complaints = [];

before(async () => {
  mkdirSync(ARTEFACTS, { recursive: true });
  platform = await startTestPlatform();
  browser = await puppeteer.launch({ executablePath: await chromium.executablePath(), args: chromium.args.filter((argument) => !ONE_PROCESS.includes(argument)), headless: "shell" });
});
after(async () => {
  await browser?.close();
  await platform?.stop();
});

/** A page of a browser of its own, signed in. @param {string} email @param {{ width: number, height: number }} [viewport] */
async function signedIn(email, viewport = { width: 1280, height: 860 }) {
  const page = await (await browser.createBrowserContext()).newPage();
  await page.setViewport(viewport);
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && !/status of 40[13]/.test(message.text()) && complaints.push(message.text()));
  await page.goto(platform.url);
  await page.waitForSelector("main a.button");
  await Promise.all([page.waitForNavigation(), page.click("main a.button")]);
  await page.waitForSelector(`[value="${email}"]`);
  await Promise.all([page.waitForNavigation(), page.click(`[value="${email}"]`)]);
  await page.waitForSelector("[data-testid=user]");
  assert.equal(await text(page, "[data-testid=user]"), email);
  return page;
}

/** @param {import("puppeteer-core").Page} page @param {string} selector */
const text = (page, selector) => page.$eval(selector, (element) => element.textContent?.trim() ?? "");

/** @param {import("puppeteer-core").Page} page @param {string} name */
const keep = (page, name) => page.screenshot({ path: /** @type {`${string}.png`} */ (join(ARTEFACTS, `${name}.png`)) });

/** Types a statement into the editor and runs it by keyboard. @param {import("puppeteer-core").Page} page @param {string} sql */
async function ask(page, sql) {
  await page.locator("[data-testid=editor] >>> .cm-content").click();
  await page.keyboard.down("Control");
  await page.keyboard.press("KeyA");
  await page.keyboard.up("Control");
  await page.keyboard.type(sql);
  await page.keyboard.down("Control");
  await page.keyboard.press("Enter");
  await page.keyboard.up("Control");
  await page.waitForFunction(() => document.querySelector("[data-testid=run]") && (document.querySelector("tbody td") || document.querySelector("[role=alert]")), { timeout: 30_000 });
}

test("the sign-in page offers the demo's people", async () => {
  const page = await (await browser.createBrowserContext()).newPage();
  await page.goto(platform.url);
  await page.waitForSelector("main a.button");
  await keep(page, "1-welcome");
  await Promise.all([page.waitForNavigation(), page.click("main a.button")]);
  await keep(page, "2-sign-in");
  assert.match(await text(page, "body"), /ana@corp\.example/);
});

test("Ana asks, is refused with a way out, and asks again after Rui's review", async () => {
  const ana = await signedIn("ana@corp.example");
  await ask(ana, "SELECT customer_type, count(*) AS accounts FROM lake.dim.accounts GROUP BY customer_type ORDER BY accounts DESC");
  await keep(ana, "3-answer");
  assert.match(await text(ana, "tbody"), /contract|paygo|free/);

  await ask(ana, `SELECT contact_id, email FROM ${CONTACTS} ORDER BY contact_id LIMIT 5`);
  await ana.waitForSelector("[data-testid=refusal]");
  await keep(ana, "4-refusal");
  assert.match(await text(ana, "[data-testid=refusal]"), /review/);
  await ana.click("[data-testid=refusal] a");
  await ana.waitForSelector("form textarea");
  await keep(ana, "5-request");
  assert.equal(await ana.$eval("form input", (input) => /** @type {HTMLInputElement} */ (input).value), CONTACTS);
  await ana.type("form textarea", "reach the billing contact");
  await ana.click("form button.primary");
  await ana.waitForSelector("tbody td");

  const rui = await signedIn("rui@corp.example");
  await rui.goto(`${platform.url}/reviews`);
  await rui.waitForSelector(`[data-table="${CONTACTS}"] summary`);
  await keep(rui, "6-queue");
  await rui.click(`[data-table="${CONTACTS}"] summary`);
  await rui.waitForSelector(`[data-table="${CONTACTS}"] [data-column=email] select`);
  await keep(rui, "7-review");
  assert.match(await text(rui, `[data-table="${CONTACTS}"] [data-column=email]`), /email/);
  await rui.select(`[data-table="${CONTACTS}"] [data-column=phone] select`, "pending");
  await rui.click(`[data-table="${CONTACTS}"] button.primary`);
  await rui.waitForSelector("[data-testid=saved]");
  await keep(rui, "8-reviewed");

  const ines = await browserOf(platform, "ines@corp.example");
  await ines("POST", "/api/grants", { subject: { group: "analysts" }, table: CONTACTS, privileges: ["select"], reason: "support" });
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  await ana.goto(platform.url);
  await ana.waitForSelector("[data-testid=editor]");
  await ask(ana, `SELECT * FROM ${CONTACTS} ORDER BY contact_id LIMIT 5`);
  await keep(ana, "9-masked");
  const shown = await text(ana, "table");
  assert.doesNotMatch(shown, /phone/);
  assert.match(shown, /\*+@/);
});

test("a token is made, shown once, and works", async () => {
  const ana = await signedIn("ana@corp.example");
  await ana.goto(`${platform.url}/connect`);
  await ana.waitForSelector("form button.primary");
  await ana.click("form button.primary");
  await ana.waitForSelector("[data-testid=token] pre");
  await keep(ana, "10-connect");
  const token = await text(ana, "[data-testid=token] pre");
  const answer = await fetch(`${platform.url}/api/me`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await answer.json()).user, "ana@corp.example");
});

test("the pages fit a phone", async () => {
  const ana = await signedIn("ana@corp.example", { width: 390, height: 844 });
  await ask(ana, "SELECT * FROM lake.dim.accounts LIMIT 20");
  await keep(ana, "11-phone");
  const overflow = await ana.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(overflow <= 0, `the page is ${overflow} pixels too wide`);
});

test("nothing complained in the console", () => assert.deepEqual(complaints, []));
