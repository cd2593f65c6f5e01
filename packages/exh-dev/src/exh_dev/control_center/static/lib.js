// The library that views are written with, and data that is loaded and kept up to date.

import htm from "./vendor/htm-3.1.1.js";
import { h, useEffect, useLayoutEffect, useRef, useState } from "./vendor/htm-preact-3.1.1.js";
import { Refusal } from "./api.js";
import { listen } from "./live.js";

export { Component, render, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./vendor/htm-preact-3.1.1.js";

/**
 * Elements from a template.
 *
 * htm keeps what has nothing dynamic in it and gives it again, and with it the tree that it first stood in: Preact's
 * elements refer to their parents, so that each item of a list led on to a later one, and all of them stayed in memory.
 * That a 3 at the first place of `this` keeps htm from that is said in its README, under Caching.
 */
export const html = htm.bind(function element(...parts) {
  this[0] = 3;
  return h(...parts);
});

const PAUSE = 100; // milliseconds

// How many loads the shown view waits for: whoever looks at the page from outside can tell when it is there.
let pending = 0;
let settled = () => {};
export const whenSettled = (call) => (settled = call);
export const isSettled = () => pending === 0;

function began() {
  let over = false;
  pending += 1;
  return () => {
    if (over) return;
    over = true;
    pending -= 1;
    if (!pending) requestAnimationFrame(() => !pending && settled());
  };
}

/**
 * Load data, and again when something of these topics changes; one load after the other, however fast changes come.
 * What was loaded before stays while it is loaded again, and when that fails, with the error beside it. For other inputs
 * it stays until the first load for them is over, and is old for so long.
 *
 * Between the end of a load and the next one that a change asks for there are `pause` milliseconds at least, and as many
 * as the load took: what is looked at must not keep the platform busy.
 *
 * Returns `{ data, error, isOld, reload }`; `data` is undefined until the first load is over.
 */
export function useLoad(load, inputs, topics = [], pause = PAUSE) {
  const [state, set] = useState({ data: undefined, error: null, of: null });
  const reload = useRef(() => {});
  const key = JSON.stringify(inputs);
  useEffect(() => {
    let alive = true;
    let busy = false;
    let again = false;
    let timer = null;
    const over = began();
    const run = async () => {
      clearTimeout(timer);
      timer = null;
      if (busy) {
        again = true;
        return;
      }
      busy = true;
      const start = performance.now();
      try {
        const data = await load();
        if (alive) set({ data, error: null, of: key });
      } catch (error) {
        if (alive) set((before) => ({ data: before.of === key ? before.data : undefined, error, of: key }));
        if (!(error instanceof Refusal)) console.error(error);
      } finally {
        busy = false;
        over();
        if (alive) timer = setTimeout(waited, Math.max(pause, performance.now() - start));
      }
    };
    const waited = () => {
      timer = null;
      if (again) {
        again = false;
        run();
      }
    };
    const changed = () => (timer === null ? run() : (again = true));
    reload.current = run;
    run();
    const stop = listen((message) => {
      if (message.changed === null || message.changed?.some((topic) => topics.includes(topic))) changed();
    });
    return () => {
      alive = false;
      clearTimeout(timer);
      stop();
      over();
    };
  }, [key]);
  // What was there for other inputs, such as another search, stays until what was asked for is there.
  const isOld = state.of !== key;
  return { data: state.data, error: isOld ? null : state.error, isOld, reload: () => reload.current() };
}

/** Do what a person asked for; `act()` returns whether it was done, and `error` says why it was not. */
export function useAction() {
  const [state, set] = useState({ busy: false, error: null });
  const alive = useRef(true);
  useEffect(() => () => (alive.current = false), []);
  const act = async (action) => {
    set({ busy: true, error: null });
    try {
      await action();
      if (alive.current) set({ busy: false, error: null });
      return true;
    } catch (error) {
      if (alive.current) set({ busy: false, error });
      if (!(error instanceof Refusal || error instanceof SyntaxError)) console.error(error);
      return false;
    }
  };
  return { ...state, act, clear: () => set({ busy: false, error: null }) };
}

/** Let an element inside of `within` keep the focus while others come and go: Preact moves it, and by that it is lost. */
export function useKeptFocus(within) {
  const { activeElement } = document;
  useLayoutEffect(() => {
    if (document.activeElement === document.body && within.current.contains(activeElement)) activeElement.focus({ preventScroll: true });
  });
}

/** A value of this browser, kept from one visit to the next. */
export function useKept(name, usual) {
  const [value, set] = useState(() => {
    try {
      return JSON.parse(localStorage.getItem(name)) ?? usual;
    } catch {
      return usual;
    }
  });
  const keep = (next) => {
    localStorage.setItem(name, JSON.stringify(next));
    set(next);
  };
  return [value, keep];
}
