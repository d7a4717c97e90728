// Notes made audible: for each an oscillator with an envelope, on the clock of an AudioContext that lives as long as the music.

/** @typedef {{onset: number, duration: number, pitch: number, voice: number}} Note  times in quarter notes; pitch: MIDI number */

const LEAD = 0.06; // seconds before the first note, so that none comes late
const LEVEL = 0.14; // of one note: four voices stay below 1
const BEHIND = 0.2; // share of it for the voices that were not chosen
const HARMONICS = [0, 1, 0.5, 0.3, 0.15, 0.08, 0.05];
const [ATTACK, DECAY, SUSTAIN, RELEASE] = [0.012, 0.15, 0.6, 0.05]; // seconds, and the share of the level that is held

export class Player {
	constructor() {
		/** @type {AudioContext | null} */ this.context = null;
		/** @type {GainNode | null} */ this.out = null;
		this.from = 0; // quarter notes
		this.pace = 1; // quarter notes a second
	}

	get isPlaying() {
		return this.context !== null;
	}

	/** What is heard now, in quarter notes. */
	get time() {
		const { currentTime = 0, outputLatency = 0 } = this.context ?? {};
		return this.from + Math.max(0, currentTime - LEAD - (outputLatency || 0)) * this.pace;
	}

	/** Play what sounds from a time on. @param {Note[]} notes @param {number} from quarter notes @param {number} tempo quarter notes a minute @param {number | null} voice the one that comes to the front */
	play(notes, from, tempo, voice) {
		this.stop();
		const context = new AudioContext();
		const out = new GainNode(context);
		out.connect(context.destination);
		const timbre = context.createPeriodicWave(new Float32Array(HARMONICS.length), Float32Array.from(HARMONICS));
		Object.assign(this, { context, out, from, pace: tempo / 60 });
		for (const note of notes) {
			if (note.onset + note.duration > from) this.#sound(context, note, timbre, voice === null || voice === note.voice ? LEVEL : LEVEL * BEHIND);
		}
	}

	/** Attack, decay, sustain, release. @param {AudioContext} context @param {Note} note @param {PeriodicWave} periodicWave */
	#sound(context, { onset, duration, pitch }, periodicWave, level) {
		const at = (quarters) => LEAD + Math.max(0, quarters - this.from) / this.pace;
		const [start, end] = [at(onset), at(onset + duration)];
		const oscillator = new OscillatorNode(context, { periodicWave, frequency: 440 * 2 ** ((pitch - 69) / 12) });
		const envelope = new GainNode(context, { gain: 0 });
		envelope.gain.setValueAtTime(0, start);
		envelope.gain.linearRampToValueAtTime(level, start + ATTACK);
		envelope.gain.setTargetAtTime(level * SUSTAIN, start + ATTACK, DECAY);
		envelope.gain.setTargetAtTime(0, Math.max(start + ATTACK, end - RELEASE), RELEASE / 3); // a repeated note begins anew
		oscillator.connect(envelope).connect(/** @type {GainNode} */ (this.out));
		oscillator.start(start);
		oscillator.stop(end + RELEASE);
	}

	/** Fall silent, without a click. */
	stop() {
		const { context, out } = this;
		this.context = null;
		out?.gain.setTargetAtTime(0, context?.currentTime ?? 0, 0.01);
		if (context) setTimeout(() => context.close(), 80);
	}
}
