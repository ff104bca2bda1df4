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
	node.append(...children.flat().filter((child) => child !== null));
	return node;
}

export function state(word) {
	const known = ["ok", "warning", "critical", "unknown", "stale", "blind"];

	return h("span", { class: `state ${known.includes(word) ? word : "unknown"}` },
	    word);
}

export function link(text, ...path) {
	const at = asked("at");
	const query = at === null ? "" : `?at=${encodeURIComponent(at)}`;

	return h("a", { href: `#/${path.map(encodeURIComponent).join("/")}${query}` },
	    text);
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

export function empty(text) {
	return h("p", { class: "empty" }, text);
}

export function time(at) {
	if (!at)
		return h("span", { class: "soft" }, "never");
	return h("time", { datetime: at }, at.slice(0, 19).replace("T", " "));
}

export function age(at, now) {
	if (!at)
		return "never seen";
	const seconds = Math.max(0, Math.round((Date.parse(now) - Date.parse(at)) / 1000));
	const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
	const [size, unit] = units.find(([one]) => seconds >= one) ?? [1, "s"];

	return `${Math.floor(seconds / size)} ${unit} old`;
}

/* columns: [title, cell of a row, class]; scrolls by itself when narrow. */
export function table(caption, columns, rows) {
	return h("div", { class: "scroll", tabindex: "0", role: "region",
		"aria-label": caption },
	h("table", {}, h("caption", {}, caption),
	    h("thead", {}, h("tr", {}, columns.map(([title]) =>
		h("th", { scope: "col" }, title)))),
	    h("tbody", {}, rows.map((row) => h("tr", {}, columns.map(
		([, cell, kind]) => h("td", { class: kind }, cell(row) ?? "")))))));
}
