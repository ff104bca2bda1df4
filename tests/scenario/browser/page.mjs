/* page.mjs URL SHOTS - the views over a recorded outage, and a live agent. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { accessible, complaints, done, narrow, open, run, shots } from
	"./driving.mjs";

const AT = "?at=2026-01-05T10:03:00.000Z";

const VIEWS = [
	["fleet", "#/", "What cannot be seen"],
	["past", `#/${AT}`, "critical"],
	["service", `#/service/staging/backend${AT}`, "POSTGRES_HOST is not set"],
	["diff", `#/diff/staging/production${AT}`, "differs"],
	["incidents", `#/incidents${AT}`, "envfile:staging.env"],
	["incident", `#/incident/1${AT}`, "ENVIRONMENT CONFIGURATION"],
	["verdict", `#/verdict/staging${AT}`, "Evidence for"],
];

const checks = {
	async "each view says what it is for, wide and light"(browser) {
		for (const [name, hash, text] of VIEWS) {
			const page = await open(browser, hash);

			await page.locator("main").getByText(text).first().waitFor();
			await accessible(page, name);
			await page.screenshot({ path: `${shots}/${name}.png`,
				fullPage: true });
			await done(page);
		}
	},
	async "each view fits 375 pixels, and the dark"(browser) {
		for (const [name, hash] of VIEWS) {
			const page = await open(browser, hash, { colorScheme: "dark",
				viewport: { width: 375, height: 740 } });

			await narrow(page, name);
			await accessible(page, `${name}, dark`);
			assert.equal(await page.evaluate(() => getComputedStyle(
				document.body).backgroundColor), "rgb(18, 22, 28)");
			await page.screenshot({ path: `${shots}/${name}-phone.png`,
				fullPage: true });
			await done(page);
		}
	},
	async "the incident shows own and reference inputs, and a command"(browser) {
		const page = await open(browser, `#/incident/1${AT}`);
		const row = page.locator("tr", { hasText: "backend/db" }).first();
		const states = await row.locator(".state").allTextContents();

		assert.deepEqual(states, ["critical", "ok"]);
		await page.context().grantPermissions(["clipboard-write",
			"clipboard-read"]);
		await page.getByRole("button", { name: /^Copy: restore/ }).click();
		await page.getByText("copied").waitFor();
		assert.match(await page.evaluate(() =>
			navigator.clipboard.readText()), /^restore envfile:staging.env/);
		const [file] = await Promise.all([page.waitForEvent("download"),
			page.getByText("Download the report").click()]);

		assert.equal(JSON.parse(readFileSync(await file.path(), "utf8"))
			.verdict.class, "env");
		await done(page);
	},
	async "the slider rewinds by keyboard, and now comes back"(browser) {
		const page = await open(browser, "#/");

		await page.keyboard.press("Tab");
		assert.equal(await page.evaluate(() =>
			document.activeElement.className), "skip");
		for (let i = 0; i < 20; i++) {
			if (await page.evaluate(() =>
				document.activeElement.id === "slider"))
				break;
			await page.keyboard.press("Tab");
		}
		await page.keyboard.press("ArrowLeft");
		await page.getByText("Fleet, as it stood").waitFor();
		assert.match(page.url(), /at=2026-01-05T10/);
		await page.locator("main .critical").first().waitFor();
		for (let i = 0; i < 15; i++)
			await page.keyboard.press("ArrowLeft");
		await page.locator("main .critical").first()
			.waitFor({ state: "detached" });
		await page.locator("main .matrix .ok").first().waitFor();
		await page.keyboard.press("Tab");
		await page.keyboard.press("Tab");
		await page.keyboard.press("Enter");
		await page.getByRole("heading", { name: "Fleet", exact: true })
			.waitFor();
		await done(page);
	},
	async "charts are zoomed by buttons and by dragging, all of one axis"(browser) {
		const page = await open(browser, `#/service/staging/backend${AT}`);
		const span = page.locator(".zoom [role=status]").first();
		const all = await span.textContent();
		const drawn = await page.locator(".plot canvas").first().evaluate(
			(canvas) => new Set(canvas.getContext("2d").getImageData(0, 0,
				canvas.width, canvas.height).data).size);

		assert.ok(drawn > 8, `a chart of ${drawn} shades`);
		await page.getByRole("button", { name: "Zoom in" }).first().focus();
		await page.keyboard.press("Enter");
		const closer = await span.textContent();

		assert.notEqual(closer, all);
		await page.getByRole("button", { name: "All" }).first().click();
		assert.equal(await span.textContent(), all);
		const place = page.locator(".plot .u-over").first();

		await place.scrollIntoViewIfNeeded();
		const over = await place.boundingBox();

		await page.mouse.move(over.x + over.width / 4, over.y + 20);
		await page.mouse.down();
		await page.mouse.move(over.x + over.width / 2, over.y + 20,
			{ steps: 5 });
		await page.mouse.up();
		assert.notEqual(await span.textContent(), all);
		await done(page);
	},
	async "another environment is drawn beside, and the address says so"(browser) {
		const page = await open(browser, `#/service/staging/backend${AT}`);

		await page.getByLabel("beside").selectOption("production");
		await page.getByText("median in production").first().waitFor();
		assert.match(page.url(), /with=production/);
		await page.getByLabel("Over").selectOption("90d");
		await page.waitForURL(/span=90d/);
		const again = await open(browser, new URL(page.url()).hash);

		await again.getByText("median in production").first().waitFor();
		assert.match(again.url(), /at=2026-01-05/);
		await done(again);
		await done(page);
	},
	async "links are followed by keyboard and lead to the same again"(browser) {
		const page = await open(browser, `#/${AT}`);

		await page.getByRole("link", { name: "backend in staging" }).focus();
		await page.keyboard.press("Enter");
		await page.getByRole("heading", { name: "backend in staging" })
			.waitFor();
		const again = await open(browser, new URL(page.url()).hash);

		assert.equal(await again.locator("h1").textContent(),
			"backend in staging");
		await done(again);
		await done(page);
	},
	async "hostile text stays text"(browser) {
		const page = await open(browser, `#/service/staging/hostile${AT}`);

		await page.getByText("<img src=x onerror=").first().waitFor();
		assert.equal(await page.locator("main img, main script").count(), 0);
		assert.equal(await page.evaluate(() => globalThis.hacked), undefined);
		await done(page);
	},
	async "inline scripts and other hosts are refused by the policy"(browser) {
		const page = await open(browser, "#/");
		const before = complaints.length;

		await page.evaluate(() => {
			const script = document.createElement("script");

			script.textContent = "globalThis.hacked = 1";
			document.body.append(script);
		});
		assert.equal(await page.evaluate(() => globalThis.hacked), undefined);
		assert.equal(await page.evaluate(() => fetch("http://127.0.0.2:9/")
			.then(() => "went", () => "refused")), "refused");
		complaints.length = before; /* these were meant */
		await done(page);
	},
	async "what does not exist, and what was never seen, is said"(browser) {
		for (const [hash, text, told] of [["#/nowhere", "Nothing is here"],
			["#/incident/999", "Not to be shown", /status of 404/],
			["#/?at=2020-01-01T00:00:00.000Z", "Nothing was measured"]]) {
			const page = await open(browser, hash, { told });

			await page.getByText(text).first().waitFor();
			await done(page);
		}
	},
	async "a new result is seen without loading again"(browser) {
		const page = await open(browser, "#/");

		await page.getByText("live", { exact: true }).waitFor();
		console.log("ready for live");
		await page.locator("main .critical").first().waitFor();
		await page.getByText("staging/live-1").waitFor();
		await page.screenshot({ path: `${shots}/live.png` });
		console.log("ready to stop");
		await page.getByText("offline, trying again").waitFor();
		await page.getByText("does not answer").waitFor();
		complaints.length = 0; /* refused connections are told */
		await done(page);
	},
};

await run(checks);
