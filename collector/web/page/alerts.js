/* alerts.js - what fires, who was told, who has it; and what keeps it quiet. */
import { ask } from "./api.js";
import { copyButton, definitions, empty, folded, h, link, none,
	since, table, time } from "./dom.js";
import { WORDS } from "./incident.js";
import { HOW_LONG, WHO, orderButton } from "./orders.js";

const LOOK = { taken: "warning", silenced: "blind", quiet: "warning",
	resolved: "ok" };

const failingMark = () => h("span", { class: "state critical" }, "failing");

/* What is to be said of an alert in a word. */
export function standing(alert) {
	if (alert.state === "resolved")
		return "resolved";
	if (alert.silenced)
		return "silenced";
	if (alert.acknowledged)
		return "taken";
	return alert.state;
}

/* --- what people may do ---------------------------------------------------- */

function acknowledge(alert) {
	return orderButton("Acknowledge", `Acknowledge alert ${alert.id}`, {
		title: `Acknowledge alert ${alert.id}`,
		text: "You have it: receivers are told who, and reminded no more. " +
			"Its end is told all the same.",
		go: "Acknowledge", path: `acknowledge/${alert.id}`,
		command: `vedette ack ${alert.id}`,
		fields: [WHO, { name: "for", label: "For", value: "",
			options: [["", "as long as it lasts"], ...HOW_LONG] }],
	});
}

function release(alert) {
	return orderButton("Release", `Release alert ${alert.id}`, {
		title: `Release alert ${alert.id}`,
		text: `${alert.acknowledged.by} has it. Released, it is nobody's: ` +
			"receivers are reminded again.",
		go: "Release", path: `release/${alert.id}`, fields: [],
	});
}

/* Of the places, each [environment, service]; "" is all of them. */
function silence(text, label, places) {
	const named = ([environment, service]) => service
		? `${environment || "*"}/${service}` : environment;

	return orderButton(text, label, {
		title: "Silence a place",
		text: "Nobody is told of what breaks there meanwhile; it is " +
			"recorded and shown all the same.",
		go: "Silence", path: "silences",
		command: "vedette silence add --environment " +
			`${places[0]?.[0] ?? "ENV"} --for 2h`,
		shape: ({ place, ...words }) => {
			const [environment, service] = JSON.parse(place);

			return { environment, service, ...words };
		},
		fields: [{ name: "place", label: "Place", options: places.map(
			(place) => [JSON.stringify(place), named(place)]) },
		{ name: "for", label: "For", value: "2h", options: HOW_LONG },
		WHO, { name: "why", label: "Why" }],
	});
}

function unsilence(row) {
	return orderButton("End", `End silence ${row.id}`, {
		title: `End silence ${row.id}`,
		text: "What fires there is told from now on.",
		go: "End the silence", path: `unsilence/${row.id}`,
		command: `vedette silence remove ${row.id}`, fields: [],
	});
}

/* --- one alert ------------------------------------------------------------- */

function told(alert, receivers) {
	const failing = (name) => receivers.find((one) => one.name === name &&
		one.state === "failing");
	const rows = [
		...alert.told.map((row) => h("li", {}, h("b", {}, row.receiver),
			` took ${row.last}, `, time(row.at))),
		...alert.waiting.map((name) => h("li", {}, h("b", {}, name), " ",
			failing(name) ? [failingMark(), ` ${failing(name).trouble}`]
				: "is being told")),
	];

	return rows.length === 0 ? "nobody" : h("ul", { class: "plain" }, rows);
}

function hands(alert) {
	const { acknowledged, silenced } = alert;
	const until = (at) => at ? [" until ", time(at)] : ", as long as it lasts";

	return [acknowledged ? [acknowledged.by, ", since ",
		time(acknowledged.at), until(acknowledged.until)] : "nobody yet",
	silenced ? [" · quiet by ", silenced.by, " until ",
		time(silenced.until)] : null].flat();
}

/* Its first service and what else it reaches, each with what is wrong there;
 * what is not the cause is caused by it. */
function reached(alert) {
	const at = (service) => alert.regressions.filter((row) =>
		(row.service ?? "") === (service ?? ""));

	return h("ul", { class: "plain" }, alert.services.map((service) =>
		h("li", {}, link(service || "the environment", "service",
			alert.environment, service ?? ""), h("ul", {},
		at(service).map((row) => h("li", {
			class: row.open ? "why" : "why soft" },
		h("b", {}, row.subject ?? row.kind),
		row.open ? "" : " (clear again)", `: ${row.message ?? row.kind}`))))));
}

