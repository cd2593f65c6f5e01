// Icons of one stroke on a grid of 16 by 16.

import { html } from "../lib.js";

const PATHS = {
  overview: "M2 9h4v5H2zM10 2h4v12h-4zM6 6h4v8H6z",
  runs: "M5 3l8 5-8 5z",
  queue: "M2 4h12M2 8h12M2 12h7",
  functions: "M10 2c-3 0-2 3-2.5 6S6 14 4 14M4.5 6.5h6",
  documents: "M4 2h6l3 3v9H4zM10 2v3h3M6 8h5M6 11h5",
  users: "M8 8a3 3 0 100-6 3 3 0 000 6zM2.5 14c.6-3 2.8-4 5.500-4s4.900 1 5.500 4",
  permissions: "M8 1.500l5 2v4c0 3.500-2 5.700-5 7-3-1.300-5-3.500-5-7v-4zM6 8l1.500 1.500L10.500 6.500",
  files: "M2 4h4l1.500 2H14v7H2z",
  mail: "M2 3.500h12v9H2zM2 4l6 5 6-5",
  events: "M9 1.500L3 9h4l-1 5.500L12.500 7H8.500z",
  templates: "M2.500 2.500h11v11h-11zM2.500 6h11M6 6v7.500",
  localizations: "M8 2a6 6 0 100 12A6 6 0 008 2zM2 8h12M8 2c-4 4-4 8 0 12M8 2c4 4 4 8 0 12",
  faults: "M8 2l6.500 11.500h-13zM8 6.500v3M8 11.500v.2",
  connect: "M6 2v4M10 2v4M4 6h8v2.500a4 4 0 01-8 0zM8 12.500V15",
  search: "M7 12A5 5 0 107 2a5 5 0 000 10zM10.800 10.800L14 14",
  copy: "M5.500 5.500h8v8h-8zM10.500 5.500v-3h-8v8h3",
  check: "M3 8.500l3.500 3.500L13 4.500",
  close: "M4 4l8 8M12 4l-8 8",
  more: "M3.500 8h.1M8 8h.1M12.500 8h.1",
  down: "M4 6l4 4 4-4",
  right: "M6 4l4 4-4 4",
  up: "M4 10l4-4 4 4",
  plus: "M8 3v10M3 8h10",
  trash: "M3 4.500h10M6 4.500V2.500h4v2M4.500 4.500l.7 9h5.600l.7-9",
  again: "M13 8a5 5 0 11-1.600-3.700M13 2v3h-3",
  link: "M7 9a2.500 2.500 0 003.500 0l2-2A2.500 2.500 0 009 3.500l-.7.7M9 7a2.500 2.500 0 00-3.500 0l-2 2A2.500 2.500 0 007 12.500l.7-.7",
  sun: "M8 11a3 3 0 100-6 3 3 0 000 6zM8 1v1.500M8 13.500V15M1 8h1.500M13.500 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  help: "M6 6a2 2 0 113 1.700c-.7.400-1 .8-1 1.800M8 12v.2",
  menu: "M2 4h12M2 8h12M2 12h12",
  edit: "M3 13l.7-3L10.500 3.200l2.300 2.300L6 12.300z",
  clock: "M8 2a6 6 0 100 12A6 6 0 008 2zM8 5v3.500l2 1.500",
  upload: "M8 11V3M5 6l3-3 3 3M3 11v2.500h10V11",
};

/** An icon; what it means is said beside it, or by `label`. */
export function Icon({ name, label = null }) {
  return html`<svg class="icon" viewBox="0 0 16 16" role=${label ? "img" : null} aria-label=${label}
    aria-hidden=${label ? null : "true"} focusable="false"><path d=${PATHS[name]} /></svg>`;
}
