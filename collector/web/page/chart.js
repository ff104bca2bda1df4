/* chart.js - series over time, on one axis with what happened meanwhile.
 *
 * Charts of one axis show the same span: whoever zooms one (drag, buttons, a
 * double click for all) zooms them all, and an axis that is made anew, because
 * something happened, keeps it.
 */
import { h } from "./dom.js";
import uPlot from "./uPlot.js";

const HEIGHT = 190, SHORTEST_S = 2;
const zooms = new Map();

const ink = (name) => getComputedStyle(document.documentElement)
	.getPropertyValue(`--${name}`).trim();
const seconds = (at) => Date.parse(at) / 1000;
const clock = (at) => new Date(at * 1000).toISOString().slice(0, 19)
	.replace("T", " ");

/* --- the axis ------------------------------------------------------------- */

/* One per name in a view; from and to in seconds. */
export class Axis {
	constructor(name, from, to) {
		this.name = name;
		this.full = { min: from, max: to };
		this.plots = new Set();
		this.status = h("span", { role: "status" });
		this.tell();
	}

	get span() {
		return zooms.get(this.name) ?? this.full;
	}

	tell() {
		this.status.textContent =
			`${clock(this.span.min)} to ${clock(this.span.max)} UTC`;
	}

	show({ min, max }) {
		if (min <= this.full.min && max >= this.full.max)
			zooms.delete(this.name);
		else
			zooms.set(this.name, { min, max });
		for (const plot of this.plots)
			plot.setScale("x", this.span);
		this.tell();
	}

	/* by: how much longer the span becomes; to: how far it moves, in spans. */
	change(by, to) {
		const long = this.span.max - this.span.min;
		const middle = (this.span.min + this.span.max) / 2 + long * to;
		const half = Math.max(SHORTEST_S, long * by) / 2;

		this.show({ min: Math.max(this.full.min, middle - half),
			max: Math.min(this.full.max, middle + half) });
	}

	/* Buttons, and which span is shown. */
	controls() {
		const button = (text, act) => h("button", { type: "button",
			on: { click: act } }, text);

		return h("div", { class: "zoom", role: "group",
			"aria-label": `Zoom of ${this.name}` },
		button("Zoom in", () => this.change(.5, 0)),
		button("Zoom out", () => this.change(2, 0)),
		button("Earlier", () => this.change(1, -.5)),
		button("Later", () => this.change(1, .5)),
		button("All", () => this.show(this.full)), this.status);
	}
}

/* --- one chart ------------------------------------------------------------ */

/* Shades regressions, draws a line where something happened. */
function drawEvents(plot, axis, events) {
	const { ctx, bbox } = plot;
	const place = (at) => plot.valToPos(at, "x", true);

	ctx.save();
	ctx.beginPath();
	ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
	ctx.clip();
	for (const { from, to, isMark } of events) {
		const left = place(from), right = place(to ?? axis.full.max);

		ctx.globalAlpha = isMark ? 1 : .35;
		ctx.fillStyle = ink(isMark ? "unknown" : "critical-back");
		ctx.fillRect(left, bbox.top,
			isMark ? 2 : Math.max(2, right - left), bbox.height);
	}
	ctx.restore();
}

/* "09:45", and the day where one begins or each step is a day or more. */
function tickNames(plot, ticks, index, space, step) {
	return ticks.map((at) => {
		const text = clock(at);

		if (step >= 86400)
			return text.slice(0, 10);
		if (step < 60)
			return text.slice(11);
		return at % 86400 === 0 ? text.slice(5, 10) : text.slice(11, 16);
	});
}

