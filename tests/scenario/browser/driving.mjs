/* driving.mjs - a real Chromium, and what holds for every page in it. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.cwd()}/`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const LONG = { timeout: 60000 };
export const [url, shots] = process.argv.slice(2);

/* What the page complained of; none of it is allowed. */
export const complaints = [];

/* token: what the tab asks with; told: a line of the console that is no
 * complaint, whenever it comes. */
export async function open(browser, hash, { token, told, ...options } = {}) {
	const context = await browser.newContext({ reducedMotion: "reduce",
		viewport: { width: 1180, height: 900 }, ...options });
	const page = await context.newPage();

	if (token)
		await page.addInitScript((text) =>
			sessionStorage.setItem("vedette-token", text), token);
	page.setDefaultTimeout(60000);
	page.on("pageerror", (error) => complaints.push(error.message));
	page.on("console", (message) => message.type() === "error" &&
		!told?.test(message.text()) && complaints.push(message.text()));
	page.on("request", (request) => request.url().startsWith(url) ||
		request.url().startsWith("blob:") ||
		complaints.push(`asked ${request.url()}`));
	await page.goto(`${url}/${hash}`);
	await page.waitForSelector("main h1", LONG);
	return page;
}

export async function done(page) {
	await page.context().close();
}

/* axe needs to be evaluated by the debugger: the CSP lets no script in. */
export async function accessible(page, name) {
	await page.evaluate(axe);
	const found = await page.evaluate(() => globalThis.axe.run());

	assert.deepEqual(found.violations.map((one) =>
		`${name}: ${one.id}: ${one.nodes[0].html}`), []);
}

export async function narrow(page, name) {
	assert.ok(await page.evaluate(() =>
		document.documentElement.scrollWidth <= innerWidth), name);
}

/* Prints "ok NAME" for each check, and ends with 1 at the first that does not
 * hold. */
export async function run(checks) {
	mkdirSync(shots, { recursive: true });
	const browser = await chromium.launch({
		executablePath: "/usr/bin/chromium",
		args: ["--no-sandbox", "--disable-gpu", "--disable-quic",
			"--no-first-run", "--disable-background-networking",
			"--disable-component-update", "--disable-sync"] });

	try {
		for (const [name, check] of Object.entries(checks)) {
			await check(browser);
			assert.deepEqual(complaints, [], name);
			console.log(`ok ${name}`);
		}
	} finally {
		await browser.close();
	}
}
