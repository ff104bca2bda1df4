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

export function svg(name, attributes = {}, ...children) {
	const node = document.createElementNS("http://www.w3.org/2000/svg", name);

	for (const [key, value] of Object.entries(attributes))
		node.setAttribute(key, value);
	node.append(...children);
	return node;
}

export function state(word) {
	const known = ["ok", "warning", "critical", "unknown", "stale", "blind"];

	return h("span", { class: `state ${known.includes(word) ? word : "unknown"}` },
	    word);
}

export function link(text, ...path) {
	const at = new URLSearchParams(location.hash.split("?")[1]).get("at");
	const query = at === null ? "" : `?at=${encodeURIComponent(at)}`;

	return h("a", { href: `#/${path.map(encodeURIComponent).join("/")}${query}` },
	    text);
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