/* few: so few that each is drawn. */
function optionsOf(axis, lines, events, few) {
	const isShare = lines.some((line) => line.share);
	const look = { stroke: ink("soft"), grid: { stroke: ink("line"), width: 1 },
		ticks: { stroke: ink("line") } };

	return {
		width: 600, height: HEIGHT,
		tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
		scales: { x: { range: (plot, min, max) => [min, max] },
			y: { range: (plot, min, max) => [0, (max || 1) * 1.1] },
			share: { range: [0, 1] } },
		cursor: { drag: { x: true, y: false, setScale: false },
			bind: { dblclick: () => () => axis.show(axis.full) } },
		legend: { live: true },
		axes: [{ ...look, values: tickNames }, { ...look, size: 62,
			values: (plot, ticks) => ticks.map((tick) => `${tick} ms`) },
		...(isShare ? [{ ...look, scale: "share", side: 1, size: 54,
			grid: { show: false }, values: (plot, ticks) =>
				ticks.map((tick) => `${Math.round(tick * 100)} %`) }]
			: [])],
		series: [{ label: "at", value: (plot, at) =>
			at === null ? "-" : clock(at) },
		...lines.map(({ label, colour, dash, share }) => ({
			label, dash, stroke: ink(colour), width: share ? 0 : 1.6,
			scale: share ? "share" : "y",
			fill: share ? ink("critical-back") : undefined,
			paths: share ? uPlot.paths.bars({ size: [1] }) : undefined,
			points: { show: !share && few, size: 5 },
			value: (plot, value) => value === null ? "-"
				: share ? `${(value * 100).toFixed(1)} %`
				: `${value.toPrecision(3)} ms` }))],
		hooks: {
			drawAxes: [(plot) => drawEvents(plot, axis, events)],
			/* What was dragged; all charts follow. */
			setSelect: [(plot) => plot.select.width > 0 && axis.show({
				min: plot.posToVal(plot.select.left, "x"),
				max: plot.posToVal(plot.select.left + plot.select.width,
					"x") })],
		},
	};
}

/* times in seconds, rising; each of lines has as many values, in
 * milliseconds or, of a share, 0 to 1; null where there is none.  events:
 * { from, to, isMark } in seconds. */
function plotted(axis, title, text, times, lines, events) {
	const place = h("div", { class: "plot", role: "img",
		"aria-label": `${title}: ${text}` });
	const plot = new uPlot(optionsOf(axis, lines, events, times.length < 60),
	[times, ...lines.map((line) => line.values)], place);

	axis.plots.add(plot);
	plot.setScale("x", axis.span);
	new ResizeObserver(() => place.clientWidth > 0 && plot.setSize({
		width: place.clientWidth, height: HEIGHT })).observe(place);
	return h("figure", { class: "card" }, h("figcaption", {}, title,
		h("span", { class: "soft" }, ` ${text}`)), place);
}

/* --- what is drawn -------------------------------------------------------- */

/* Deploys, changes and regressions, as events of a chart. */
export function eventsOf(trend, changes) {
	return [
		...trend.regressions.map((row) => ({ from: seconds(row.onset_to),
			to: row.cleared ? seconds(row.cleared) : null, isMark: false })),
		...trend.marks.map((mark) => ({ from: seconds(mark.at),
			isMark: true })),
		...changes.filter((row) => row.old_last_seen).map((row) => ({
			from: seconds(row.new_first_seen), isMark: true })),
	].filter((event) => event.from);
}

/* A trend, with the same series of another environment beside it. */
export function trendChart(axis, series, step, events, other) {
	const at = series.points.map((point) => seconds(point.at) + step / 2);
	const theirs = new Map((other?.points ?? []).map((point) =>
		[point.at, point.p50_ms]));

	return plotted(axis, `${series.probe} (${series.agent})`,
		`${series.total.results} results, ` +
		`${(series.total.share_ok * 100).toFixed(2)} % ok, median ` +
		`${series.total.p50_ms ?? "-"} ms`, at, [
			{ label: "not ok", share: true, colour: "critical",
				values: series.points.map((point) => 1 - point.share_ok) },
			{ label: "p95", colour: "link", dash: [5, 3],
				values: series.points.map((point) => point.p95_ms) },
			{ label: "median", colour: "ok",
				values: series.points.map((point) => point.p50_ms) },
			...(other ? [{ label: `median in ${other.environment}`,
				colour: "warning", dash: [2, 3],
				values: series.points.map((point) =>
					theirs.get(point.at) ?? null) }] : []),
		], events);
}

/* How long each phase of a probe took, result by result; or the whole, when
 * it names none. */
export function phaseChart(axis, name, results, events) {
	const colours = ["link", "ok", "warning", "unknown", "critical", "blind"];
	const rows = [...results].sort((a, b) => seconds(a.at) - seconds(b.at));
	const phases = [...new Set(rows.flatMap((row) =>
		row.phases.map((phase) => phase.name)))];
	const bad = rows.filter((row) => row.outcome !== "ok").length;
	const lines = phases.map((phase) => ({ label: phase,
		values: rows.map((row) => row.phases.find((one) =>
			one.name === phase)?.duration_ms ?? null) }));

	if (lines.length === 0)
		lines.push({ label: "took",
			values: rows.map((row) => row.duration_ms) });
	return plotted(axis, name, `${rows.length} results, ${bad === 0
		? "all ok" : `${bad} not ok`}`, rows.map((row) => seconds(row.at)),
	lines.map((line, i) => ({ ...line,
		colour: colours[i % colours.length] })), events);
}
