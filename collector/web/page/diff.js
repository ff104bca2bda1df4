/* diff.js - two environments side by side. */
import { ask } from "./api.js";
import { empty, h, link, state, table } from "./dom.js";

function side(row, show) {
	return row === null ? h("span", { class: "soft" }, "never seen") : show(row);
}

async function choose() {
	const status = await ask("status");
	const names = [...new Set(status.cells.map((cell) => cell.environment))];
	const pairs = names.flatMap((left, i) => names.slice(i + 1)
		.map((right) => [left, right]));

	return [h("h1", {}, "Diff"), pairs.length === 0
		? empty("It takes two environments to compare.")
		: h("ul", {}, pairs.map(([left, right]) => h("li", {},
			link(`${left} and ${right}`, "diff", left, right))))];
}

export async function diff(at, left, right) {
	if (!right)
		return choose();
	const found = await ask(`diff/${encodeURIComponent(left)}/` +
		encodeURIComponent(right), { at });
	const differs = (rows) => [...rows].sort((a, b) =>
		(a.likeness === "same") - (b.likeness === "same"));
	const values = (row) => h("code", {}, row.value);

	return [h("h1", {}, `${left} and ${right}`),
		h("h2", {}, "Outcomes"), found.outcomes.length === 0
			? empty("No probe was heard around that moment.")
			: table("Outcomes, what differs first", [
				["probe", (row) => `${row.service}/${row.probe}`],
				["likeness", (row) => row.likeness.replace("_", " ")],
				[left, (row) => side(row.left, (one) => state(one.state))],
				[right, (row) => side(row.right, (one) => state(one.state))],
			], differs(found.outcomes)),
		h("h2", {}, "Facts"), found.facts.length === 0
			? empty("No fact is known.")
			: table("Facts, what differs first", [
				["fact", (row) => `${row.service}/${row.name}`],
				["likeness", (row) => row.likeness.replace("_", " ")],
				[left, (row) => side(row.left, values), "wide"],
				[right, (row) => side(row.right, values), "wide"],
			], differs(found.facts))];
}
