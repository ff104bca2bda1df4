/* dom.js - elements.  Text is only ever set as text, never as markup. */

export function h(name, attributes = {}, ...children) {
	const node = document.createElement(name);

	for (const [key, value] of Object.entries(attributes)) {
		if (key === "on")
			for (const [event, handler] of Object.entries(value))
				node.addEventListener(event, handler);
		else if (value !== null && value !== undefined && value !== false)
			node.setAttribute(key, value === true ? "" : value);
	}
	node.append(...children.flat(2).filter((child) => child !== null));
	return node;
}

/* --- what is in a moment and a place -------------------------------------- */

const STATES = ["critical", "warning", "unknown", "stale", "blind", "ok"];

/* The worst first; of equal ones the order stays. */
export function worstFirst(rows, word) {
	const rank = (row) => (STATES.indexOf(word(row)) + STATES.length) %
		STATES.length;

	return [...rows].sort((a, b) => rank(a) - rank(b));
}

export function state(word) {
	return h("span", { class: `state ${STATES.includes(word) ? word
		: "unknown"}` }, word);
}

export function link(text, ...path) {
	return h("a", { href: address(...path) }, text);
}

/* Of a view, at the moment that is shown. */
export function address(...path) {
	const at = asked("at");
	const query = at === null ? "" : `?at=${encodeURIComponent(at)}`;

	return `#/${path.map(encodeURIComponent).join("/")}${query}`;
}

/* What stands behind the "?" of the view's address. */
export function asked(name) {
	return new URLSearchParams(location.hash.split("?")[1]).get(name);
}

/* The same view with other words behind the "?"; null takes one away. */
export function turnTo(changes) {
	const [path, query] = location.hash.split("?");
	const words = new URLSearchParams(query);

	for (const [name, value] of Object.entries(changes))
		if (value === null)
			words.delete(name);
		else
			words.set(name, value);
	location.hash = (path || "#/") + (words.size > 0 ? `?${words}` : "");
}

/* --- words ---------------------------------------------------------------- */

export function empty(text) {
	return h("p", { class: "empty" }, text);
}

/* Of a part of a view in which there is nothing. */
export function none(text = "None.") {
	return h("p", { class: "soft" }, text);
}

export function time(at) {
	if (!at)
		return h("span", { class: "soft" }, "never");
	return h("time", { datetime: at }, at.slice(0, 19).replace("T", " "));
}

function lasted(from, to) {
	const seconds = Math.max(0, Math.round((Date.parse(to) -
		Date.parse(from)) / 1000));
	const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
	const [size, unit] = units.find(([one]) => seconds >= one) ?? [1, "s"];

	return `${Math.floor(seconds / size)}\u00a0${unit}`;
}

export function age(at, now) {
	return at ? `${lasted(at, now)} old` : "never seen";
}

/* When it began, and how long ago that was. */
export function since(at, now) {
	return [time(at), at ? ` (${lasted(at, now)})` : null];
}

/* A fingerprint is for comparing: its beginning tells it from others. */
export function value(text) {
	const found = /^fingerprint ([^:]+:)([0-9a-f]{8})[0-9a-f]+$/.exec(text);

	return found ? h("span", { title: text },
		`fingerprint ${found[1]}${found[2]}…`) : text;
}

export function copyButton(text) {
	const button = h("button", { type: "button", class: "small",
		"aria-label": `Copy: ${text}`, on: { click: async () => {
			try {
				await navigator.clipboard.writeText(text);
				button.textContent = "copied";
			} catch {
				button.textContent = "select it by hand";
			}
		} } }, "copy");

	return button;
}

/* --- blocks --------------------------------------------------------------- */

/* All of it stands beside its title on a phone; nothing has no title. */
function cellOf(title, what, kind) {
	const isNothing = what === null || what === undefined || what === "";

	return h("td", { class: kind, role: "cell", "data-title": title },
		isNothing ? null : h("div", {}, what));
}

/* columns: [title, cell of a row, class].  On a phone each row is a block and
 * its cells carry their titles; the roles keep it a table to who listens. */
export function table(caption, columns, rows) {
	return h("div", { class: "scroll", tabindex: "0", role: "region",
		"aria-label": caption },
	h("table", { class: "stack", role: "table" },
	    h("caption", {}, caption),
	    h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
		columns.map(([title, , kind]) => h("th", { scope: "col",
		    role: "columnheader", class: kind }, title)))),
	    h("tbody", { role: "rowgroup" }, rows.map((row) =>
		h("tr", { role: "row" }, columns.map(([title, cell, kind]) =>
		    cellOf(title, cell(row), kind)))))));
}

/* rows: [name, what]; what is null is left out. */
export function definitions(rows) {
	return h("dl", {}, rows.filter(([, what]) => what !== null)
		.map(([name, what]) => [h("dt", {}, name), h("dd", {}, what)]));
}

/* What is seldom wanted, a click away. */
export function folded(summary, ...children) {
	return h("details", {}, h("summary", {}, summary), ...children);
}
