// Short messages about what was done, and taking back what was deleted.

import { html, useEffect, useState } from "../lib.js";

const LONG = 6000; // milliseconds
let show = () => {};
let number = 0;

/** Say that something was done. */
export function done(text) {
  show({ text, key: (number += 1) });
}

/**
 * Delete something, in a moment: until then it can be taken back.
 *
 * `act` deletes it; `restore`, where given, is called when it is taken back or cannot be deleted.
 */
export function deleteSoon(text, act, restore = () => {}) {
  let over = false;
  const finish = async () => {
    if (over) return;
    over = true;
    try {
      await act();
    } catch (error) {
      show({ text: `It could not be deleted: ${error.message}`, key: (number += 1) });
      restore();
    }
  };
  const undo = () => {
    over = true;
    restore();
  };
  show({ text, key: (number += 1), undo, finish });
}

export function Toasts() {
  const [all, set] = useState([]);
  useEffect(() => {
    const drop = (key) => set((before) => before.filter((each) => each.key !== key));
    const finishAll = () => set((before) => before.map((each) => (each.finish?.(), { ...each, undo: null })));
    show = (toast) => {
      set((before) => [...before.slice(-4), toast]);
      setTimeout(() => {
        toast.finish?.();
        drop(toast.key);
      }, LONG);
    };
    window.addEventListener("pagehide", finishAll);
    return () => window.removeEventListener("pagehide", finishAll);
  }, []);
  const undo = (toast) => {
    toast.undo();
    set((before) => before.filter((each) => each !== toast));
  };
  return html`<div class="toasts" role="status">${all.map((each) => html`<div class="toast" key=${each.key}><span>${each.text}</span>
    ${each.undo && html`<button type="button" onClick=${() => undo(each)}>Undo</button>`}</div>`)}</div>`;
}
