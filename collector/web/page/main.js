/* main.js - which view is shown, of which moment; keeps it fresh. */
import { alerts, countFiring } from "./alerts.js";
import { ask, follow, setToken } from "./api.js";
import { empty, h, turnTo } from "./dom.js";
import { diff } from "./diff.js";
import { fleet } from "./fleet.js";
import { incident, incidents, verdict } from "./incident.js";
import { service } from "./service.js";

const FRESH_MS = 5000, STEPS = 1440;
const views = { "": fleet, alerts, service, diff, incidents, incident, verdict };
const part = (id) => document.getElementById(id);
let turn = 0, end = Date.now();

/* "#/service/staging/backend?at=..." */
function where() {
	const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
	const [name, ...rest] = path.split("/").map(decodeURIComponent);

	return { name, rest, at: new URLSearchParams(query).get("at") };
}

function go(at) {
	turnTo({ at });
}

/* --- the slider ----------------------------------------------------------- */

function showMoment(at) {
	const span = Number(part("span").value) * 1000;
	const back = at ? (end - Date.parse(at)) / span : 0;

	part("time").classList.toggle("past", at !== null);
	part("moment").textContent = at
		? `${at.slice(0, 19).replace("T", " ")} UTC` : "now";
	part("now").disabled = at === null;
	part("slider").setAttribute("aria-valuetext", part("moment").textContent);
	if (document.activeElement !== part("slider"))
		part("slider").value = String(Math.round((1 - back) * STEPS));
}

function onSlide() {
	const span = Number(part("span").value) * 1000;
	const back = 1 - Number(part("slider").value) / STEPS;

	go(back <= 0 ? null : new Date(end - back * span).toISOString());
}

/* The slider ends now; of a history that ended long ago, there. */
async function findEnd() {
	const status = await ask("status").catch(() => null);
	const last = Math.max(0, ...(status?.cells ?? []).map((cell) =>
		Date.parse(cell.last ?? 0)));

	end = last > 0 && Date.now() - last > 86400000 ? last + 60000 : Date.now();
	showMoment(where().at);
}

/* --- showing -------------------------------------------------------------- */

function askForToken(message) {
	const input = h("input", { id: "token", type: "password",
		autocomplete: "off", required: true });

	return [h("h1", {}, "Who asks?"), h("p", {}, message),
		h("form", { on: { submit: (event) => {
			event.preventDefault();
			setToken(input.value);
			show();
		} } }, h("label", { for: "token" }, "Token "), input, " ",
		h("button", {}, "Go on"))];
}

function problem(error) {
	if (error.status === 401)
		return askForToken(error.message);
	if (error.status === undefined)
		return [h("h1", {}, "Offline"), empty("The collector does not " +
			"answer. What was shown is gone stale; this page goes on " +
			"trying.")];
	return [h("h1", {}, "Not to be shown"), empty(error.message)];
}

/* --- one view after another ------------------------------------------------ */

/* What is the same in the view that comes: by its name, or by what it says. */
function keyOf(node) {
	return `${node.tagName} ${node.id || node.getAttribute("aria-label") ||
		node.textContent}`;
}

function same(node) {
	const key = keyOf(node);

	return [...part("main").querySelectorAll(node.tagName)].find((one) =>
		keyOf(one) === key);
}

/* Is somebody filling in, choosing, selecting, or pointing at a chart? */
function isBusy(main) {
	const active = document.activeElement, selected = getSelection();

	return (main.contains(active) && active.matches("input, select")) ||
		(!selected.isCollapsed && main.contains(selected.anchorNode)) ||
		main.querySelector(".plot:hover") !== null;
}

/* The same view, fresh: what has the focus, is open or was scrolled stays. */
function renew(main, nodes) {
	const active = document.activeElement;
	const open = [...main.querySelectorAll("details[open]")];
	const scrolled = [...main.querySelectorAll(".scroll")].filter((one) =>
		one.scrollLeft > 0).map((one) => [one, one.scrollLeft]);
	const had = main.contains(active) && active !== main;

	main.replaceChildren(...nodes);
	for (const node of open)
		same(node.querySelector("summary"))?.parentNode
			.setAttribute("open", "");
	for (const [node, left] of scrolled)
		same(node)?.scrollTo(left, 0);
	if (had)
		(same(active) ?? main).focus({ preventScroll: true });
}

function markCurrent(name) {
	for (const link of document.querySelectorAll("nav a"))
		if (link.hash === `#/${name}`)
			link.setAttribute("aria-current", "page");
		else
			link.removeAttribute("aria-current");
}

/* Beside the view, which does not wait for it. */
async function tellFiring() {
	const n = await countFiring().catch(() => 0);

	part("firing").hidden = n === 0;
	part("firing").textContent = `${n}`;
	part("firing").setAttribute("title", `${n} that nobody has taken`);
}

export async function show(isRefresh = false) {
	const mine = ++turn, { name, rest, at } = where();
	const view = views[name] ?? (async () => [h("h1", {}, "Nothing is here"),
		empty("The views are Fleet, Alerts, Incidents and Diff.")]);
	const main = part("main");
	let nodes;

	markCurrent(name);
	showMoment(at);
	if (!isRefresh)
		main.setAttribute("aria-busy", "true");
	try {
		nodes = await view(at, ...rest);
	} catch (error) {
		nodes = problem(error);
	}
	if (mine !== turn)
		return; /* another one was asked for meanwhile */
	if (isRefresh && isBusy(main))
		return; /* nothing moves under somebody's fingers */
	if (isRefresh)
		renew(main, nodes);
	else
		main.replaceChildren(...nodes);
	main.removeAttribute("aria-busy");
	document.title = `${main.querySelector("h1")?.textContent ?? ""} - Vedette`;
	tellFiring();
}

/* --- staying fresh -------------------------------------------------------- */

let due = null;

/* Soon, once, however much happens. */
function refreshSoon(ms) {
	if (due !== null || where().at !== null || document.hidden)
		return;
	due = setTimeout(async () => {
		due = null;
		await show(true);
	}, ms);
}

function onState(isUp) {
	part("live").textContent = isUp ? "live" : "offline, trying again";
	part("live").classList.toggle("off", !isUp);
	refreshSoon(0);
}

part("slider").addEventListener("change", onSlide);
part("slider").addEventListener("input", onSlide);
part("span").addEventListener("change", () => showMoment(where().at));
part("now").addEventListener("click", () => go(null));
part("time").addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", () => {
	scrollTo(0, 0);
	show();
});
addEventListener("changed", () => show(true)); /* by somebody, here */
setInterval(() => refreshSoon(0), FRESH_MS);
await Promise.all([findEnd(), show()]);
follow(() => refreshSoon(300), onState);
