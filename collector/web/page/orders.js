/* orders.js - what people tell the collector: acknowledge, release, silence. */
import { order, setAdminToken } from "./api.js";
import { copyButton, h } from "./dom.js";

const NAME = "vedette-name"; /* of who sits here; kept by this browser */

export const HOW_LONG = [["30m", "30 minutes"], ["1h", "1 hour"],
	["2h", "2 hours"], ["8h", "8 hours"], ["1d", "1 day"], ["7d", "7 days"]];

/* A field: { name, label, value, options }; options make it a choice. */
function control({ name, label, value, options, type }) {
	const id = `order-${name}`;
	const input = options
		? h("select", { id, name }, options.map(([key, text]) =>
			h("option", { value: key, selected: key === value }, text)))
		: h("input", { id, name, value, type: type ?? "text",
			maxlength: "200", autocomplete: "off" });

	return h("p", {}, h("label", { for: id }, label), input);
}

export const WHO = { name: "who", label: "Your name" };

/* Without a token that may, it is asked for, and the command said that does
 * the same on the collector's machine, if there is one. */
function askForToken(place, error, command) {
	if (error.status !== 401 && error.status !== 403) {
		place.replaceChildren(error.message);
		return;
	}
	place.replaceChildren(h("p", {}, `${error.message}.`),
		control({ name: "token", label: "Token with the scope admin",
			type: "password" }),
		command ? h("p", { class: "soft" }, "or, in a terminal: ",
			h("code", {}, command), " ", copyButton(command)) : "");
	place.querySelector("input").focus();
}

async function give(event, dialog, { path, command, shape }) {
	const words = Object.fromEntries(new FormData(event.target));
	const trouble = dialog.querySelector(".trouble");

	event.preventDefault();
	if (words.token)
		setAdminToken(words.token);
	delete words.token;
	if (words.who)
		localStorage.setItem(NAME, words.who);
	try {
		await order(path, shape ? shape(words) : words);
		dialog.close();
		dispatchEvent(new Event("changed"));
	} catch (error) {
		askForToken(trouble, error.status === undefined
			? new Error("The collector does not answer.") : error,
			command);
	}
}

/* Opens a dialog: { title, text, go, fields, path, command }, and shape, which
 * makes the parameters of what was filled in. */
export function askWhatIsNeeded(wanted) {
	const dialog = h("dialog", { "aria-labelledby": "order-title" },
		h("form", { on: { submit: (event) => give(event, dialog, wanted) } },
			h("h2", { id: "order-title" }, wanted.title),
			h("p", { class: "soft" }, wanted.text),
			wanted.fields.map((field) => control(field === WHO
				? { ...WHO, value: localStorage.getItem(NAME) ?? "" }
				: field)),
			h("div", { class: "trouble", role: "alert" }),
			h("p", { class: "buttons" },
				h("button", { class: "main" }, wanted.go),
				h("button", { type: "button", on: {
					click: () => dialog.close() } }, "Cancel"))));

	dialog.addEventListener("close", () => dialog.remove());
	document.body.append(dialog);
	dialog.showModal();
}

/* A button that opens one. */
export function orderButton(text, label, wanted) {
	return h("button", { type: "button", "aria-label": label,
		"aria-haspopup": "dialog",
		on: { click: () => askWhatIsNeeded(wanted) } }, text);
}