function card(alert, receivers, now) {
	const word = standing(alert), { cause } = alert;
	const isOver = word === "resolved";
	const sure = cause.word ? `, ${cause.word} (${
		cause.confidence.toFixed(2)})` : "";

	return h("article", { class: `card verdict ${LOOK[word] ??
		alert.severity}`, "aria-labelledby": `alert-${alert.id}` },
	h("h2", { id: `alert-${alert.id}` },
		h("span", { class: `state ${LOOK[word] ?? alert.severity}` }, word),
		` #${alert.id} ${alert.environment}: ${WORDS[cause.class] ?? cause.class}`),
	definitions([
		["cause", [h("code", {}, cause.subject ?? "not established"), sure,
			cause.owner ? `, for ${cause.owner}` : ""]],
		["since", [since(alert.onset, now), alert.relapses > 0
			? `, came back ${alert.relapses} times` : "",
		isOver ? [", over ", time(alert.resolved)] : null].flat(2)],
		["caused by it", reached(alert)],
		["who has it", isOver ? null : hands(alert)],
		["told", told(alert, receivers)],
		["next", isOver || cause.next_actions.length === 0 ? null
			: h("ul", { class: "plain" }, cause.next_actions.map(
				(command) => h("li", {}, h("code", {}, command), " ",
					copyButton(command))))],
	]),
	h("p", { class: "buttons" },
		isOver ? null : alert.acknowledged ? release(alert)
			: acknowledge(alert),
		isOver ? null : silence("Silence",
			`Silence a place of alert ${alert.id}`,
			[...alert.services.filter((one) => one).map((service) =>
				[alert.environment, service]), [alert.environment, ""]]),
		link(`Evidence of #${alert.id}`, "incident", String(alert.id))));
}

/* --- what keeps people from being told ------------------------------------- */

function quiet(silences, maintenance, cells) {
	const names = (key) => [...new Set(cells.map((cell) => cell[key])
		.filter((name) => name))].sort();
	const places = [...names("environment").map((one) => [one, ""]),
		...cells.filter((cell) => cell.service).map((cell) =>
			[cell.environment, cell.service])];
	const of = (row) => `${row.environment ?? "*"}${row.service
		? `/${row.service}` : ""}`;
	const all = (list) => list.length > 0 ? list.join(", ") : "all";

	return [h("h2", {}, "Silences"), silences.length === 0
		? none()
		: table("Nobody is told of these places", [
			["place", of], ["state", (row) => row.active ? "quiet" : "over"],
			["until", (row) => time(row.until)],
			["by", (row) => row.by, "wide"],
			["why", (row) => row.why, "wide"],
			["order", (row) => row.active ? unsilence(row) : ""],
		], silences),
	places.length === 0 ? null : h("p", {},
		silence("Silence a place", "Silence a place", places)),
	h("h2", {}, "Maintenance"), maintenance.length === 0
		? none("No window is configured.")
		: table("Windows of the configuration", [
			["window", (row) => row.name],
			["environments", (row) => all(row.environments)],
			["services", (row) => all(row.services)],
			["when", (row) => row.cron ? h("code", {}, row.cron)
				: [time(row.from), " to ", time(row.to)]],
			["state", (row) => row.active_until ? [h("b", {}, "quiet"),
				" until ", time(row.active_until)] : "not now"],
		], maintenance)];
}

function whoIsTold(receivers) {
	const words = { ok: "takes it", unused: "never needed" };

	return table("Receivers, and whether they take what they are told", [
		["receiver", (row) => row.name], ["way", (row) => row.way],
		["state", (row) => row.state === "failing" ? failingMark()
			: words[row.state] ?? row.state],
		["waiting", (row) => row.waiting, "number"],
		["last took", (row) => time(row.taken)],
		["trouble", (row) => row.state === "failing" ? [
			`${row.failures === 1 ? "once" : `${row.failures} times`} since `,
			time(row.failing_since),
			`: ${row.trouble}`] : "", "wide"],
	], [...receivers].sort((a, b) => (b.state === "failing") -
		(a.state === "failing")));
}

/* --- the view --------------------------------------------------------------- */

function summary(firing, receivers) {
	const free = firing.filter((one) => standing(one) === "firing").length;
	const failing = receivers.filter((one) => one.state === "failing").length;

	return [firing.length === 0 ? "Nothing fires."
		: `${firing.length} on, ${free === 0 ? "each" : `${free} not`} ` +
		"taken, silenced or quiet.",
	failing > 0 ? ` ${failing} of ${receivers.length} receivers do not ` +
		"take what they are told." : ""].join("");
}

export async function alerts(at) {
	const [found, kept, status] = await Promise.all([ask("alerts"),
		ask("silences"), ask("status")]);
	const on = found.alerts.filter((one) => one.state !== "resolved");
	const over = found.alerts.filter((one) => one.state === "resolved");
	const cards = (list) => list.map((one) => card(one, found.receivers,
		found.at));

	return [h("h1", {}, "Alerts"), at === null ? null
		: h("p", { class: "note" }, "These are the alerts of now; those " +
			"of then are told by ", link("Incidents", "incidents"), "."),
	found.configured ? h("p", {}, summary(on, found.receivers))
		: empty("Nobody is told of anything: the configuration of the " +
			"collector names no receiver (alerts.receivers)."),
	...cards(on), over.length === 0 ? null
		: folded(`${over.length} over within the last hour`, ...cards(over)),
	...quiet(kept.silences, kept.maintenance, status.cells),
	...(found.receivers.length === 0 ? []
		: [h("h2", {}, "Receivers"), whoIsTold(found.receivers)]),
	].filter((node) => node !== null);
}

/* How many want somebody. */
export async function countFiring() {
	const found = await ask("alerts");

	return found.alerts.filter((one) => standing(one) === "firing").length;
}
