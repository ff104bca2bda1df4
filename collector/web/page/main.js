/* main.js - which view is shown, of which moment; keeps it fresh. */
import { follow, setToken } from "./api.js";
import { empty, h, turnTo } from "./dom.js";
import { diff } from "./diff.js";
import { fleet } from "./fleet.js";
import { incident, incidents, verdict } from "./incident.js";
import { service } from "./service.js";
import { ask } from "./api.js";

const FRESH_MS = 5000, STEPS = 1440;
const views = { "": fleet, service, diff, incidents, incident, verdict };
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

export async function show(isRefresh = false) {
	const mine = ++turn, { name, rest, at } = where();
	const view = views[name] ?? (async () => [h("h1", {}, "Nothing is here"),
		empty("The views are Fleet, Incidents and Diff.")]);
	const main = part("main");
	let nodes;

	for (const link of document.querySelectorAll("nav a"))
		if (link.hash === `#/${name}`)
			link.setAttribute("aria-current", "page");
		else
			link.removeAttribute("aria-current");
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
	if (isRefresh && main.contains(document.activeElement) &&
	    document.activeElement !== main)
		return; /* nothing moves under somebody's fingers */
	main.replaceChildren(...nodes);
	main.removeAttribute("aria-busy");
	document.title = `${main.querySelector("h1")?.textContent ?? ""} - Vedette`;
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
addEventListener("hashchange", () => show());
setInterval(() => refreshSoon(0), FRESH_MS);
await findEnd();
await show();
follow(() => refreshSoon(300), onState);
