// What every view may use of the frame.

import { Refusal } from "./api.js";
import { h } from "./dom.js";

/** Tell something that went wrong, for a while. */
export function toast(message) {
  const element = document.getElementById("toast");
  element.textContent = message;
  element.hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => (element.hidden = true), 8000);
}

/** Do something a person asked for; what is refused is told. */
export async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof Refusal) && !(error instanceof SyntaxError)) throw error;
    toast(error.message);
    return undefined;
  }
}

export const go = (hash) => (location.hash = hash);

/** Show a dialog; `content` gets a function that closes it. */
export function dialog(title, content) {
  const element = document.getElementById("dialog");
  const close = () => element.close();
  element.replaceChildren(h("h2", { id: "dialog-title" }, title), ...[content(close)].flat());
  element.showModal();
}
