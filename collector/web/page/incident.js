/* incident.js - whose fault it is, how we know, what next. */
import { ask } from "./api.js";
import { copyButton, definitions, empty, folded, h, link, none,
	since, state, table, time, value,
	worstFirst } from "./dom.js";

export const WORDS = { app: "APPLICATION", env: "ENVIRONMENT CONFIGURATION",
	infra: "INFRASTRUCTURE", net: "NETWORK", blind: "BLIND: NOT OBSERVED",
	none: "NOTHING IS WRONG", undetermined: "UNDETERMINED" };
const LOOK = { none: "ok", blind: "blind", undetermined: "undetermined" };

function head(verdict, now) {
	const share = verdict.confidence === null ? ""
		: ` (${verdict.confidence.toFixed(2)})`;
	const rows = [
		["subject", [h("code", {}, verdict.subject ?? "not established"),
			`, ${verdict.word ?? ""}${share}`,
			verdict.owner ? `, for ${verdict.owner}` : ""]],
		["onset", verdict.onset ? [since(verdict.onset.from, now),
			", last good ", time(verdict.last_good)] : null],
		["trigger", verdict.trigger ? [`${verdict.trigger.kind
			.replaceAll("_", " ")} `, h("code", {},
			verdict.trigger.subject), ", ",
		time(verdict.trigger.at.from)] : null],
		["services", verdict.state?.length > 0 ? verdict.state.map((row) =>
			`${row.service} ${row.state}`).join(", ") : null],
		["seen", `${verdict.layers_seen ?? "?"} of ` +
			`${verdict.layers ?? "?"} layers`],
	];

	return h("div", { class: "card verdict " +
		`${LOOK[verdict.class] ?? "critical"}` },
	h("strong", {}, `${verdict.environment}: ` +
	    `${WORDS[verdict.class] ?? verdict.class}`),
	definitions(rows));
}

/* Each probe with its own inputs beside the one with reference inputs. */
function chain(results, verdict) {
	const newest = new Map(), why = new Map();

	for (const row of results)
		if (!newest.has(`${row.service}/${row.probe}/${row.agent}`))
			newest.set(`${row.service}/${row.probe}/${row.agent}`, row);
	for (const row of verdict.entailed ?? [])
		why.set(row.check, row.text);
	const rows = [...newest.values()];
	const isReference = (row) => row.reference_of !== null ||
		row.probe.endsWith(".reference");
	const reference = (row) => rows.find((other) => isReference(other) &&
		(other.reference_of ?? other.probe.replace(/\.reference$/, "")) ===
		row.probe && other.service === row.service &&
		other.agent === row.agent);

	return table("Each check with its own inputs, and with reference inputs", [
		["check", (row) => `${row.service ?? ""}/${row.probe}`],
		["vantage", (row) => row.vantage.replace("_", " ")],
		["own inputs", (row) => state(row.outcome)],
		["reference inputs", (row) => reference(row)
			? state(reference(row).outcome) : "not checked"],
		["what it says", (row) => why.get(`${row.service}/${row.probe}`) ??
			row.message, "wide"],
	], worstFirst(rows.filter((row) => !isReference(row)),
		(row) => row.outcome));
}

function ledger(verdict) {
	const columns = [["evidence", (row) => row.id],
		["dB", (row) => (row.db > 0 ? "+" : "") + row.db.toFixed(1), "number"],
		["for", (row) => row.for ?? ""],
		["what", (row) => row.text, "wide"]];

	return [h("h2", {}, "Evidence for"), verdict.evidence.length === 0
		? none() : table("Ledger, for", columns, verdict.evidence),
	h("h2", {}, "Evidence against"), verdict.against.length === 0
		? none() : table("Ledger, against", columns, verdict.against),
	h("h2", {}, "Cleared"), verdict.cleared.length === 0 ? none("Nothing.")
		: h("ul", {}, verdict.cleared.map((row) => h("li", {},
			h("code", {}, row.subject), ` ${row.text} (${row.why})`)))];
}

