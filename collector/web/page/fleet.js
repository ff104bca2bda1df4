/* fleet.js - every service in every environment. */
import { ask } from "./api.js";
import { age, empty, h, link, state, table, time } from "./dom.js";

const WORST = ["ok", "blind", "stale", "unknown", "warning", "critical"];

/* A moment's picture in the shape of /status: the worst of each place. */
function cellsOf(timeline) {
	const cells = new Map();

	for (const row of timeline.series) {
		const key = `${row.environment}/${row.service}`;
		const cell = cells.get(key);

		if (!cell || WORST.indexOf(row.state) > WORST.indexOf(cell.state))
			cells.set(key, { ...row, why: row.reason
				? `${row.probe}: ${row.reason}` : null });
	}
	return [...cells.values()];
}

function matrix(cells, now) {
	const names = (key) => [...new Set(cells.map((cell) => cell[key])
		.filter((name) => name !== null))].sort();
	const environments = names("environment"), services = names("service");
	const at = (environment, service) => cells.find((cell) =>
		cell.environment === environment && cell.service === service);
	const show = (cell) => cell ? [state(cell.state),
		h("small", {}, age(cell.last, now)),
		cell.build ? h("small", {}, `build ${cell.build}`) : null]
		: [state("blind"), h("small", {}, "never seen")];

	return h("div", { class: "scroll", tabindex: "0", role: "region",
		"aria-label": "Services by environment" },
	h("table", { class: "matrix" },
	    h("caption", {}, "State of each service, and how old its evidence is"),
	    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "service"),
		environments.map((name) => h("th", { scope: "col" }, name)))),
	    h("tbody", {}, services.map((service) => h("tr", {},
		h("th", { scope: "row" }, service),
		environments.map((environment) => h("td", {},
		    h("div", {}, link(`${service} in ${environment}`, "service",
			environment, service)),
		    show(at(environment, service)))))))));
}

function wrong(cells) {
	const bad = cells.filter((cell) => ["critical", "warning", "unknown"]
		.includes(cell.state));

	return [h("h2", {}, "What is wrong"), bad.length === 0
		? empty("Nothing that is seen is wrong.")
		: h("ul", { class: "plain" }, bad.map((cell) => h("li", {
			class: "card" }, state(cell.state), " ",
		link(`${cell.environment}/${cell.service ?? ""}`, "service",
		    cell.environment, cell.service ?? ""), " since ",
		time(cell.since), h("div", { class: "why" }, cell.why ?? ""))))];
}

function blind(cells, agents) {
	const dark = cells.filter((cell) => ["blind", "stale"].includes(cell.state));
	const silent = agents.filter((agent) => agent.silent);

	if (dark.length + silent.length === 0)
		return [];
	return [h("h2", {}, "What cannot be seen"),
		h("ul", {}, silent.map((agent) => h("li", {},
		    `agent ${agent.environment}/${agent.agent} is silent since `,
		    time(agent.seen))),
		dark.map((cell) => h("li", {}, state(cell.state),
		    ` ${cell.environment}/${cell.service ?? ""}: ${cell.why ?? ""}`)))];
}

export async function fleet(at) {
	if (at) {
		const timeline = await ask("timeline", { at });

		if (timeline.series.length === 0)
			return [h("h1", {}, "Fleet"),
				empty("Nothing was measured around that moment.")];
		const cells = cellsOf(timeline);

		return [h("h1", {}, "Fleet, as it stood"), matrix(cells, at),
			wrong(cells), blind(cells, [])].flat();
	}
	const status = await ask("status");

	if (status.cells.length === 0)
		return [h("h1", {}, "Fleet"), empty("No agent has published " +
			"anything yet. vedette-agent init writes a first " +
			"configuration.")];
	return [h("h1", {}, "Fleet"), matrix(status.cells, status.at),
		wrong(status.cells), blind(status.cells, status.agents),
		h("h2", {}, "Who looks"), table("Agents and their vantage", [
			["agent", (row) => `${row.environment}/${row.agent}`],
			["vantage", (row) => row.vantage],
			["seen", (row) => time(row.seen)],
			["state", (row) => row.silent ? "silent" : "heard"],
		], status.agents)].flat();
}
