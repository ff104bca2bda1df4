/* service.js - one service over time: phases, trend, regressions, changes. */
import { ask } from "./api.js";
import { Axis, eventsOf, phaseChart, trendChart } from "./chart.js";
import { asked, empty, folded, h, link, none, since, state, table, time,
	turnTo, value, worstFirst } from "./dom.js";

function latest(results) {
	const newest = new Map();

	for (const row of results)
		if (!newest.has(`${row.agent}/${row.probe}`))
			newest.set(`${row.agent}/${row.probe}`, row);
	return [...newest.values()];
}

/* Another environment in which this service is, to compare with. */
function others(cells, environment, service) {
	return cells.filter((cell) => cell.service === service &&
		cell.environment !== environment).map((cell) => cell.environment);
}

/* How far back, in which steps. */
const SPANS = {
	"2d": { by: "hour", step: 3600, text: "2 days, hour by hour" },
	"14d": { by: "hour", step: 3600, text: "14 days, hour by hour" },
	"90d": { by: "day", step: 86400, text: "90 days, day by day" },
	"730d": { by: "week", step: 604800, text: "2 years, week by week" },
};

function choice(id, label, name, options, chosen) {
	return [h("label", { for: id }, `${label} `), h("select", { id, on: {
		change: (event) => turnTo({ [name]: event.target.value || null }) } },
	options.map(([value, text]) => h("option", { value,
		selected: value === chosen }, text))), " "];
}

/* A short history is not a sliver at the end of an empty picture. */
function axisOf(name, trend, series, step) {
	const to = Date.parse(trend.to) / 1000;
	const first = Math.min(to, ...series.map((one) =>
		Date.parse(one.points[0].at) / 1000));

	const last = Math.max(to, ...series.map((one) =>
		Date.parse(one.points.at(-1).at) / 1000 + step));

	return new Axis(name, Math.max(Date.parse(trend.from) / 1000,
		Math.min(to - step, first - step)), last);
}

function trends(place, trend, changes, theirs, step) {
	const series = trend.series.filter((one) => one.points.length > 0);
	const axis = axisOf(`trend of ${place}`, trend, series, step);
	const events = eventsOf(trend, changes);

	if (series.length === 0)
		return [empty("Nothing was measured in this span.")];
	if (theirs.length === 0 && series.every((one) => one.points.length < 2))
		return [empty("The history is shorter than two steps of a trend: " +
			"the newest results above are all there is.")];
	return [axis.controls(), h("p", { class: "key soft" },
		h("span", {}, "upright: deploys and changes"),
		h("span", {}, "shaded: regressions; bars: share not ok"),
		h("span", {}, "drag to zoom, double click for all")),
	h("div", { class: "cards" }, series.map((one) => trendChart(axis, one,
		step, events, theirs.find((other) => other.probe === one.probe))))];
}

/* The newest results of each series, one by one. */
function phaseTrends(place, results, trend, changes) {
	const times = results.map((row) => Date.parse(row.at) / 1000);
	const groups = new Map();

	for (const row of results) {
		const key = `${row.probe} (${row.agent})`;

		groups.set(key, [...groups.get(key) ?? [], row]);
	}
	if (results.length === 0)
		return [empty("No result of this service until then.")];
	const axis = new Axis(`newest results of ${place}`, Math.min(...times) - 1,
		Math.max(...times) + 1);
	const failed = ([, rows]) => rows[0].outcome !== "ok";

	return [axis.controls(), h("div", { class: "cards" },
		[...groups].sort((a, b) => failed(b) - failed(a))
			.map(([key, group]) => phaseChart(axis, key, group,
				eventsOf(trend, changes))))];
}

/* What became different; what was only seen for the first time is folded. */
function changed(changes) {
	const isFirst = (row) => row.old_last_seen === null;
	const shown = (caption, rows) => table(caption, [
		["what", (row) => row.name],
		["first seen", (row) => time(row.new_first_seen)],
		["before", (row) => value(row.old), "wide"],
		["after", (row) => value(row.new), "wide"],
	], rows);
	const first = changes.filter(isFirst);
	const rows = changes.filter((row) => !isFirst(row));

	return [rows.length === 0 ? none()
		: shown("Facts that changed, the newest first", rows),
	first.length === 0 ? null : folded(`${first.length} seen for the first ` +
		"time", shown("Facts seen for the first time", first))];
}

function regressed(rows, now) {
	return rows.length === 0 ? none()
		: table("Regressions, the newest first", [
			["kind", (row) => row.kind.replace("_", " ")],
			["of", (row) => row.subject],
			["since", (row) => since(row.onset_to, now)],
			["until", (row) => row.cleared ? time(row.cleared)
				: h("span", { class: `state ${row.severity}` }, "open")],
			["before", (row) => value(row.old), "wide"],
			["after", (row) => value(row.new), "wide"],
		], rows);
}

function probes(results, now) {
	return results.length === 0 ? empty("No result of this service until " +
		"then.") : table("Newest result of each probe", [
		["probe", (row) => row.probe],
		["outcome", (row) => state(row.outcome)],
		["vantage", (row) => row.vantage.replace("_", " ")],
		["took", (row) => `${row.censored ? "at least " : ""}${
			row.duration_ms} ms`, "number"],
		["at", (row) => since(row.at, now)],
		["message", (row) => row.message, "wide"],
	], worstFirst(latest(results), (row) => row.outcome));
}

export async function service(at, environment, name) {
	const to = at ?? undefined, place = { environment, service: name };
	const span = asked("span") in SPANS ? asked("span") : "2d";
	const other = asked("with"), { by, step } = SPANS[span];
	const [history, trend, regressions, changes, status, theirs] =
		await Promise.all([
			ask("history", { ...place, to, limit: 300 }),
			ask("trend", { ...place, by, last: span, to }),
			ask("regressions", { ...place, to, limit: 20 }),
			ask("changes", { ...place, to, limit: 30 }),
			ask("status"),
			other === null ? { series: [] } : ask("trend",
				{ environment: other, service: name, by, last: span, to }),
		]);
	const elsewhere = others(status.cells, environment, name);
	const key = `${name} in ${environment}`;

	const now = at ?? status.at;

	return [h("h1", {}, key),
		h("p", {}, link("What is held responsible", "verdict", environment),
		    elsewhere.map((other) => [" · ",
			link(`compare with ${other}`, "diff", environment, other)])),
		h("h2", {}, "Probes"), probes(history.results, now),
		h("h2", {}, "Regressions"), regressed(regressions.regressions, now),
		h("h2", {}, "Newest results, one by one"),
		phaseTrends(key, history.results, trend, changes.changes),
		h("h2", {}, "Trend"),
		h("p", {}, choice("over", "Over", "span", Object.entries(SPANS)
			.map(([value, one]) => [value, one.text]), span),
		choice("beside", "beside", "with", [["", "nothing"],
			...elsewhere.map((one) => [one, one])], other ?? "")),
		trends(`${key}, ${span}`, trend, changes.changes, theirs.series,
			step),
		h("h2", {}, "Changes"), changed(changes.changes),
	].flat().filter((node) => node !== null);
}