function next(verdict) {
	if (verdict.next_actions.length === 0)
		return [];
	return [h("h2", {}, "Next"), h("ol", {}, verdict.next_actions.map((row) =>
		h("li", {}, h("code", {}, row.command), " ", copyButton(row.command),
		    h("div", { class: "soft" }, `expect: ${row.expect}; if not: ` +
			`${row.if_not}; risk: ${row.risk}`))))];
}

function download(name, document_) {
	const bytes = JSON.stringify(document_, null, 2);

	return h("button", { type: "button", on: { click: () => {
		const url = URL.createObjectURL(new Blob([bytes],
		    { type: "application/json" }));

		h("a", { href: url, download: name }).click();
		URL.revokeObjectURL(url);
	} } }, "Download the report");
}

/* What became different; what was only seen for the first time is folded. */
function timeline(changes) {
	const shown = (caption, rows) => table(caption, [
		["from", (row) => row.from ? time(row.from) : ""],
		["to", (row) => time(row.to)],
		["what", (row) => [row.what, " ", value(row.before), " → ",
			value(row.after)], "wide"],
	], rows);
	const rows = changes.filter((row) => row.from);
	const first = changes.filter((row) => !row.from);

	return [rows.length === 0 ? none("Nothing changed before it.")
		: shown("What changed", rows),
	...(first.length === 0 ? [] : [folded(`${first.length} seen for the ` +
		"first time", shown("Seen for the first time", first))])];
}

async function story(verdict, changes, actions) {
	const history = await ask("history", { environment: verdict.environment,
		to: new Date(Date.parse(verdict.at) + 1).toISOString(), limit: 500 });

	return [head(verdict, verdict.at), ...next(verdict), actions,
		h("h2", {}, "Chain"),
		history.results.length === 0 ? empty("No result until then.")
			: chain(history.results, verdict),
		...ledger(verdict), h("h2", {}, "Timeline"),
		...timeline(changes)];
}

export async function verdict(at, environment) {
	const found = await ask(`diagnose/${encodeURIComponent(environment)}`, { at });
	const changed = await ask("changes", { environment, to: at, limit: 20 });

	return [h("h1", {}, `What is held responsible in ${environment}`),
		...await story(found, changed.changes.map((row) => ({
			from: row.old_last_seen, to: row.new_first_seen,
			what: `${row.service ?? ""} ${row.name}:`,
			before: row.old, after: row.new,
		})), download(`verdict-${environment}.json`, found))];
}

export async function incident(at, id) {
	const report = await ask(`report/${encodeURIComponent(id)}`, { at });

	return [h("h1", {}, `Incident ${report.incident.id}, ` +
		`${report.incident.state}`),
	...await story(report.verdict, report.changes.map((row) => ({
		from: row.at.from, to: row.at.to, what: `${row.what} ` +
		`${row.service ?? ""} ${row.name ?? row.subject ?? ""}:`,
		before: row.before ?? "", after: row.after ?? "" })),
	download(`incident-${report.incident.id}.json`, report))];
}

export async function incidents(at) {
	const found = await ask("incidents", { at });

	return [h("h1", {}, "Incidents of 30 days"), found.incidents.length === 0
		? empty("None.") : table("Incidents, the newest first", [
			["incident", (row) => link(`incident ${row.id}`, "incident",
				String(row.id))],
			["environment", (row) => row.environment],
			["severity", (row) => state(row.severity)],
			["onset", (row) => since(row.onset, found.at)],
			["until", (row) => row.closed ? time(row.closed)
				: h("b", {}, row.state)],
			["held responsible", (row) => row.verdict
				? [WORDS[row.verdict.class] ?? row.verdict.class, " ",
					row.verdict.subject
						? h("code", {}, row.verdict.subject) : ""]
				: "", "wide"],
		], found.incidents)];
}
