/* chart.js - one series as a picture, with what happened meanwhile. */
import { h, svg } from "./dom.js";

const WIDTH = 640, HEIGHT = 190, LEFT = 52, RIGHT = 10, TOP = 14, BOTTOM = 24;

export function chart(series, trend, changes) {
	const hour = 3600000, to = Date.parse(trend.to);
	/* A short history is not a sliver at the end of an empty picture. */
	const from = Math.max(Date.parse(trend.from), Math.min(to - hour,
		Date.parse(series.points[0].at) - hour));
	const values = series.points.map((point) => point.p95_ms ?? 0);
	const top = Math.max(1, ...values) * 1.1;
	const x = (at) => LEFT + (WIDTH - LEFT - RIGHT) *
		Math.min(1, Math.max(0, (at - from) / Math.max(1, to - from)));
	const y = (ms) => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * ms / top;
	const middle = (point) => x(Date.parse(point.at) + hour / 2);
	const line = (key) => series.points.filter((point) => point[key] !== null)
		.map((point) => `${middle(point)},${y(point[key])}`).join(" ");
	const title = `${series.probe} (${series.agent})`;
	const parts = [];

	for (const point of series.points) {
		const share = 1 - point.share_ok, start = x(Date.parse(point.at));
		const height = (HEIGHT - TOP - BOTTOM) * share;

		if (share > 0)
			parts.push(svg("rect", { class: "bad", x: start,
				y: HEIGHT - BOTTOM - height, height,
				width: Math.max(2, x(Date.parse(point.at) + hour) - start) }));
	}
	parts.push(svg("line", { class: "axis", x1: LEFT, x2: WIDTH - RIGHT,
		y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM }));
	const marks = [
		...trend.marks.map((mark) => [mark.at, mark.summary ?? mark.kind]),
		...changes.map((row) => [row.new_first_seen, `${row.name} changed`]),
		...trend.regressions.map((row) => [row.onset_to,
			`${row.kind} of ${row.subject}`]),
	].filter(([at]) => at && Date.parse(at) >= from && Date.parse(at) <= to);

	for (const [at, what] of marks) {
		const title = svg("title");

		title.textContent = `${at} ${what}`;
		parts.push(svg("line", { class: "mark", x1: x(Date.parse(at)),
			x2: x(Date.parse(at)), y1: TOP, y2: HEIGHT - BOTTOM }, title));
	}
	for (const key of ["p95_ms", "p50_ms"])
		parts.push(svg("polyline", { class: key.slice(0, 3),
			points: line(key) }),
		...series.points.filter((point) => point[key] !== null)
			.map((point) => svg("circle", { class: key.slice(0, 3),
				cx: middle(point), cy: y(point[key]), r: 2 })));
	for (const [text, left, high] of [[`${top.toPrecision(2)} ms`, 2, TOP + 4],
		["0", 2, HEIGHT - BOTTOM], [new Date(from).toISOString()
			.slice(5, 16).replace("T", " "), LEFT, HEIGHT - 8], [trend.to.slice(5, 16).replace("T", " "),
			WIDTH - 88, HEIGHT - 8]]) {
		const label = svg("text", { x: left, y: high });

		label.textContent = text;
		parts.push(label);
	}
	return h("figure", { class: "card" }, h("figcaption", {}, title,
		h("span", { class: "soft" }, ` ${series.total.results} results, ` +
		`${(series.total.share_ok * 100).toFixed(2)} % ok, median ` +
		`${series.total.p50_ms ?? "-"} ms`)),
	svg("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
		role: "img", "aria-label": `${title}: ${series.total.results} ` +
		`results, ${(series.total.share_ok * 100).toFixed(2)} % ok` }, ...parts));
}
