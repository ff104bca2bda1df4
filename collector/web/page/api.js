/* api.js - asks the collector, and follows what happens. */

const READ = "vedette-token", ADMIN = "vedette-admin-token";

function headers(key = READ) {
	const token = sessionStorage.getItem(key) ?? sessionStorage.getItem(READ);

	return token ? { Authorization: `Bearer ${token}` } : {};
}

/* Kept for this tab only. */
export function setToken(token) {
	sessionStorage.setItem(READ, token);
}

/* The one that orders are given with. */
export function setAdminToken(token) {
	sessionStorage.setItem(ADMIN, token);
}

export class Refusal extends Error {
	constructor(status, message) {
		super(message);
		this.status = status;
	}
}

async function fetched(path, parameters, options) {
	const given = Object.entries(parameters).filter(([, value]) => value);
	const answer = await fetch(`api/v1/${path}?${new URLSearchParams(given)}`,
	    options);

	if (answer.ok)
		return answer.json();
	const text = await answer.json().catch(() => ({}));
	throw new Refusal(answer.status, text.message ?? `status ${answer.status}`);
}

export function ask(path, parameters = {}) {
	return fetched(path, parameters, { headers: headers() });
}

/* Changes something: needs a token with the scope admin. */
export function order(path, parameters = {}) {
	return fetched(path, parameters,
	    { method: "POST", headers: headers(ADMIN) });
}

/* Server-sent events through fetch, because EventSource sends no token. */
async function readEvents(onEvent, onState) {
	const answer = await fetch("api/v1/events", { headers: headers() });

	if (!answer.ok)
		throw new Refusal(answer.status, "no events");
	onState(true);
	const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
	let waiting = "";

	for (;;) {
		const { done, value } = await reader.read();

		if (done)
			return;
		waiting += value;
		const blocks = waiting.split("\n\n");

		waiting = blocks.pop();
		for (const block of blocks)
			for (const line of block.split("\n"))
				if (line.startsWith("data: "))
					onEvent(JSON.parse(line.slice(6)));
	}
}

export async function follow(onEvent, onState) {
	for (;;) {
		await readEvents(onEvent, onState).catch(() => {});
		onState(false);
		await new Promise((done) => setTimeout(done, 3000));
	}
}
