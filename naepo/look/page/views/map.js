// The embedding map: every id as a point, near to what it resembles; with what the plane keeps of the full space.

import { colouring } from "../elements/map-colours.js";
import { mapControls, METHODS } from "../elements/map-controls.js";
import { laidOut } from "../elements/map-layout.js";
import { h, note, number, on, Part, select, t, vocabularyOf } from "../elements/stage.js";
import { neighbourList } from "../elements/neighbours.js";
import { pointsFigure } from "../elements/points-figure.js";
import { Room } from "../elements/room.js";
import "../elements/search.js";

/**
 * The state of the map, as it stands in the address.
 * @typedef {{method: "pca" | "tsne" | "umap", seed: number, perplexity: number, neighbours: number,
 *   colour: "script" | "frequency" | "norm" | "pitch", query: string}} Choice
 */

class MapView extends Room {
	constructor() {
		super();
		this.controls = h("div", { class: "map-controls" });
		this.points = h("naepo-points");
		this.search = h("naepo-search");
		this.parts = { layout: new Part(), legend: new Part("map-legend"), near: new Part() };
		/** @type {any} */ this.state = {};
		this.shown = "";
		on(this.search, "naepo-found", ({ ids, query }) => {
			this.points.marked = ids;
			this.choose({ query });
		});
		on(this.search, "naepo-select", ({ id }) => this.points.visit(id));
	}

	connectedCallback() {
		this.classList.add("view");
	}

	set context({ state, model, about }) {
		this.state = state;
		/** @type {Choice} */
		const choice = state.map;
		const checkpoint = state.checkpoint ?? model.checkpoint;
		if (this.shown !== state.lang + state.theme) this.build(state);
		this.points.selected = state.id ?? -1;
		const { layout, legend, near } = this.parts;
		const key = `${model.key} ${checkpoint} ${this.shown}`;
		mapControls(this.controls, about.reducers, choice, (patch) => this.choose(patch), model.encoder.unit === "event");
		this.place(layout, { model: model.key, checkpoint, ...knobsOf(choice) }, choice);
		legend.load(`${key} ${choice.colour}`, t("map.measuring"), () => this.paint(model, checkpoint, choice));
		near.load(`${key} ${state.id}`, t("map.measuring"), () => neighbourList(model.key, checkpoint, state.id));
	}

	/** Headings and places for the parts, in the language of the page. */
	build(state) {
		this.shown = state.lang + state.theme;
		const { layout, legend, near } = this.parts;
		const picture = pointsFigure(this.points, t("map.title"), "embedding-map", t("map.hands"));
		const stage = h("div", {}, picture, legend.element, layout.element);
		this.announce(t("map.heading"), "map.intro");
		this.replaceChildren(this.head, this.controls, this.search, h("div", { class: "map-columns" }, stage, near.element));
	}

	/** @param {Part} layout @param {Record<string, any>} asked @param {Choice} choice */
	place(layout, asked, choice) {
		const key = JSON.stringify(asked) + this.shown;
		layout.load(key, t("map.laying", { method: METHODS[choice.method] }), async () => {
			const { map, points } = await laidOut(asked, () => layout.key === key);
			if (layout.key === key) this.points.places = points;
			return quality(map, choice);
		});
	}

	/** @param {Choice} choice */
	async paint(model, checkpoint, choice) {
		const vocabulary = await vocabularyOf(model.key);
		const { colours, legend, order } = await colouring(model, checkpoint, choice.colour, vocabulary);
		Object.assign(this.points, { names: vocabulary.labels, order, colours });
		Object.assign(this.search, { labels: vocabulary.labels, query: this.state.map.query });
		this.points.marked = this.search.ids;
		return legend;
	}

	/** @param {Partial<Choice>} patch */
	choose(patch) {
		select(this, { map: { ...this.state.map, ...patch } });
	}
}

/** What the server is asked, without what does not matter to the method. @param {Choice} choice */
function knobsOf({ method, seed, perplexity, neighbours }) {
	return { method, seed, ...(method === "tsne" && { perplexity }), ...(method === "umap" && { neighbours }) };
}

/** How far the plane can be believed. @param {any} map @param {Choice} choice */
function quality({ trustworthiness, overlap, seed, n, notes }, choice) {
	const told = { trust: number(trustworthiness), overlap: number(overlap), seed, n };
	const knob = choice.method === "pca" ? "" : t(`map.knob_${choice.method}`, choice);
	const caution = choice.method === "pca" ? t("map.caution_pca") : t("map.caution", { method: METHODS[choice.method] });
	const lines = [caution, ...(notes ?? [])].map((line) => note(line));
	return [h("p", { class: "finding" }, t("map.quality", told), " ", knob), ...lines];
}

customElements.define("naepo-map-view", MapView);
