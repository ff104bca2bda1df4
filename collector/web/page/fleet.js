/* fleet.js - what is wrong, and every service in every environment. */
import { ask } from "./api.js";
import { standing } from "./alerts.js";
import { address, age, empty, folded, h, link, since, state, table, time,
	worstFirst } from "./dom.js";
import { WORDS } from "./incident.js";

const BAD = ["critical", "warning", "unknown"];
const DARK_SHOWN = 8;   /* of what cannot be seen; the rest is folded */
const DIAGNOSED_MAX = 4; /* environments whose verdict is asked for */

/* A moment's picture in the shape of /status: the worst of each place. */
function cellsOf(timeline) {
	const rank = ["ok", "blind", "stale", "unknown", "warning", "critical"];
	const cells = new Map();

	for (const row of timeline.series) {
		const key = `${row.environment}/${row.service}`;
		const cell = cells.get(key);

		if (!cell || rank.indexOf(row.state) > rank.indexOf(cell.state))
			cells.set(key, { ...row, why: row.reason
				? `${row.probe}: ${row.reason}` : null });
	}
	return [...cells.values()];
}

/* --- every service ---------------------------------------------------------- */

function tile(environment, service, cell, now) {
	const word = cell?.state ?? "blind", seen = age(cell?.last, now);

	return h("a", { class: `tile ${word}`, href: address("service",
		environment, service), "aria-label":
		`${service} in ${environment}: ${word}, ${seen}` },
	h("b", {}, word), h("small", {}, seen),
	cell?.build ? h("small", {}, cell.build) : null);
}

function matrix(cells, now) {
	const names = (key) => [...new Set(cells.map((cell) => cell[key])
		.filter((name) => name !== null))].sort();
	const environments = names("environment");
	const places = new Map(cells.map((cell) =>
		[`${cell.environment}/${cell.service}`, cell]));

	return h("div", { class: "scroll", tabindex: "0", role: "region",
		"aria-label": "Services by environment" },
	h("table", { class: "matrix" },
	    h("caption", {}, "State of each service, and how old its evidence is"),
	    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "service"),
		environments.map((name) => h("th", { scope: "col" },
		    link(name, "verdict", name))))),
	    h("tbody", {}, names("service").map((service) => h("tr", {},
		h("th", { scope: "row" }, service),
		environments.map((environment) => h("td", {}, tile(environment,
		    service, places.get(`${environment}/${service}`), now))))))));
}

/* --- what is wrong ---------------------------------------------------------- */

/* In whose hands it is: of the alerts that are on there. */
function hands(environment, alerts) {
	return alerts.filter((one) => one.environment === environment &&
		one.state !== "resolved").map((one) => h("div", {},
		link(`alert #${one.id}`, "alerts"), one.acknowledged
			? `: ${one.acknowledged.by} has it` : `: ${standing(one)}`,
		one.told.length > 0 ? `, told ${one.told.map((row) =>
			row.receiver).join(", ")}` : ", nobody was told"));
}

function held(environment, verdict) {
	if (!verdict)
		return h("strong", {}, environment);
	return [h("strong", {}, `${environment}: ` +
		`${WORDS[verdict.class] ?? verdict.class}`),
	h("div", {}, `${verdict.word ?? ""} (${(verdict.confidence ?? 0)
		.toFixed(2)}) `, h("code", {}, verdict.subject ??
		"not established"), " ", link("evidence and what to do next",
		"verdict", environment))];
}

/* What got worse where the state itself says nothing of it: slower, changed,
 * silent. */
function regressed(name, bad, regressions) {
	return regressions.filter((row) => row.environment === name &&
		!bad.some((cell) => cell.environment === name &&
			cell.service === row.service))
		.map((row) => h("li", {}, h("span", { class: "state warning" },
			row.kind.replace("_", " ")), " ", row.service
			? link(row.service, "service", name, row.service)
			: row.agent ?? "", ` ${row.subject ?? ""} since `,
		time(row.onset_to), h("div", { class: "why" }, row.message ||
			`${row.old} → ${row.new}`)));
}

