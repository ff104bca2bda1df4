/* diff.js - two environments side by side. */
import { ask } from "./api.js";
import { empty, folded, h, link, state, table, value } from "./dom.js";

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

/* What differs is what they came for; what is the same is a click away. */
function compared(name, columns, rows) {
	const like = (row) => row.likeness.replace("_", " ");
	const shown = (title, some) => table(title, [columns[0],
		["likeness", (row) => row.likeness === "differs"
			? h("span", { class: "state warning" }, like(row))
			: like(row)], ...columns.slice(1)], some);
	const same = rows.filter((row) => row.likeness === "same");
	const others = rows.filter((row) => row.likeness !== "same").sort((a, b) =>
		(a.likeness === "missing") - (b.likeness === "missing"));

	return [others.length === 0 ? empty(`${name}: no difference.`)
		: shown(`${name} that differ, or are missing`, others),
	same.length === 0 ? null : folded(`${same.length} the same`,
		shown(`${name} that are the same`, same))];
}

export async function diff(at, left, right) {
	if (!right)
		return choose();
	const found = await ask(`diff/${encodeURIComponent(left)}/` +
		encodeURIComponent(right), { at });
	const values = (row) => h("code", {}, value(row.value));

	return [h("h1", {}, `${left} and ${right}`),
		h("h2", {}, "Outcomes"), ...(found.outcomes.length === 0
			? [empty("No probe was heard around that moment.")]
			: compared("Outcomes", [
				["probe", (row) => `${row.service}/${row.probe}`],
				[left, (row) => side(row.left, (one) => state(one.state))],
				[right, (row) => side(row.right, (one) => state(one.state))],
			], found.outcomes)),
		h("h2", {}, "Facts"), ...(found.facts.length === 0
			? [empty("No fact is known.")]
			: compared("Facts", [
				["fact", (row) => `${row.service}/${row.name}`],
				[left, (row) => side(row.left, values), "wide"],
				[right, (row) => side(row.right, values), "wide"],
			], found.facts))].filter((node) => node !== null);
}
