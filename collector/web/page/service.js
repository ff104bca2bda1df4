/* service.js - one service over time: phases, trend, regressions, changes. */
import { ask } from "./api.js";
import { chart } from "./chart.js";
import { empty, h, link, state, table, time } from "./dom.js";

function latest(results) {
	const newest = new Map();

	for (const row of results)
		if (!newest.has(`${row.agent}/${row.probe}`))
			newest.set(`${row.agent}/${row.probe}`, row);
	return [...newest.values()];
}

function phases(row) {
	return row.phases.map((phase) =>
		`${phase.name} ${phase.duration_ms} ms`).join(", ");
}

/* Another environment in which this service is, to compare with. */
function others(cells, environment, service) {
	return cells.filter((cell) => cell.service === service &&
		cell.environment !== environment).map((cell) => cell.environment);
}

export async function service(at, environment, name) {
	const to = at ?? undefined, place = { environment, service: name };
	const [history, trend, regressions, changes, status] = await Promise.all([
		ask("history", { ...place, to, limit: 300 }),
		ask("trend", { ...place, by: "hour", last: "2d", to }),
		ask("regressions", { ...place, to, limit: 20 }),
		ask("changes", { ...place, to, limit: 30 }),
		ask("status"),
	]);
	const series = trend.series.filter((one) => one.points.length > 0);

	return [h("h1", {}, `${name} in ${environment}`),
		h("p", {}, link("What is held responsible", "verdict", environment),
		    others(status.cells, environment, name).map((other) => [" · ",
			link(`compare with ${other}`, "diff", environment, other)])
			.flat()),
		h("h2", {}, "Probes"), history.results.length === 0
			? empty("No result of this service until then.")
			: table("Newest result of each probe", [
				["probe", (row) => row.probe],
				["vantage", (row) => row.vantage],
				["outcome", (row) => state(row.outcome)],
				["took", (row) => `${row.duration_ms} ms`, "number"],
				["phases", phases, "wide"],
				["at", (row) => time(row.at)],
				["message", (row) => row.message, "wide"],
			], latest(history.results)),
		h("h2", {}, "Trend, hour by hour"), series.length === 0
			? empty("Nothing was measured in these two days.")
			: h("div", {}, h("p", { class: "key soft" },
				h("span", {}, "solid: median"),
				h("span", {}, "dashed: 95th percentile"),
				h("span", {}, "shaded: not ok"),
				h("span", {}, "upright: deploys, changes, regressions")),
			    h("div", { class: "cards" }, series.map((one) =>
				chart(one, trend, changes.changes)))),
		h("h2", {}, "Regressions"), regressions.regressions.length === 0
			? empty("None.")
			: table("Regressions, the newest first", [
				["kind", (row) => row.kind],
				["of", (row) => row.subject],
				["since", (row) => time(row.onset_to)],
				["until", (row) => row.cleared ? time(row.cleared) : "open"],
				["before", (row) => row.old, "wide"],
				["after", (row) => row.new, "wide"],
			], regressions.regressions),
		h("h2", {}, "Changes"), changes.changes.length === 0
			? empty("None.")
			: table("Facts that changed, the newest first", [
				["what", (row) => row.name],
				["first seen", (row) => time(row.new_first_seen)],
				["before", (row) => row.old, "wide"],
				["after", (row) => row.new, "wide"],
			], changes.changes)];
}