/* One card for each environment, its verdict first. */
async function wrong({ cells, regressions, at, alerts }, moment) {
	const bad = worstFirst(cells.filter((cell) => BAD.includes(cell.state)),
	    (cell) => cell.state);
	const environments = [...new Set([...bad, ...regressions]
		.map((row) => row.environment))];
	const verdicts = await Promise.all(environments.map((name, i) =>
		i < DIAGNOSED_MAX ? ask(`diagnose/${encodeURIComponent(name)}`,
			{ at: moment }).catch(() => null) : null));
	const worst = (name) => bad.find((cell) =>
		cell.environment === name)?.state ?? "warning";

	return environments.length === 0
		? [h("p", { class: "card verdict ok calm" },
			"Nothing that is seen is wrong.")]
		: [h("h2", {}, "What is wrong"), ...environments.map((name, i) =>
			h("article", { class: `card verdict ${worst(name)}` },
			held(name, verdicts[i]), h("ul", { class: "plain" },
			    bad.filter((cell) => cell.environment === name)
				.map((cell) => h("li", {}, state(cell.state), " ",
				    link(cell.service ?? "the environment", "service",
					name, cell.service ?? ""), " since ",
				    since(cell.since, at),
				    h("div", { class: "why" }, cell.why ?? ""))),
			    regressed(name, bad, regressions)),
			hands(name, alerts)))];
}

function blind(cells, agents) {
	const dark = cells.filter((cell) => ["blind", "stale"].includes(cell.state));
	const rows = [
		...agents.filter((agent) => agent.silent).map((agent) => h("li", {},
			`agent ${agent.environment}/${agent.agent} is silent since `,
			time(agent.seen))),
		...dark.map((cell) => h("li", {}, state(cell.state),
		    ` ${cell.environment}/${cell.service ?? ""}: ${cell.why ?? ""}`)),
	];
	const rest = rows.slice(DARK_SHOWN);

	return rows.length === 0 ? [] : [h("h2", {}, "What cannot be seen"),
		h("ul", { class: "plain" }, rows.slice(0, DARK_SHOWN)),
		rest.length === 0 ? null : folded(`${rest.length} more`,
			h("ul", { class: "plain" }, rest))];
}

/* --- the view --------------------------------------------------------------- */

/* "1 critical, 5 ok", the worst first. */
function counted(cells) {
	const counts = new Map();

	for (const cell of worstFirst(cells, (one) => one.state))
		counts.set(cell.state, (counts.get(cell.state) ?? 0) + 1);
	return h("p", { class: "counts" }, [...counts].map(([word, n]) =>
		h("span", { class: `state ${word}` }, `${n} ${word}`)));
}

async function then(at) {
	const timeline = await ask("timeline", { at });

	if (timeline.series.length === 0)
		return [h("h1", {}, "Fleet"),
			empty("Nothing was measured around that moment.")];
	const cells = cellsOf(timeline);

	return [h("h1", {}, "Fleet, as it stood"), counted(cells),
		await wrong({ cells, at, alerts: [], regressions: timeline.regressions
			.filter((row) => !row.late) }, at), h("h2", {}, "Services"),
		matrix(cells, at), blind(cells, [])].flat();
}

export async function fleet(at) {
	if (at)
		return then(at);
	const [status, told] = await Promise.all([ask("status"), ask("alerts")]);

	if (status.cells.length === 0)
		return [h("h1", {}, "Fleet"), empty("No agent has published " +
			"anything yet. vedette-agent init writes a first " +
			"configuration.")];
	return [h("h1", {}, "Fleet"), counted(status.cells),
		await wrong({ ...status, alerts: told.alerts }),
		h("h2", {}, "Services"), matrix(status.cells, status.at),
		blind(status.cells, status.agents),
		h("h2", {}, "Who looks"), table("Agents and their vantage", [
			["agent", (row) => `${row.environment}/${row.agent}`],
			["vantage", (row) => row.vantage.replace("_", " ")],
			["seen", (row) => since(row.seen, status.at)],
			["state", (row) => row.silent ? state("stale") : "heard"],
		], status.agents)].flat().filter((node) => node !== null);
}
