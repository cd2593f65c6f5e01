// Lists that are loaded page by page as one scrolls, and whose first page and rows in view are kept up to date.

import { platform } from "./api.js";
import { useEffect, useLoad, useMemo, useRef, useState } from "./lib.js";

const PAGE = 50; // the most that the platform gives at once
const SPARE = 200; // rows beyond those in view that are kept: all that ever came would fill the memory of a page that stays open
const REST = 200; // milliseconds without scrolling before rows that come in view are loaded anew

/**
 * Load a list page by page.
 *
 * Args:
 *   key: what the list is of, a filter and an order; another one is another list.
 *   topics: whose changes the first page and the rows in view are loaded anew for.
 *   first: loads the first page: `{ rows, total, isExact, isLast, since }`; `since` when not all was searched.
 *   next: loads the page after these rows: `{ rows, isLast }`.
 *
 * Returns `{ data, error, more, seen, reload }`; `data` has `rows`, `total`, `isExact`, `since` and `isDone`. What another list had
 * stays until the first page is there. `seen(from, to, last)` is to be told which rows are in view, and up to which they are needed.
 */
export function usePaged(key, topics, { first, next }) {
  const pages = useRef({ key: null, rows: [], isDone: false });
  const shown = useRef(undefined);
  const loading = useRef(false);
  const view = useRef({ from: 0, to: 0, last: 0 });
  const [, draw] = useState(0);
  if (pages.current.key !== key) pages.current = { key, rows: [], isDone: false };
  const start = useLoad(first, [key], topics);
  useEffect(() => {
    if (!start.data || start.isOld) return;
    const state = pages.current;
    const { rows, total, isLast } = start.data;
    // Of the first page before, as many as are new are on the next one now; what else is not in it any more is gone.
    const known = new Set(rows.map((each) => each.id));
    const before = new Set(state.rows.map((each) => each.id));
    const fresh = rows.filter((each) => !before.has(each.id)).length;
    const left = state.rows.slice(0, rows.length).filter((each) => !known.has(each.id));
    const beyond = state.rows.slice(rows.length).filter((each) => !known.has(each.id));
    const follows = state.rows.some((each) => known.has(each.id)); // else there may be more between than is known
    const found = isLast || !follows ? rows : [...rows, ...left.slice(left.length - Math.min(fresh, left.length)), ...beyond];
    state.rows = found.slice(0, Math.max(rows.length, view.current.last) + SPARE);
    state.isDone = isLast || (follows && state.isDone && state.rows.length === found.length && found.length >= total);
    draw((turn) => turn + 1);
  }, [start.data, start.isOld]);
  const more = useMemo(() => async () => {
    const state = pages.current;
    if (loading.current || state.isDone || !state.rows.length) return;
    loading.current = true;
    const last = state.rows.at(-1).id;
    try {
      const { rows, isLast } = await next(state.rows);
      if (pages.current !== state || state.rows.at(-1)?.id !== last) return; // they follow a row that was dropped meanwhile
      const known = new Set(state.rows.map((each) => each.id));
      state.rows = [...state.rows, ...rows.filter((each) => !known.has(each.id))];
      state.isDone = isLast;
    } catch {
      state.isDone = true; // the next change of the first page tries again
    } finally {
      loading.current = false;
      draw((turn) => turn + 1);
    }
  }, [key]);
  // Rows after the first page are what they were when they were loaded: those in view are loaded anew.
  const renewing = useRef(false);
  const renew = async () => {
    const state = pages.current;
    const { from, to } = view.current;
    let begin = Math.max(from, start.data?.rows.length ?? Infinity);
    if (renewing.current || start.isOld || begin >= to) return;
    renewing.current = true;
    try {
      const known = new Map();
      while (begin < Math.min(to, state.rows.length)) {
        const { rows } = await next(state.rows.slice(0, begin));
        for (const each of rows) known.set(each.id, each);
        begin += rows.length || Infinity;
      }
      if (pages.current !== state) return;
      state.rows = state.rows.map((each) => known.get(each.id) ?? each);
      draw((turn) => turn + 1);
    } catch {
      // The next change, or who scrolls on, tries again.
    } finally {
      renewing.current = false;
    }
  };
  const renewed = useRef(renew);
  renewed.current = renew;
  useEffect(() => void renewed.current(), [start.data]);
  const timer = useRef(null);
  useEffect(() => () => clearTimeout(timer.current), []);
  const seen = useMemo(() => (from, to, last) => {
    view.current = { from, to, last };
    clearTimeout(timer.current);
    timer.current = setTimeout(() => renewed.current(), REST);
  }, []);
  const isFilled = start.data && !start.isOld && (pages.current.rows.length || !start.data.rows.length);
  if (isFilled) shown.current = { rows: pages.current.rows, total: start.data.total, isExact: start.data.isExact !== false, since: start.data.since, isDone: pages.current.isDone };
  if (start.error && start.data === undefined) shown.current = undefined; // what was there before is no answer to this
  return { data: shown.current, error: start.error, more, seen, reload: start.reload };
}

/** A list of the platform, by a path and RQL; `named` gives a row the id that it is known by. */
export function usePlatformList(path, rql, topics, named = (row) => row) {
  const load = async (offset) => {
    const found = await platform("GET", `${path}?${rql ? `${rql}&` : ""}limit(${PAGE},${offset})`);
    return { rows: found.data.map(named), total: found.page.total, isLast: offset + found.data.length >= found.page.total || !found.data.length };
  };
  return usePaged(JSON.stringify([path, rql]), topics, { first: () => load(0), next: (rows) => load(rows.length) });
}
