/* alerts.mjs URL SHOTS READ ADMIN - the alerts of a collector that has one, of
 * backend and database, with a receiver that takes it and one that does not. */
import assert from "node:assert/strict";
import { accessible, done, narrow, open, run, shots } from
	"./driving.mjs";

const [read, admin] = process.argv.slice(4);

/* What the console tells of an answer that was meant. */
const DENIED = { told: /status of 403/ };

async function shown(browser, options = {}) {
	const page = await open(browser, "#/alerts", { token: read, ...options });

	await page.getByRole("heading", { name: /^firing/ }).waitFor();
	return page;
}

const checks = {
	async "an alert says what, since when, whom it reaches, who took it"(browser) {
		const page = await shown(browser);
		const card = page.getByRole("article").first();

		for (const text of [/staging: /, /backend/, /database/,
			/refused/, /nobody yet/, /chat took firing/, /away failing/])
			await card.getByText(text).first().waitFor();
		await page.getByRole("row", { name: /away.*webhook.*failing/ })
			.waitFor();
		await page.getByRole("row", { name: /^move .*quiet until/ }).waitFor();
		await page.getByRole("row", { name: /^nightly .*not now/ }).waitFor();
		assert.equal(await page.locator("nav .count").textContent(), "1");
		await accessible(page, "alerts");
		await page.screenshot({ path: `${shots}/alerts.png`, fullPage: true });
		await done(page);
	},
	async "it fits 375 pixels, and the dark"(browser) {
		const page = await shown(browser, { colorScheme: "dark",
			viewport: { width: 375, height: 740 } });

		await narrow(page, "alerts");
		await accessible(page, "alerts, dark");
		await page.screenshot({ path: `${shots}/alerts-phone.png`,
			fullPage: true });
		await page.getByRole("button", { name: "Silence a place", exact: true })
			.click();
		await narrow(page, "silence");
		await accessible(page, "silence, dark");
		await page.screenshot({ path: `${shots}/silence-phone.png` });
		await done(page);
	},
	async "the fleet says who has it, and leads there"(browser) {
		const page = await open(browser, "#/", { token: read });

		await page.getByText("firing, told chat").waitFor();
		await page.getByRole("link", { name: "alert #1" }).click();
		await page.getByRole("heading", { name: "Alerts" }).waitFor();
		await done(page);
	},
	async "a token that may not is told so, and another asked for"(browser) {
		const page = await shown(browser, DENIED);

		await page.getByRole("button", { name: "Acknowledge alert 1" }).focus();
		await page.keyboard.press("Enter");
		await page.getByLabel("Your name").fill("ann");
		await page.keyboard.press("Enter");
		await page.getByText("lacks the scope admin").waitFor();
		await page.getByText("vedette ack 1").waitFor();
		await accessible(page, "dialog");
		await page.screenshot({ path: `${shots}/acknowledge.png` });
		await page.keyboard.press("Escape");
		assert.equal(await page.getByRole("dialog").count(), 0);
		await page.getByText("nobody yet").waitFor();
		await done(page);
	},
	async "it is acknowledged, and released, by keyboard"(browser) {
		const page = await shown(browser, DENIED);

		await page.getByRole("button", { name: "Acknowledge alert 1" }).focus();
		await page.keyboard.press("Enter");
		await page.getByLabel("Your name").fill("ann");
		await page.getByLabel("For").selectOption("2h");
		await page.keyboard.press("Enter");
		await page.getByLabel("Token with the scope admin").fill(admin);
		await page.keyboard.press("Enter");
		await page.getByRole("heading", { name: /^taken/ }).waitFor();
		await page.getByText(/ann, since .* until/).waitFor();
		await page.locator("nav .count").waitFor({ state: "hidden" });
		await page.getByRole("button", { name: "Release alert 1" }).focus();
		await page.keyboard.press("Enter");
		await page.getByText("ann has it").waitFor();
		await page.keyboard.press("Enter");
		await page.getByRole("heading", { name: /^firing/ }).waitFor();
		await done(page);
	},
	async "a place is silenced with a reason, and the silence ended"(browser) {
		const page = await shown(browser, {});

		await page.evaluate((token) =>
			sessionStorage.setItem("vedette-admin-token", token), admin);
		await page.getByRole("button", { name: "Silence a place of alert 1" })
			.click();
		await page.getByLabel("Your name").fill("bea");
		await page.getByLabel("Place", { exact: true }).selectOption({ label: "staging" });
		await page.getByLabel("Why").fill("<b>the move</b>");
		await page.keyboard.press("Enter");
		await page.getByRole("heading", { name: /^silenced/ }).waitFor();
		await page.getByText("<b>the move</b>").waitFor();
		await accessible(page, "silenced");
		await page.screenshot({ path: `${shots}/silenced.png`,
			fullPage: true });
		await page.getByRole("button", { name: "End silence 1" }).click();
		await page.getByRole("button", { name: "End the silence" }).click();
		await page.getByRole("heading", { name: /^firing/ }).waitFor();
		await done(page);
	},
	async "what has the focus keeps it when something new is shown"(browser) {
		const page = await shown(browser);

		await page.getByRole("link", { name: "Evidence of #1" }).focus();
		const old = await page.locator("main article").elementHandle();

		await old.waitForElementState("hidden"); /* another is in its place */
		assert.equal(await page.evaluate(() =>
			document.activeElement.textContent), "Evidence of #1");
		await done(page);
	},
};

await run(checks);
