// The list of keys.

import { h } from "../core/dom.js";
import { language, t } from "../core/i18n.js";

const KEYS = [["←", "→"], ["↑", "↓"], ["[", "]"], ["0", "9"], ["/"], ["Esc"], ["n"], ["b"], ["p"], ["?"]];
const NAMES = ["position", "step", "block", "head", "prompt", "leave", "write", "back", "play", "list"];

class Keys extends HTMLElement {
	connectedCallback() {
		document.addEventListener("naepo-keys", () => this.toggle());
	}

	toggle() {
		if (this.dialog?.open) return this.dialog.close();
		if (this.spoken !== language()) this.#build();
		this.dialog.showModal();
	}

	#build() {
		this.spoken = language();
		const rows = NAMES.map((name, i) => h("tr", {}, h("td", {}, KEYS[i].map((key) => h("kbd", {}, key))), h("td", {}, t(`core.key_${name}`))));
		const close = h("button", { onclick: () => this.dialog.close() }, t("core.close"));
		this.dialog = h("dialog", { class: "keys", "aria-label": t("top.keys") }, h("h2", {}, t("top.keys")), h("table", {}, h("tbody", {}, rows)), close);
		this.dialog.addEventListener("keydown", (event) => {
			if (event.key !== "?") return;
			event.preventDefault();
			this.dialog.close();
		});
		this.replaceChildren(this.dialog);
	}
}

customElements.define("naepo-keys", Keys);
